# Warnings at plan, where a tag has no effect or speaks against the mode or the additions.

locals {
  facts = {
    for name, key in local.keys : name => {
      tag       = key.plerion_access_tag == null ? "" : key.plerion_access_tag
      additions = key.policy_json != null && key.grant_plerion_access
      # Known only where the policy is given.
      isolated = key.policy_json != null && !anytrue([
        for statement in try(flatten([jsondecode(key.policy_json).Statement]), []) :
        length(setintersection(
          try(toset(flatten([statement.Principal.AWS])), toset([])),
          toset(["arn:${key.partition}:iam::${key.account_id}:root", key.account_id]),
        )) > 0 if try(statement.Effect, "") == "Allow"
      ])
    }
  }

  denied_with_additions = [
    for name, fact in local.facts : name
    if fact.tag == "Denied" && fact.additions && local.same_account && !local.tag_is_binding
  ]
  denied_across_accounts = [
    for name, fact in local.facts : name if fact.tag == "Denied" && fact.additions && !local.same_account
  ]
  denied_for_nothing = [
    for name, fact in local.facts : name if fact.tag == "Denied" && var.kms_key_access_mode == "SELECTED_KEYS"
  ]
  granted_for_nothing = [
    for name, fact in local.facts : name if fact.tag == "Granted" && var.kms_key_access_mode == "ALL_KEYS"
  ]
  granted_without_effect = [
    for name, fact in local.facts : name
    if fact.tag == "Granted" && var.kms_key_access_mode == "SELECTED_KEYS" && fact.isolated && local.same_account && !(fact.additions && local.tag_is_binding)
  ]
}

check "denied_tag_against_additions" {
  assert {
    condition     = length(local.denied_with_additions) == 0
    error_message = "The tag PlerionAccess = Denied does not close ${join(", ", local.denied_with_additions)}: the additions in the key policy allow by themselves; set grant_plerion_access = false for these keys, or tag_is_binding = true."
  }
}

check "denied_tag_makes_additions_idle" {
  assert {
    condition     = length(local.denied_across_accounts) == 0
    error_message = "The additions have no effect for the appliance on ${join(", ", local.denied_across_accounts)}: across accounts the tag PlerionAccess = Denied counts; set grant_plerion_access = false for these keys, or leave out the tag."
  }
}

check "denied_tag_in_selected_keys" {
  assert {
    condition     = length(local.denied_for_nothing) == 0
    error_message = "The tag PlerionAccess = Denied has no effect on ${join(", ", local.denied_for_nothing)} in the mode SELECTED_KEYS, which looks for Granted alone: leave the tag out."
  }
}

check "granted_tag_in_all_keys" {
  assert {
    condition     = length(local.granted_for_nothing) == 0
    error_message = "The tag PlerionAccess = Granted has no effect on ${join(", ", local.granted_for_nothing)} in the mode ALL_KEYS, which looks for Denied alone: leave the tag out, or take the mode SELECTED_KEYS."
  }
}

check "granted_tag_on_isolated_keys" {
  assert {
    condition     = length(local.granted_without_effect) == 0
    error_message = "The tag PlerionAccess = Granted has no effect on ${join(", ", local.granted_without_effect)}, which do not delegate to the account: there the key policy alone decides, by grant_plerion_access."
  }
}
