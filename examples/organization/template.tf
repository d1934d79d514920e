locals {
  # Only the statement on the appliance role differs between the modes.
  documents = module.plerion_kms["ALL_KEYS"]

  # Where the access role's trust policy has the external id, the template refers to its parameter.
  external_id_placeholder = "EXTERNAL-ID"
  access_trust_json       = replace(local.documents.access_trust_policy_json, jsonencode(local.external_id_placeholder), jsonencode({ Ref = "ExternalId" }))

  boundary = var.permissions_boundary_name == null ? null : {
    PermissionsBoundary = { "Fn::Sub" = "arn:$${AWS::Partition}:iam::$${AWS::AccountId}:policy/${var.permissions_boundary_name}" }
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
            AssumeRolePolicyDocument = jsondecode(local.documents.appliance_trust_policy_json)
            Tags                     = [for key, value in local.documents.appliance_role_tags : { Key = key, Value = value }]
          })
        }

        # A resource of its own: a change of the mode leaves the role alone.
        ApplianceCmkAccess = {
          Type = "AWS::IAM::Policy"
          Properties = {
            PolicyName = "PlerionKmsCmkAccess"
            Roles      = [{ Ref = "ApplianceRole" }]
            PolicyDocument = {
              "Fn::If" = concat(["AllKeys"], [for mode in ["ALL_KEYS", "SELECTED_KEYS"] : jsondecode(module.plerion_kms[mode].cmk_access_policy_json)])
            }
          }
        }

        AccessRole = {
          Type = "AWS::IAM::Role"
          Properties = merge(local.boundary, {
            RoleName                 = "PlerionAccessRole"
            Description              = "Used by Plerion's control plane to read the metadata of KMS keys."
            AssumeRolePolicyDocument = jsondecode(local.access_trust_json)
            Tags                     = [for key, value in local.documents.access_role_tags : { Key = key, Value = value }]
          })
        }

        AccessMetadata = {
          Type = "AWS::IAM::Policy"
          Properties = {
            PolicyName     = "PlerionKmsMetadata"
            Roles          = [{ Ref = "AccessRole" }]
            PolicyDocument = jsondecode(local.documents.metadata_policy_json)
          }
        }
      },
      length(var.appliance_trusted_role_arns) > 0 ? null : {
        ApplianceInstanceProfile = {
          Type = "AWS::IAM::InstanceProfile"
          Properties = {
            InstanceProfileName = "PlerionApplianceRole"
            Roles               = [{ Ref = "ApplianceRole" }]
          }
        }
      },
      local.audit_resources,
    )

    Outputs = {
      ApplianceRoleArn = { Value = { "Fn::GetAtt" = ["ApplianceRole", "Arn"] } }
      AccessRoleArn    = { Value = { "Fn::GetAtt" = ["AccessRole", "Arn"] } }
    }
  }
}
