################################################################################
# Mode and scope
################################################################################

variable "create" {
  description = "Set to false to create and look up nothing; the policy documents are still rendered."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use: `ALL_KEYS` (all except those tagged `PlerionAccess = Denied`) or `SELECTED_KEYS` (only those tagged `PlerionAccess = Granted`)."
  type        = string
  default     = "ALL_KEYS"
  nullable    = false

  validation {
    condition     = contains(["ALL_KEYS", "SELECTED_KEYS"], var.kms_key_access_mode)
    error_message = "kms_key_access_mode must be \"ALL_KEYS\" or \"SELECTED_KEYS\": set it to one of the two."
  }
}

variable "key_account_ids" {
  description = "Accounts whose keys the statement covers. If empty, it covers keys of any account, as in the guide, including keys that other accounts share with this one."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.key_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "key_account_ids must hold only AWS account IDs: use the 12 digits of each, in quotes."
  }
}

variable "key_regions" {
  description = "Regions whose keys the statement covers. If empty, it covers keys of any Region, as in the guide."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for region in var.key_regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", region))])
    error_message = "key_regions must hold only AWS Regions: use codes such as \"eu-west-1\"."
  }
}

variable "key_arns" {
  description = "Keys that the statement lists one by one, for rules that forbid `kms:Decrypt` on all keys (Security Hub KMS.1 and KMS.2). Mode and tag still apply. If empty, it covers any key, as in the guide. Cannot be combined with `key_account_ids` or `key_regions`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.key_arns : can(regex("^arn:[\\w-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[\\w-]+$", arn))])
    error_message = "key_arns must hold only KMS key ARNs: use the form arn:aws:kms:eu-west-1:111122223333:key/KEY-ID, without aliases or wildcards."
  }
}

variable "partition" {
  description = "Partition of the ARNs in the rendered policies, for example `aws` or `aws-us-gov`. Null uses the provider's partition, or `aws`, as in the guide, if `create` is false."
  type        = string
  default     = null

  validation {
    condition     = var.partition == null || can(regex("^aws(-[a-z]+)*$", var.partition))
    error_message = "partition must be an AWS partition: use \"aws\", \"aws-cn\" or \"aws-us-gov\"."
  }
}

variable "tags" {
  description = "Tags for all resources. The tags that the guide relies on are added to the roles and override these."
  type        = map(string)
  default     = {}
  nullable    = false
}

################################################################################
# Roles
################################################################################

variable "create_roles" {
  description = "Set to false if the two roles already exist: the statement is then attached to the role named by `appliance_role_name`."
  type        = bool
  default     = true
  nullable    = false
}

variable "check_role_tags" {
  description = "Look up an existing role and fail if it lacks the tag that key policies match on. The lookup needs iam:GetRole."
  type        = bool
  default     = true
  nullable    = false
}

variable "external_id" {
  description = "External ID that Plerion shows for the integration. Required to create the access role."
  type        = string
  default     = null

  validation {
    condition     = var.external_id == null ? true : can(regex("^[\\w+=,.@:/-]{2,}$", var.external_id)) && length(var.external_id) <= 1224
    error_message = "external_id must be 2 to 1224 letters, digits or characters of +=,.@:/-_: copy it from the Plerion integration page."
  }
}

variable "appliance_role_name" {
  description = "Name of the appliance role. As a prefix, it has at most 37 characters."
  type        = string
  default     = "PlerionApplianceRole"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.appliance_role_name))
    error_message = "appliance_role_name must be an IAM role name of at most 64 characters: use the name only, without path or ARN."
  }
}

variable "access_role_name" {
  description = "Name of the access role. As a prefix, it has at most 37 characters."
  type        = string
  default     = "PlerionAccessRole"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.access_role_name))
    error_message = "access_role_name must be an IAM role name of at most 64 characters: use the name only, without path or ARN."
  }
}

variable "role_use_name_prefix" {
  description = "Use the role names as prefixes, to which AWS adds a unique suffix."
  type        = bool
  default     = false
  nullable    = false
}

