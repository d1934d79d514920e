data "aws_iam_role" "this" {
  count = var.create ? 1 : 0

  name = var.role_name

  lifecycle {
    precondition {
      condition     = var.role_name != null
      error_message = "role_name is missing: name the role that is to be looked up, or set create = false."
    }

    postcondition {
      condition     = alltrue([for key, value in var.required_tags : lookup(self.tags, key, null) == value])
      error_message = "The role ${self.name} lacks the tag ${join(" and ", [for key, value in var.required_tags : "${key} = ${value}" if lookup(self.tags, key, null) != value])}, by which key policies know it: put the tag on the role with exactly this value, or set check_role_tags = false. If the role has it, the provider's ignore_tags hides it: take it out of there."
    }
  }
}
