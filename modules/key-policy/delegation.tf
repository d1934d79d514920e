# What the given policy leaves to the identity policies of its account's roles, action by action: a statement for the
# account root delegates what it lists, as far as its conditions hold and no Deny may stand against it.

locals {
  # The mode statement's permissions, and those of Describe*, List* and Get* that are on a key.
  role_actions = {
    appliance = [
      "Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
      "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "DescribeKey", "CreateGrant",
    ]
    access = [
      "DescribeKey", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus", "GetParametersForImport", "GetPublicKey",
      "ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags",
    ]
  }

  key_account = try(split(":", var.key_arn)[4], "")
  # Both forms of the account root as a principal.
  roots = [local.key_account, "arn:${try(split(":", var.key_arn)[1], "")}:iam::${local.key_account}:root"]

  # Condition keys whose value is known beforehand, where a role of the key's account calls.
  known_values = {
    "aws:principalaccount"      = local.key_account
    "aws:principalisawsservice" = "false"
    "aws:principaltype"         = "AssumedRole"
    "aws:requestedregion"       = try(split(":", var.key_arn)[3], "")
    "aws:resourceaccount"       = local.key_account
    "aws:securetransport"       = "true"
    "kms:calleraccount"         = local.key_account
  }

  # Whether a condition with this operator holds where one of its values is the known one.
  known_operators = merge(flatten([
    for suffix in ["", "ifexists"] : [
      for name, result in { bool = true, stringequals = true, stringlike = true, stringnotequals = false, stringnotlike = false } :
      { "${name}${suffix}" = result }
    ]
  ])...)

  role_arns = concat(var.appliance_role_arns, var.access_role_arns)

  # The statements with every element as a list of strings, and `conditions` as "holds", "fails", or "may" where that
  # depends on the call. A Resource other than the key itself is not looked into further.
  read = [
    for statement in local.given_statements : {
      effect         = try(join("", [statement.Effect]), "")
      principals     = [for name in try(flatten([statement.Principal.AWS]), flatten([statement.Principal]), []) : name if can(join("", [name]))]
      all_principals = can(statement.NotPrincipal)
      all_actions    = can(statement.NotAction)
      actions        = [for name in try(flatten([statement.Action]), flatten([statement.NotAction]), []) : name if can(join("", [name]))]
      conditions = concat(
        anytrue([for name in try(flatten([statement.Resource]), []) : contains(["*", var.key_arn], try(join("", [name]), ""))]) ? [] : ["may"],
        try(flatten([
          for operator, block in statement.Condition : [
            for key, values in block : try(
              can(regex("[*?$]", jsonencode(values))) ? "may" :
              contains([for value in flatten([values]) : startswith(lower(operator), "bool") ? lower(value) : join("", [value])], local.known_values[lower(key)]) == local.known_operators[lower(operator)] ? "holds" : "fails",
              "may"
            )
          ]
        ]), can(statement.Condition) ? ["may"] : []),
      )
    } if var.key_arn != null
  ]

  # Those that allow or deny something to the account's roles, unless their conditions are known to fail.
  applying = [
    for statement in local.read : {
      effect   = statement.effect
      certain  = !contains(statement.conditions, "may")
      negated  = statement.all_actions
      patterns = [for name in statement.actions : "(?i)^${replace(replace(replace(name, "/[^\\w*?]/", "\\$0"), "*", ".*"), "?", ".")}$"]
    }
    if !contains(statement.conditions, "fails") && (
      length(setintersection(statement.principals, local.roots)) > 0 ||
      statement.effect == "Deny" && (statement.all_principals || contains(statement.principals, "*") || anytrue([
        for name in statement.principals :
        # A role is known by the ARNs that are given, else by its name.
        length(local.role_arns) == 0
        ? can(regex("(?i):(assumed-)?role/.*plerion", name))
        : anytrue([for arn in local.role_arns : arn == name || strcontains(name, ":assumed-role/${reverse(split("/", arn))[0]}/")])
      ]))
    )
  ]

  # By role and action, whether each statement that covers the action applies for certain.
  judged = {
    for role, names in local.role_actions : role => {
      for name in names : "kms:${name}" => {
        for effect in ["Allow", "Deny"] : effect => [
          for statement in local.applying : statement.certain
          if statement.effect == effect && anytrue([for pattern in statement.patterns : can(regex(pattern, "kms:${name}"))]) != statement.negated
        ]
      }
    }
  }
  delegation = {
    for role, actions in local.judged : role => {
      missing_actions = [for action, found in actions : action if !anytrue(found.Allow) || length(found.Deny) > 0]
      delegates = (
        alltrue([for found in actions : anytrue(found.Allow) && length(found.Deny) == 0]) ? "fully" :
        anytrue([for found in actions : length(found.Allow) > 0]) ? "partly" : "not at all"
      )
    }
  }
}