variable "role_path" {
  description = "Path of created roles. To change it, also change the role names: Terraform creates the new roles before it deletes the old ones."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path must be an IAM path: begin and end it with a slash, for example \"/plerion/\"."
  }
}

variable "role_permissions_boundary" {
  description = "ARN of the policy that is the permissions boundary of created roles."
  type        = string
  default     = null

  validation {
    condition     = var.role_permissions_boundary == null || can(regex("^arn:[\\w-]+:iam::(aws|[0-9]{12}):policy/", var.role_permissions_boundary))
    error_message = "role_permissions_boundary must be an IAM policy ARN: use the form arn:aws:iam::111122223333:policy/NAME."
  }
}

variable "role_max_session_duration" {
  description = "Maximum session duration of created roles in seconds, 3600 to 43200. Null uses the AWS default of one hour."
  type        = number
  default     = null

  validation {
    condition     = var.role_max_session_duration == null ? true : var.role_max_session_duration >= 3600 && var.role_max_session_duration <= 43200
    error_message = "role_max_session_duration must be 3600 to 43200: use seconds, from one hour to twelve hours."
  }
}

variable "role_force_detach_policies" {
  description = "Detach policies that others attached to a created role before deleting it. Otherwise AWS refuses to delete the role."
  type        = bool
  default     = false
  nullable    = false
}

variable "appliance_role_description" {
  description = "Description of a created appliance role."
  type        = string
  default     = "Used by the Plerion appliance to read what is encrypted under KMS keys."
  nullable    = false

  validation {
    condition     = length(var.appliance_role_description) <= 1000
    error_message = "appliance_role_description must have at most 1000 characters: shorten it."
  }
}

variable "access_role_description" {
  description = "Description of a created access role."
  type        = string
  default     = "Used by Plerion's control plane to read the metadata of KMS keys."
  nullable    = false

  validation {
    condition     = length(var.access_role_description) <= 1000
    error_message = "access_role_description must have at most 1000 characters: shorten it."
  }
}

variable "create_instance_profile" {
  description = "Create an instance profile with the name of the appliance role. It applies only if the module creates the role and the role trusts EC2."
  type        = bool
  default     = true
  nullable    = false
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the created appliance role, for example PlerionInstanceProfileRole of a service account. If empty, the role trusts EC2."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.appliance_trusted_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/", arn))])
    error_message = "appliance_trusted_role_arns must hold only IAM role ARNs: use the form arn:aws:iam::111122223333:role/NAME."
  }
}

variable "plerion_account_id" {
  description = "Plerion's AWS account, which assumes the access role."
  type        = string
  default     = "588158338731"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.plerion_account_id))
    error_message = "plerion_account_id must be an AWS account ID: use its 12 digits, in quotes."
  }
}

################################################################################
# Policies
################################################################################

variable "attach_statement" {
  description = "Set to false to render the mode statement without attaching it to the appliance role. Attach it only once: if another policy attaches the other mode to the same role, the role gets the access of both."
  type        = bool
  default     = true
  nullable    = false
}

variable "attach_metadata_policy" {
  description = "Attach the identity policy that reads key metadata to the access role. Null attaches it to a role that the module creates, true also to an existing one."
  type        = bool
  default     = null
}

variable "attach_policy_as" {
  description = "How policies are attached to roles: `inline`, or `managed` for policies with their own ARN, path and tags."
  type        = string
  default     = "inline"
  nullable    = false

  validation {
    condition     = contains(["inline", "managed"], var.attach_policy_as)
    error_message = "attach_policy_as must be \"inline\" or \"managed\": set it to one of the two."
  }
}

variable "policy_name" {
  description = "Name of the policy that holds the mode statement."
  type        = string
  default     = "PlerionKmsCmkAccess"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,128}$", var.policy_name))
    error_message = "policy_name must be an IAM policy name: use 1 to 128 letters, digits or characters of +=,.@-_."
  }
}

