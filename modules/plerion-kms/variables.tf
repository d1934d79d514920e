variable "create" {
  description = "Whether anything is created; with false the module has no resources, and its documents are still rendered."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use: `ALL_KEYS` (all but those tagged `PlerionAccess = Denied`) or `SELECTED_KEYS` (only those tagged `PlerionAccess = Granted`)."
  type        = string
  default     = "ALL_KEYS"
  nullable    = false

  validation {
    condition     = contains(["ALL_KEYS", "SELECTED_KEYS"], var.kms_key_access_mode)
    error_message = "kms_key_access_mode is neither \"ALL_KEYS\" nor \"SELECTED_KEYS\": set it to one of the two."
  }
}

variable "create_roles" {
  description = "Whether the two roles are created; with false they exist already, and the statement is attached to the role that `appliance_role_name` names."
  type        = bool
  default     = true
  nullable    = false
}

variable "attach_statement" {
  description = "Whether the statement is attached to the appliance role; with false it is only rendered."
  type        = bool
  default     = true
  nullable    = false
}

variable "external_id" {
  description = "External id that Plerion shows for the integration; needed when the access role is created."
  type        = string
  default     = null

  validation {
    condition     = var.external_id == null ? true : can(regex("^[\\w+=,.@:/-]+$", var.external_id)) && length(var.external_id) >= 2 && length(var.external_id) <= 1224
    error_message = "external_id is not an external id: copy it from Plerion as it is, 2 to 1224 letters, digits or signs of +=,.@:/-_."
  }
}

variable "appliance_role_name" {
  description = "Name, or name prefix, of the appliance role."
  type        = string
  default     = "PlerionApplianceRole"
  nullable    = false
}

variable "access_role_name" {
  description = "Name, or name prefix, of the access role."
  type        = string
  default     = "PlerionAccessRole"
  nullable    = false
}

variable "role_use_name_prefix" {
  description = "Whether the names are prefixes to which AWS adds a unique suffix."
  type        = bool
  default     = false
  nullable    = false
}

variable "role_path" {
  description = "Path of the roles."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path is not an IAM path: begin and end it with a slash, for instance \"/plerion/\"."
  }
}

variable "role_permissions_boundary" {
  description = "ARN of the policy that bounds the roles' permissions."
  type        = string
  default     = null

  validation {
    condition     = var.role_permissions_boundary == null ? true : can(regex("^arn:[\\w-]+:iam::(aws|[0-9]{12}):policy/", var.role_permissions_boundary))
    error_message = "role_permissions_boundary is not the ARN of an IAM policy: give one of the form arn:aws:iam::111122223333:policy/NAME."
  }
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the appliance role, for instance PlerionInstanceProfileRole of a service account; empty leaves it to EC2."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.appliance_trusted_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/", arn))])
    error_message = "appliance_trusted_role_arns holds something that is not the ARN of a role: give ARNs of the form arn:aws:iam::111122223333:role/NAME."
  }
}

variable "plerion_account_id" {
  description = "Plerion's AWS account, which assumes the access role."
  type        = string
  default     = "588158338731"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.plerion_account_id))
    error_message = "plerion_account_id is not an AWS account id: give its 12 digits, in quotes."
  }
}

variable "integration_account_id" {
  description = "Account of the Plerion integration, for the rendered cross-account additions; null leaves them out."
  type        = string
  default     = null

  validation {
    condition     = var.integration_account_id == null ? true : can(regex("^[0-9]{12}$", var.integration_account_id))
    error_message = "integration_account_id is not an AWS account id: give its 12 digits, in quotes."
  }
}

variable "policy_name" {
  description = "Name of the policy that holds the statement."
  type        = string
  default     = "PlerionKmsCmkAccess"
  nullable    = false
}

variable "partition" {
  description = "Partition of the key ARNs in the rendered policies, for instance `aws` or `aws-us-gov`."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = can(regex("^aws(-[a-z]+)*$", var.partition))
    error_message = "partition is not an AWS partition: set it to \"aws\", \"aws-cn\" or \"aws-us-gov\"."
  }
}

variable "tags" {
  description = "Tags for all resources; the tags that the guide relies on are added to the roles and win."
  type        = map(string)
  default     = {}
  nullable    = false
}
