# Problems of the given policy that KMS certainly refuses, or that change its meaning when it is set.

locals {
  text = var.policy_json == null ? "{\"Statement\": []}" : var.policy_json

  # The message for an unreadable text. The rest of the module then continues with an empty policy.
  unreadable = (
    !can(jsondecode(local.text)) ? "is not JSON: give what ${local.command} prints." :
    startswith(trimspace(local.text), "\"") ? "is a JSON string that holds JSON: take one jsonencode or tojson away." :
    !can(jsondecode(local.text).Statement) ? "is not a key policy: give a JSON object that holds \"Statement\", for instance what ${local.command} prints." :
    !can([for statement in flatten([jsondecode(local.text).Statement]) : statement.Effect]) ? "holds a statement that has no \"Effect\": give every statement as an object with Effect, Principal, Action and Resource." :
    ""
  )
  readable = local.unreadable == ""
  command  = "'aws kms get-key-policy --query Policy --output text'"

  # If an object has a name twice, jsondecode silently keeps the last member, so the names are read from the text. The
  # innermost objects are removed from it repeatedly. Strings are matched too, so that braces in them are ignored. A key
  # policy nests four deep.
  string = "\"(?:[^\"\\\\]|\\\\.)*\""
  object = "\\{(?:[^{}\"]|${local.string})*\\}"
  peel   = "/(${local.string})|${local.object}/"
  depth1 = replace(local.text, local.peel, "$1")
  depth2 = replace(local.depth1, local.peel, "$1")
  depth3 = replace(local.depth2, local.peel, "$1")
  depth4 = replace(local.depth3, local.peel, "$1")
  names = [
    for object in regexall("${local.string}|${local.object}", join("", [local.text, local.depth1, local.depth2, local.depth3])) : [
      for member in regexall("(${local.string})(\\s*:)?", object) : try(jsondecode(member[0]), "") if member[1] != null
    ] if startswith(object, "{")
  ]
  # Names of condition keys are case-insensitive.
  repeated = distinct(flatten([
    for names in local.names : [
      for name in names : name if length([for other in names : other if lower(other) == lower(name)]) > 1
    ] if length(distinct([for name in names : lower(name)])) < length(names)
  ]))
  too_deep = length(regexall("${local.string}|[{}]", local.depth4)) > length(regexall(local.string, local.depth4))

  labels = [for position, sid in local.given_sids : sid == "" ? "number ${position + 1}" : "\"${sid}\""]
  incomplete = [
    for position, statement in local.given_statements : local.labels[position]
    if !alltrue([for element in ["Principal", "Action", "Resource"] : can(statement[element]) || can(statement["Not${element}"])])
  ]

  # Everything that statements name as AWS principals, with the statement.
  aws_principals = flatten([
    for position, statement in local.given_statements : [
      for principal in flatten([try(statement.Principal.AWS, statement.Principal, []), try(statement.NotPrincipal.AWS, statement.NotPrincipal, [])]) :
      { name = principal, statement = local.labels[position] } if can(join("", [principal]))
    ]
  ])
  deleted_principals = [
    for principal in local.aws_principals : "${principal.name} in statement ${principal.statement}"
    if can(regex("^A[A-Z]{3}[A-Z0-9]{8,}$", principal.name))
  ]
  unknown_principals = [
    for principal in local.aws_principals : "${principal.name} in statement ${principal.statement}"
    if !can(regex("^(\\*|[0-9]{12}|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role|federated-user)/[^*?]+))$", principal.name))
  ]

  # Split in two because the HCL parsers of scanners misread "$" and "{" in one string.
  variable_opening = join("", ["$", "{"])
  given_version    = try(local.given.Version, "2008-10-17")
  # Our statements are replaced, so a variable in a pasted one needs no check.
  kept           = merge(local.given, { Statement = local.others })
  changes_a_text = var.grant_plerion_access && local.given_version != "2012-10-17" && strcontains(jsonencode(local.kept), local.variable_opening)

  # The first is shown. Repeated names come before the rest, since they can make jsondecode fail.
  problems = compact([
    startswith(local.text, "\ufeff") ? "${var.policy_name} begins with a byte order mark: save it as UTF-8 without one." : "",
    length(local.repeated) > 0 ? "${var.policy_name} has a name twice in one JSON object (${join(", ", local.repeated)}), of which only one would count: keep one, with the values of both." : "",
    !local.readable ? "${var.policy_name} ${local.unreadable}" : "",
    local.too_deep ? "${var.policy_name} nests objects deeper than a key policy does: give the policy alone." : "",
    length(local.incomplete) > 0 ? "${var.policy_name} has statements without Principal, Action or Resource (${join(", ", local.incomplete)}), which KMS refuses: complete or remove them." : "",
    length(local.deleted_principals) > 0 ? "${var.policy_name} names principals that no longer exist (${join(", ", local.deleted_principals)}); AWS shows their ids, and KMS takes no policy with them: remove them, or name the principals that took their place." : "",
    length(local.unknown_principals) > 0 ? "${var.policy_name} names principals that KMS does not know (${join(", ", local.unknown_principals)}): give the ARN of a role, user, session or account root, without wildcards, an account id, or \"*\"." : "",
    local.changes_a_text ? "${var.policy_name} has a Version before 2012-10-17 and holds the text ${local.variable_opening}, which would turn into a policy variable: rewrite that text, set \"Version\": \"2012-10-17\" yourself, and apply again." : "",
    length(local.merged_statements) == 0 ? "The merged key policy would hold no statement, which KMS refuses: give ${var.policy_name} with the statements that are to stay." : "",
    can(regex("[^\\t\\n\\r\\x20-\\x{FF}]", local.merged_json)) ? "${var.policy_name} holds a character beyond U+00FF, which KMS takes in no key policy: replace it, for instance in a Sid." : "",
    local.merged_bytes > 32768 ? "The merged key policy has ${local.merged_bytes} bytes as it is sent, in which &, < and > are six bytes each, more than the 32768 that KMS accepts: shorten ${var.policy_name}." : "",
  ])
}
