locals {
  any_mode = module.documents["ALL_KEYS"]

  boundary = {
    for name in compact([var.permissions_boundary_name]) :
    "PermissionsBoundary" => { "Fn::Sub" = "arn:$${AWS::Partition}:iam::$${AWS::AccountId}:policy/${name}" }
  }

  trusts = {
    appliance = {
      Principal = { for type, value in { AWS = var.appliance_trusted_role_arns, Service = ["ec2.amazonaws.com"] } : type => value if(type == "AWS") == (length(var.appliance_trusted_role_arns) > 0) }
    }
    access = {
      Principal = { AWS = "arn:aws:iam::588158338731:root" }
      Condition = { StringEquals = { "sts:ExternalId" = { Ref = "ExternalId" } } }
    }
  }
  trust_policies = {
    for role, trust in local.trusts : role => {
      Version   = "2012-10-17"
      Statement = [merge({ Effect = "Allow", Action = "sts:AssumeRole" }, trust)]
    }
  }

  template = {
    AWSTemplateFormatVersion = "2010-09-09"
    Description              = "PlerionApplianceRole and PlerionAccessRole, with what they may do with KMS keys."

    # Parameters, so that the template is the same for all targets and modes.
    Parameters = {
      ExternalId = {
        Type           = "String"
        Description    = "External id that Plerion shows for the integration."
        AllowedPattern = "[\\w+=,.@:/-]{2,1224}"
      }
      KmsKeyAccessMode = {
        Type          = "String"
        Description   = "Which keys the appliance may use."
        AllowedValues = ["ALL_KEYS", "SELECTED_KEYS"]
      }
    }

    Conditions = {
      AllKeys = { "Fn::Equals" = [{ Ref = "KmsKeyAccessMode" }, "ALL_KEYS"] }
    }

    Resources = merge(
      {
        ApplianceRole = {
          Type = "AWS::IAM::Role"
          Properties = merge(local.boundary, {
            RoleName                 = "PlerionApplianceRole"
            Description              = "Used by the Plerion appliance to read what is encrypted under KMS keys."
            AssumeRolePolicyDocument = local.trust_policies.appliance
            Tags                     = [{ Key = "PlerionApplianceRole", Value = "True" }]
          })
        }

        # A resource of its own: a change of the mode leaves the role alone.
        ApplianceCmkAccess = {
          Type = "AWS::IAM::Policy"
          Properties = {
            PolicyName = "PlerionKmsCmkAccess"
            Roles      = [{ Ref = "ApplianceRole" }]
            PolicyDocument = {
              "Fn::If" = concat(["AllKeys"], [for mode in ["ALL_KEYS", "SELECTED_KEYS"] : jsondecode(module.documents[mode].cmk_access_policy_json)])
            }
          }
        }

        AccessRole = {
          Type = "AWS::IAM::Role"
          Properties = merge(local.boundary, {
            RoleName                 = "PlerionAccessRole"
            Description              = "Used by Plerion's control plane to read the metadata of KMS keys."
            AssumeRolePolicyDocument = local.trust_policies.access
            Tags                     = [{ Key = "RolePurpose", Value = "PlerionAccess" }]
          })
        }

        AccessMetadata = {
          Type = "AWS::IAM::Policy"
          Properties = {
            PolicyName     = "PlerionKmsMetadata"
            Roles          = [{ Ref = "AccessRole" }]
            PolicyDocument = jsondecode(local.any_mode.metadata_policy_json)
          }
        }
      },
      {
        for name in ["ApplianceInstanceProfile"] : name => {
          Type = "AWS::IAM::InstanceProfile"
          Properties = {
            InstanceProfileName = "PlerionApplianceRole"
            Roles               = [{ Ref = "ApplianceRole" }]
          }
        } if length(var.appliance_trusted_role_arns) == 0
      },
    )

    Outputs = {
      ApplianceRoleArn = { Value = { "Fn::GetAtt" = ["ApplianceRole", "Arn"] } }
      AccessRoleArn    = { Value = { "Fn::GetAtt" = ["AccessRole", "Arn"] } }
    }
  }
}
