variable "create" {
  description = "Whether anything is created or looked up."
  type        = bool
}

variable "create_roles" {
  description = "Whether the roles are created; if not, they exist already."
  type        = bool
}

variable "check_role_tags" {
  description = "Whether existing roles that are used are looked up and must carry their tags."
  type        = bool
}

variable "appliance_role_is_used" {
  description = "Whether the caller needs an existing appliance role: to attach a policy to it, or for its ARN."
  type        = bool
}

variable "access_role_is_used" {
  description = "Whether the caller needs an existing access role for its ARN."
  type        = bool
}

variable "external_id" {
  description = "External id in the access role's trust policy."
  type        = string
}

variable "appliance_role_name" {
  description = "Name of the appliance role."
  type        = string
}

variable "access_role_name" {
  description = "Name of the access role."
  type        = string
}

variable "role_use_name_prefix" {
  description = "Whether the names are prefixes."
  type        = bool
}

variable "role_path" {
  description = "Path of created roles."
  type        = string
}

variable "role_permissions_boundary" {
  description = "ARN of the permissions boundary of created roles."
  type        = string
}

variable "role_max_session_duration" {
  description = "Longest session of created roles in seconds."
  type        = number
}

variable "role_force_detach_policies" {
  description = "Whether destroying a role first detaches its policies."
  type        = bool
}

variable "appliance_role_description" {
  description = "Description of a created appliance role."
  type        = string
}

variable "access_role_description" {
  description = "Description of a created access role."
  type        = string
}

variable "create_instance_profile" {
  description = "Whether a created appliance role that trusts EC2 gets an instance profile."
  type        = bool
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the appliance role; empty trusts EC2."
  type        = list(string)
}

variable "plerion_account_id" {
  description = "Account that may assume the access role."
  type        = string
}

variable "attach_metadata_policy" {
  description = "Whether the access role gets the metadata policy; null attaches it to a created role only."
  type        = bool
}

variable "metadata_policy_name" {
  description = "Name of the metadata policy."
  type        = string
}

variable "attach_policy_as" {
  description = "`inline` or `managed`."
  type        = string
}

variable "policy_path" {
  description = "Path of a managed policy."
  type        = string
}

variable "partition" {
  description = "Partition of the ARNs."
  type        = string
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
}
