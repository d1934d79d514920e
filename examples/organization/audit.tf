locals {
  # The statements that the audit needs in an account that it enters; the rest is for the account that it starts from.
  audit_statements = [
    for statement in jsondecode(file("${path.module}/audit-permissions.json")).Statement : statement
    if contains(["PlerionKmsAuditKeys", "PlerionKmsAuditRoles"], statement.Sid)
  ]

  audit_resources = length(var.audit_trusted_arns) == 0 ? null : {
    AuditRole = {
      Type = "AWS::IAM::Role"
      Properties = merge(local.boundary, {
        RoleName    = "PlerionKmsAudit"
        Description = "Used by plerion-kms audit to say which KMS keys Plerion can use."
        AssumeRolePolicyDocument = {
          Version = "2012-10-17"
          Statement = [{
            Effect    = "Allow"
            Action    = "sts:AssumeRole"
            Principal = { AWS = var.audit_trusted_arns }
          }]
        }
        Policies = [{
          PolicyName     = "PlerionKmsAudit"
          PolicyDocument = { Version = "2012-10-17", Statement = local.audit_statements }
        }]
      })
    }
  }
}
