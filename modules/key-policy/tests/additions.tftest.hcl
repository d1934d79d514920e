run "the_guides_two_alone_by_default" {
  command = plan

  assert {
    condition     = output.statements[*].Sid == ["Grant PlerionApplianceRole access to decrypt", "Grant PlerionAccessRole to access key metadata"]
    error_message = "Without options there are more or fewer than the guide's two statements."
  }
}

run "every_option" {
  command = plan

  variables {
    integration_account_ids = ["111122223333"]
    allow_ebs_volumes       = true
    appliance_role_arns     = ["arn:aws:iam::111122223333:role/PlerionApplianceRole"]
    access_role_arns        = ["arn:aws:iam::111122223333:role/PlerionAccessRole"]
    via_services            = ["ec2.*.amazonaws.com"]
  }

  assert {
    condition = jsonencode(output.statements[0].Condition) == jsonencode({
      StringEquals = { "aws:PrincipalAccount" = "111122223333", "aws:PrincipalTag/PlerionApplianceRole" = "True" }
      ArnEquals    = { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/PlerionApplianceRole"] }
      StringLike   = { "kms:ViaService" = ["ec2.*.amazonaws.com"] }
    })
    error_message = "The appliance's condition lacks an option."
  }

  assert {
    condition = jsonencode(output.statements[1].Condition) == jsonencode({
      StringEquals = { "aws:PrincipalAccount" = "111122223333", "aws:PrincipalTag/RolePurpose" = "PlerionAccess" }
      ArnEquals    = { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/PlerionAccessRole"] }
    })
    error_message = "The access role's condition lacks its pin, or holds what is the appliance's."
  }

  assert {
    condition     = output.statements[2].Action == ["kms:GenerateDataKeyWithoutPlaintext"] && output.statements[2].Condition == output.statements[0].Condition
    error_message = "Making volumes is not allowed as the rest is."
  }

  assert {
    condition     = output.statements[3].Action == ["kms:CreateGrant"] && jsonencode(output.statements[3].Condition) == jsonencode(merge(output.statements[0].Condition, { Bool = { "kms:GrantIsForAWSResource" = "true" } }))
    error_message = "CreateGrant is not left to AWS services alone."
  }
}