variable "metadata_policy_name" {
  description = "Name of the policy that lets the access role read key metadata."
  type        = string
  default     = "PlerionKmsMetadata"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,128}$", var.metadata_policy_name))
    error_message = "metadata_policy_name must be an IAM policy name: use 1 to 128 letters, digits or characters of +=,.@-_."
  }
}

variable "policy_path" {
  description = "Path of managed policies. To change it, also change `policy_name` and `metadata_policy_name`: Terraform creates the new policies before it deletes the old ones."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.policy_path))
    error_message = "policy_path must be an IAM path: begin and end it with a slash, for example \"/plerion/\"."
  }
}

variable "policy_description" {
  description = "Description of a managed policy with the mode statement. IAM keeps the description that the policy was created with."
  type        = string
  default     = null
}

################################################################################
# Key-policy additions
################################################################################

variable "integration_account_id" {
  description = "Account of the Plerion integration, for the rendered cross-account additions. Null omits them."
  type        = string
  default     = null

  validation {
    condition     = var.integration_account_id == null || can(regex("^[0-9]{12}$", var.integration_account_id))
    error_message = "integration_account_id must be an AWS account ID: use its 12 digits, in quotes."
  }
}

variable "allow_ebs_volumes" {
  description = "Add to the key policy what EBS needs to create volumes from encrypted snapshots and attach them, and the guide's additions omit: GenerateDataKeyWithoutPlaintext, and CreateGrant for AWS services only."
  type        = bool
  default     = false
  nullable    = false
}

variable "appliance_role_arns" {
  description = "ARNs of the appliance role to pin the rendered additions to, if the module neither creates nor looks up the roles. Otherwise it knows the ARNs."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.appliance_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "appliance_role_arns must hold only IAM role ARNs: use the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

variable "access_role_arns" {
  description = "ARNs of the access role to pin the rendered additions to, if the module neither creates nor looks up the roles. Otherwise it knows the ARNs."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.access_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "access_role_arns must hold only IAM role ARNs: use the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

################################################################################
# Hardening
################################################################################

variable "hardened" {
  description = "Enable what is recommended beyond the guide's text: `tag_is_binding`, `grants_only_for_aws_resources` and `pin_additions_to_roles`, except those that are set themselves."
  type        = bool
  default     = false
  nullable    = false
}

variable "tag_is_binding" {
  description = "Add an explicit Deny by the `PlerionAccess` tag to the appliance role. The guide has the tag only in an Allow, so the tag does not block keys that carry the same-account additions. In `SELECTED_KEYS` the Deny covers every customer managed key that is not tagged `Granted`, including keys that name the role in their own policy. AWS managed keys, such as `aws/ebs`, cannot be tagged and are not denied. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "grants_only_for_aws_resources" {
  description = "Allow CreateGrant only to AWS services that act for the appliance (`kms:GrantIsForAWSResource`). The guide lets the appliance grant any operation to any principal, and grants keep working after a key is tagged `Denied`. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "pin_additions_to_roles" {
  description = "Pin the rendered key-policy additions to the ARNs of the two roles (`aws:PrincipalArn`), in addition to their tags. The guide trusts only the tags, and session tags count as principal tags: any principal that may tag a session passes for the role. Null follows `hardened`, and pins if ARNs are given."
  type        = bool
  default     = null
}

variable "via_services" {
  description = "AWS services through which the appliance must call KMS (`kms:ViaService`), for example `ec2.*.amazonaws.com`. Calls that the appliance makes itself are then refused, including DescribeKey. If empty, as in the guide, calls from anywhere with the role's credentials are allowed. Not part of `hardened`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.via_services : can(regex("^[a-z0-9-]+\\.([a-z0-9-]+|\\*)\\.amazonaws\\.com(\\.cn)?$", service))])
    error_message = "via_services must hold only values of kms:ViaService: use for example \"ec2.eu-west-1.amazonaws.com\", or \"ec2.*.amazonaws.com\" for every Region."
  }
}
