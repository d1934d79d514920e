# Warnings in the plan if a tag has no effect or contradicts the mode or the additions.

locals {
  added_actions = [for name in flatten(module.additions.statements[*].Action) : "^${replace(name, "*", ".*")}$"]

  facts = {
    for name, key in local.keys : name => {
      tag       = key.plerion_access_tag == null ? "" : key.plerion_access_tag
      additions = contains(keys(local.with_policy), name) && key.grant_plerion_access
      # Known only where the policy is given.
      isolated = try(module.merged[name].delegation.appliance.delegates == "not at all", false)
      partly   = !contains(["fully", "not at all"], try(join(" and ", distinct(values(module.merged[name].delegation)[*].delegates)), "fully"))
      missing = [
        for action in try(distinct(flatten(values(module.merged[name].delegation)[*].missing_actions)), []) : action
        if !(key.grant_plerion_access && anytrue([for pattern in local.added_actions : can(regex(pattern, action))]))
      ]
    }
  }

  denied_with_additions = [
    for name, fact in local.facts : name
    if fact.tag == "Denied" && fact.additions && local.same_account && !local.tag_is_binding
  ]
  denied_across_accounts = [
    for name, fact in local.facts : name if fact.tag == "Denied" && fact.additions && !local.same_account
  ]
  ineffective_denied = [
    for name, fact in local.facts : name if fact.tag == "Denied" && var.kms_key_access_mode == "SELECTED_KEYS"
  ]
  ineffective_granted = [
    for name, fact in local.facts : name if fact.tag == "Granted" && var.kms_key_access_mode == "ALL_KEYS"
  ]
  delegating_in_part = [
    for name, fact in local.facts : "${name} (${join(", ", fact.missing)})"
    if local.same_account && fact.partly && length(fact.missing) > 0
  ]
  granted_without_effect = [
    for name, fact in local.facts : name
    if fact.tag == "Granted" && var.kms_key_access_mode == "SELECTED_KEYS" && fact.isolated && local.same_account && !(fact.additions && local.tag_is_binding)
  ]
}

check "denied_tag_against_additions" {
  assert {
    condition     = length(local.denied_with_additions) == 0
    error_message = "The tag PlerionAccess = Denied does not block ${join(", ", local.denied_with_additions)}, because the additions in the key policy grant access on their own: set grant_plerion_access = false for these keys, or tag_is_binding = true."
  }
}

check "denied_tag_makes_additions_idle" {
  assert {
    condition     = length(local.denied_across_accounts) == 0
    error_message = "The additions have no effect for the appliance on ${join(", ", local.denied_across_accounts)}, because the tag PlerionAccess = Denied applies across accounts: set grant_plerion_access = false for these keys, or remove the tag."
  }
}

check "denied_tag_in_selected_keys" {
  assert {
    condition     = length(local.ineffective_denied) == 0
    error_message = "The tag PlerionAccess = Denied has no effect on ${join(", ", local.ineffective_denied)} in the mode SELECTED_KEYS, which checks only for Granted: remove the tag."
  }
}

check "granted_tag_in_all_keys" {
  assert {
    condition     = length(local.ineffective_granted) == 0
    error_message = "The tag PlerionAccess = Granted has no effect on ${join(", ", local.ineffective_granted)} in the mode ALL_KEYS, which checks only for Denied: remove the tag, or use the mode SELECTED_KEYS."
  }
}

check "granted_tag_on_isolated_keys" {
  assert {
    condition     = length(local.granted_without_effect) == 0
    error_message = "The tag PlerionAccess = Granted has no effect on ${join(", ", local.granted_without_effect)}, which do not delegate to the account, so that only their key policy decides: set grant_plerion_access for these keys."
  }
}

check "keys_that_delegate_in_part" {
  assert {
    condition     = length(local.delegating_in_part) == 0
    error_message = "Key policies delegate to the account only in part, so that neither mode nor tag grants what is missing: ${join("; ", local.delegating_in_part)}. An action counts as missing if a condition may fail or a Deny may cover the roles. Let the policy delegate the rest, or set grant_plerion_access = true."
  }
}
