"""The engine's unknowns that an account can answer: for each an experiment, and what its answer means for the engine.

The engine's README lists the unknowns (tests/plerion_kms/authorization/README.md). The expected outcomes here are its
choices, written by hand. A control ends the same way whatever AWS does about the unknown: it shows that the roles, keys
and policies of the experiment have arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.aws.principals import Principal
from plerion_kms.guide import mode_statement, same_account_additions
from verify.calls import Outcome
from verify.lab import NOTHING_OF_KMS, Lab, allow, deny, document, role_of

APPLIANCE = {"PlerionApplianceRole": "True"}
USE = "kms:GenerateDataKey"


@dataclass(frozen=True, eq=False)
class Call:
    """One call of an experiment.

    what: who calls what, in a few words. by: the caller. make: the call, with a KMS client. key: ARN of the key that it
    is about, and whose ciphertext it sends if it names no key. expected: the engine's choice, None if the engine leaves
    it undecided. control: see the module. words: what the error's text holds by the engine's choice. same_text: whether
    AWS's text is to be the engine's.
    """

    what: str
    by: Principal
    make: Callable[[Any], Any]
    key: str
    expected: Outcome | None
    control: bool = False
    words: str = ""
    same_text: bool = False


@dataclass(frozen=True)
class Experiment:
    """One unknown.

    unknown: the constant in unknowns.py, or how the row of the engine's README begins. build: makes what is needed and
    returns the calls, none if this account cannot answer. as_engine, otherwise: what each finding means. across: if
    it needs the other account.
    """

    name: str
    unknown: str
    question: str
    build: Callable[[Lab], Sequence[Call]]
    as_engine: str
    otherwise: str
    across: bool = False


def use(key: str) -> Callable[[Any], Any]:
    """GenerateDataKey with that key: it needs no ciphertext, and changes nothing."""
    return lambda kms: kms.generate_data_key(KeyId=key, KeySpec="AES_256")


def control(what: str, by: Principal, key: str, expected: Outcome = "allowed") -> Call:
    """A GenerateDataKey that is a control."""
    return Call(what, by, use(key), key, expected, control=True)


def measured(what: str, by: Principal, key: str, expected: Outcome | None) -> Call:
    """A GenerateDataKey that measures."""
    return Call(what, by, use(key), key, expected)


def _boundary_and_star(lab: Lab) -> Sequence[Call]:
    key = lab.key(*same_account_additions())
    boundary = lab.boundary()
    bounded = lab.role("star-bounded", tags=APPLIANCE, boundary=boundary)
    by_arn = lab.key(allow(USE, "*", Condition={"ArnEquals": {"aws:PrincipalArn": bounded}}))
    return (
        control("tagged role without a boundary", lab.caller("star-free", tags=APPLIANCE), key),
        control("role without the tag", lab.caller("star-untagged"), key, "refused"),
        control("role with a boundary, on a key that names * under aws:PrincipalArn", lab.session(bounded), by_arn),
        measured("tagged role with a boundary that lacks KMS", lab.session(bounded), key, "allowed"),
    )


def _session_policy_and_star(lab: Lab) -> Sequence[Call]:
    key = lab.key(*same_account_additions())
    role = lab.role("star-session", tags=APPLIANCE)
    limited = lab.session(role, policy=document(NOTHING_OF_KMS))
    return (
        control("session without a policy", lab.session(role), key),
        measured("session with a policy that lacks KMS", limited, key, "allowed"),
    )


def _tags_across_accounts(lab: Lab) -> Sequence[Call]:
    keys = {tag: lab.key(lab.own_account, tags={"PlerionAccess": tag}, owner="other") for tag in ("Granted", "Denied")}
    untagged = lab.key(lab.own_account, owner="other")
    every = lab.caller("tags-all", mode_statement("ALL_KEYS"))
    selected = lab.caller("tags-selected", mode_statement("SELECTED_KEYS"))
    return (
        control("ALL_KEYS on the other account's untagged key", every, untagged),
        control("SELECTED_KEYS on the other account's untagged key", selected, untagged, "refused"),
        measured("ALL_KEYS on the other account's key tagged Denied", every, keys["Denied"], "refused"),
        measured("SELECTED_KEYS on the other account's key tagged Granted", selected, keys["Granted"], "allowed"),
    )


def _aliases_of_aws_managed_keys(lab: Lab) -> Sequence[Call]:
    key = lab.aws_managed_key()
    if key is None:
        return ()
    describe = "kms:DescribeKey"
    denied = deny(describe, Condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/aws/*"}})

    def call(kms: Any) -> Any:
        return kms.describe_key(KeyId=key)

    return (
        Call("without the Deny", lab.caller("managed-allowed", allow(describe)), call, key, "allowed", control=True),
        Call("with the Deny", lab.caller("managed-denied", allow(describe), denied), call, key, "refused"),
    )


def _session_policy_and_grant(lab: Lab) -> Sequence[Call]:
    key, role = lab.key(), lab.role("grant-session")
    lab.grant(key, role, ["GenerateDataKey"])
    return (
        control("session without a policy, by the grant", lab.session(role), key),
        measured(
            "session with a policy that lacks KMS", lab.session(role, policy=document(NOTHING_OF_KMS)), key, "refused"
        ),
    )


def _boundary_and_grant(lab: Lab) -> Sequence[Call]:
    key = lab.key()
    free, bounded = lab.role("grant-free"), lab.role("grant-bounded", boundary=lab.boundary())
    for role in (free, bounded):
        lab.grant(key, role, ["GenerateDataKey"])
    return (
        control("role without a boundary, by the grant", lab.session(free), key),
        measured("role with a boundary that lacks KMS", lab.session(bounded), key, "refused"),
    )


def _grant_across_accounts(lab: Lab) -> Sequence[Call]:
    key = lab.key(owner="other")
    with_policy, without = lab.role("across-policy", allow(USE)), lab.role("across-none")
    for role in (with_policy, without):
        lab.grant(key, role, ["GenerateDataKey"])
    return (
        control("role with an identity policy", lab.session(with_policy), key),
        measured("role without an identity policy", lab.session(without), key, "refused"),
    )


def _empty_tag(lab: Lab) -> Sequence[Call]:
    keys = {value: lab.key(lab.own_account, tags={"Color": value}) for value in ("", "red")}
    untagged = lab.key(lab.own_account)
    present, absent = (
        lab.caller(f"null-{value}", allow(USE, Condition={"Null": {"aws:ResourceTag/Color": value}}))
        for value in ("false", "true")
    )
    return (
        control("Null false on a key with a value", present, keys["red"]),
        control("Null false on a key without the tag", present, untagged, "refused"),
        control("Null true on a key without the tag", absent, untagged),
        measured("Null false on a key with an empty value", present, keys[""], "allowed"),
        measured("Null true on a key with an empty value", absent, keys[""], "refused"),
    )


def _not_principal(lab: Lab) -> Sequence[Call]:
    caller = lab.caller("exempt", allow(USE))
    role = role_of(caller)
    root = f"arn:aws:iam::{lab.account}:root"
    levels = {"role": [role], "all": [root, role, caller.arn]}
    keys = {
        name: lab.key(
            lab.own_account,
            {"Effect": "Deny", "NotPrincipal": {"AWS": exempt}, "Action": USE, "Resource": "*"},
        )
        for name, exempt in levels.items()
    }
    return (
        control("account, role and session are exempt", caller, keys["all"]),
        measured("the role alone is exempt", caller, keys["role"], "refused"),
    )


def _unresolved_not_resource(lab: Lab) -> Sequence[Call]:
    key = lab.key(lab.own_account)
    plain = {"Effect": "Allow", "Action": USE, "NotResource": f"arn:aws:kms:*:{lab.account}:key/none"}
    unresolved = {**plain, "NotResource": f"arn:aws:kms:*:{lab.account}:key/${{aws:PrincipalTag/Absent}}"}
    return (
        control("NotResource with another key", lab.caller("not-plain", plain), key),
        measured(
            "NotResource with a variable without a value", lab.caller("not-unresolved", unresolved), key, "refused"
        ),
    )


def _texts(lab: Lab) -> Sequence[Call]:
    delegating, isolated = lab.key(lab.own_account), lab.key()
    closed = lab.key(lab.own_account, deny(USE, "*", Condition={"StringEquals": {"aws:PrincipalTag/Text": "1"}}))
    role = lab.role("text-allowed", allow(USE), tags={"Text": "1"})
    allowed = lab.session(role)
    limited = lab.session(role, policy=document(NOTHING_OF_KMS))
    bounded = lab.caller("text-bounded", allow(USE), boundary=lab.boundary())
    denied = lab.caller("text-denied", allow(USE), deny(USE))
    nothing = lab.caller("text-nothing")
    ciphertext = lab.ciphertext(isolated)

    def refused(what: str, by: Principal, key: str) -> Call:
        return Call(what, by, use(key), key, "refused", same_text=True)

    return (
        control("allowed", allowed, delegating),
        refused("no identity policy allows", nothing, delegating),
        refused("no key policy allows", allowed, isolated),
        refused("no session policy allows", limited, delegating),
        refused("no permissions boundary allows", bounded, delegating),
        refused("an identity policy denies", denied, delegating),
        refused("the key policy denies", allowed, closed),
        Call(
            "Decrypt without a key id",
            nothing,
            lambda kms: kms.decrypt(CiphertextBlob=ciphertext),
            isolated,
            "refused",
            same_text=True,
        ),
    )


def _retire_grant(lab: Lab) -> Sequence[Call]:
    open_key, closed = lab.key(), lab.key(deny("kms:RetireGrant", "*"))
    role = lab.role("retire")
    caller = lab.session(role)

    def call(key: str, grant: str) -> Callable[[Any], Any]:
        return lambda kms: kms.retire_grant(KeyId=key, GrantId=grant, DryRun=True)

    grants = {key: lab.grant(key, role, ["GenerateDataKey", "RetireGrant"]) for key in (open_key, closed)}
    return (
        Call("no Deny", caller, call(open_key, grants[open_key]), open_key, "allowed", control=True),
        Call("a Deny in the key policy", caller, call(closed, grants[closed]), closed, "refused"),
    )


def _role_made_again(lab: Lab) -> Sequence[Call]:
    before, after = lab.key(), lab.key()
    lab.grant(before, lab.role("again"), ["GenerateDataKey"])
    role = lab.remake_role("again")
    lab.grant(after, role, ["GenerateDataKey"])
    caller = lab.session(role)
    return (
        control("a grant made after the role", caller, after),
        measured("a grant to the deleted role of that name", caller, before, "refused"),
    )


def _allow_not_principal(lab: Lab) -> Sequence[Call]:
    in_account = {"StringEquals": {"aws:PrincipalAccount": lab.account}}
    exempt = lab.caller("not-exempt")
    statement = {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": role_of(exempt)},
        "Action": USE,
        "Resource": "*",
        "Condition": in_account,
    }
    key, by_star = lab.key(statement), lab.key(allow(USE, "*", Condition=in_account))
    other = lab.caller("not-other")
    return (
        control("a key that names *", other, by_star),
        measured("a principal that NotPrincipal does not list", other, key, None),
        measured("the principal that NotPrincipal lists", exempt, key, None),
    )


def _operator_case(lab: Lab) -> Sequence[Call]:
    key = lab.key(lab.own_account)
    condition = {"aws:PrincipalAccount": lab.account}
    as_documented = lab.caller("operator", allow(USE, Condition={"StringEquals": condition}))
    lower = lab.caller("operator-lower", allow(USE, Condition={"stringequals": condition}))
    return (
        control("StringEquals", as_documented, key),
        measured("stringequals", lower, key, "allowed"),
    )


def _letters_beyond_ascii(lab: Lab) -> Sequence[Call]:
    key = lab.key(lab.own_account)
    statement = allow(USE, Condition={"StringEqualsIgnoreCase": {"aws:PrincipalTag/City": "zürich"}})
    return (
        control("the same letters", lab.caller("letters-same", statement, tags={"City": "Zürich"}), key),
        measured("a capital Ü", lab.caller("letters-capital", statement, tags={"City": "ZÜRICH"}), key, "allowed"),
    )


def _tags_that_differ_in_case(lab: Lab) -> Sequence[Call]:
    granted = lab.key(lab.own_account, tags={"PlerionAccess": "Granted", "plerionaccess": "Denied"})
    denied = lab.key(lab.own_account, tags={"PlerionAccess": "Denied", "plerionaccess": "Granted"})
    one = lab.key(lab.own_account, tags={"PlerionAccess": "Granted"})
    selected = lab.caller("case-selected", mode_statement("SELECTED_KEYS"))
    return (
        control("one tag", selected, one),
        measured("the tag as the policy writes it is Granted", selected, granted, "allowed"),
        measured("the tag as the policy writes it is Denied", selected, denied, "refused"),
    )


def _variable_in_bool(lab: Lab) -> Sequence[Call]:
    key = lab.key(lab.own_account)
    plain, variable = "true", "${aws:PrincipalTag/Encrypted}"
    tags = {"Encrypted": "true"}
    by = {
        value: lab.caller(name, allow(USE, Condition={"Bool": {"aws:SecureTransport": value}}), tags=tags)
        for name, value in (("bool-plain", plain), ("bool-variable", variable))
    }
    return (
        control("Bool with true", by[plain], key),
        measured("Bool with a variable whose value is true", by[variable], key, None),
    )


def _value_of_another_type(lab: Lab) -> Sequence[Call]:
    key = lab.key(lab.own_account)
    statement = allow(USE, Condition={"NumericNotEquals": {"aws:PrincipalTag/Number": "1"}})
    return (
        control("a number", lab.caller("type-number", statement, tags={"Number": "2"}), key),
        measured("a word", lab.caller("type-word", statement, tags={"Number": "two"}), key, None),
    )


def _star_over_colons(lab: Lab) -> Sequence[Call]:
    key = lab.key(lab.own_account)
    short = deny(USE, Resource="arn:aws:kms:*key/*")
    whole = deny(USE, Resource="arn:aws:kms:*:*:key/*")
    return (
        control("no Deny", lab.caller("colon-none", allow(USE)), key),
        control("a Deny with all six parts", lab.caller("colon-whole", allow(USE), whole), key, "refused"),
        measured("a Deny with four parts", lab.caller("colon-short", allow(USE), short), key, "refused"),
    )


def _star_in_default(lab: Lab) -> Sequence[Call]:
    key = lab.key(lab.own_account)

    def statement(default: str) -> dict[str, Any]:
        like = {"aws:PrincipalAccount": f"${{aws:PrincipalTag/Absent, '{default}'}}"}
        return allow(USE, Condition={"StringLike": like})

    return (
        control("the account as default", lab.caller("default-plain", statement(lab.account)), key),
        measured("a star as default", lab.caller("default-star", statement("*")), key, "refused"),
    )


def _not_across_accounts(lab: Lab) -> Sequence[Call]:
    key = lab.key(lab.own_account, owner="other")
    caller = lab.caller("unsupported", allow("kms:*"))

    def call(kms: Any) -> Any:
        return kms.get_key_policy(KeyId=key)

    return (
        control("an operation that works across accounts", caller, key),
        Call("GetKeyPolicy", caller, call, key, "refused", same_text=True),
    )


def _reencrypt_order(lab: Lab) -> Sequence[Call]:
    source, destination = lab.key(lab.own_account), lab.key(lab.own_account)
    ciphertext = lab.ciphertext(source)

    def call(kms: Any) -> Any:
        return kms.re_encrypt(CiphertextBlob=ciphertext, SourceKeyId=source, DestinationKeyId=destination)

    both = lab.caller("reencrypt-both", allow("kms:ReEncrypt*"))
    neither = lab.caller("reencrypt-neither")
    return (
        Call("who may do both", both, call, source, "allowed", control=True),
        Call("who may do neither", neither, call, source, "refused", words="kms:ReEncryptFrom"),
    )


EXPERIMENTS: Sequence[Experiment] = (
    Experiment(
        "boundary-and-star",
        "STAR_PRINCIPAL_IGNORES_BOUNDARY",
        "Does a permissions boundary limit a key policy that names * under the conditions of the guide's additions?",
        _boundary_and_star,
        "It does not: the choice is right, and the same-account additions reach past a boundary.",
        "Set STAR_PRINCIPAL_IGNORES_BOUNDARY to False. A boundary on PlerionApplianceRole has to allow the calls of "
        "the same-account additions; the READMEs and the audit have to say so.",
    ),
    Experiment(
        "session-policy-and-star",
        "STAR_PRINCIPAL_IGNORES_BOUNDARY",
        "Does a session policy limit a key policy that names * under the conditions of the guide's additions?",
        _session_policy_and_star,
        "It does not: the choice is right for session policies too.",
        "The constant has to be two: session policies limit such a key policy, whatever boundaries do.",
    ),
    Experiment(
        "tags-across-accounts",
        "RESOURCE_TAGS_ACROSS_ACCOUNTS",
        "Is aws:ResourceTag known for a key of another account?",
        _tags_across_accounts,
        "It is: the modes work across accounts as the guide says.",
        "Set RESOURCE_TAGS_ACROSS_ACCOUNTS to False. ALL_KEYS ignores Denied across accounts, and SELECTED_KEYS opens "
        "no key there: the cross-account example and its README have to say so.",
        across=True,
    ),
    Experiment(
        "aliases-of-aws-managed-keys",
        "kms:ResourceAliases on AWS managed keys",
        "Does a Deny with kms:ResourceAliases cover AWS managed keys?",
        _aliases_of_aws_managed_keys,
        "It does: the option tag_is_binding can tell AWS managed keys by their aliases.",
        "tag_is_binding, which leaves AWS managed keys alone by their aliases, needs another way to tell them.",
    ),
    Experiment(
        "session-policy-and-grant",
        "SESSION_POLICY_LIMITS_GRANTS",
        "Does a session policy limit what a grant allows?",
        _session_policy_and_grant,
        "It does: the choice is right.",
        "Set SESSION_POLICY_LIMITS_GRANTS to False.",
    ),
    Experiment(
        "boundary-and-grant",
        "BOUNDARY_LIMITS_GRANTS",
        "Does a permissions boundary limit what a grant allows?",
        _boundary_and_grant,
        "It does: the choice is right.",
        "Set BOUNDARY_LIMITS_GRANTS to False.",
    ),
    Experiment(
        "grant-across-accounts",
        "CROSS_ACCOUNT_GRANT_NEEDS_IDENTITY_POLICY",
        "Does a grant that the key's account issued to another account's role need an identity policy of that role?",
        _grant_across_accounts,
        "It does: the choice is right.",
        "Set CROSS_ACCOUNT_GRANT_NEEDS_IDENTITY_POLICY to False.",
        across=True,
    ),
    Experiment(
        "empty-tag",
        "EMPTY_STRING_IS_PRESENT",
        "Is a tag with an empty value present for Null?",
        _empty_tag,
        "It is: the choice is right.",
        "Set EMPTY_STRING_IS_PRESENT to False.",
    ),
    Experiment(
        "not-principal",
        "NOT_PRINCIPAL_NEEDS_EVERY_LEVEL",
        "Does a Deny with NotPrincipal exempt a session whose role alone is listed?",
        _not_principal,
        "It does not: the choice is right.",
        "Set NOT_PRINCIPAL_NEEDS_EVERY_LEVEL to False.",
    ),
    Experiment(
        "unresolved-not-resource",
        "UNRESOLVED_NOT_RESOURCE_ALLOWS",
        "Does an Allow match if its NotResource holds a variable without a value?",
        _unresolved_not_resource,
        "It does not: the choice is right.",
        "Set UNRESOLVED_NOT_RESOURCE_ALLOWS to True.",
    ),
    Experiment(
        "texts",
        "POLICY_ARNS_IN_DENIALS",
        "Are AWS's texts for refusals those of the engine?",
        _texts,
        "They are.",
        "Correct the texts in messages.py; a policy's ARN in one of them belongs in POLICY_ARNS_IN_DENIALS.",
    ),
    Experiment(
        "retire-grant",
        "What a Deny of kms:RetireGrant in a key policy does",
        "Does a Deny of kms:RetireGrant in a key policy refuse?",
        _retire_grant,
        "It does: the choice is right.",
        "The engine has to leave key policies out where it decides kms:RetireGrant.",
    ),
    Experiment(
        "role-made-again",
        "Whether a grant to a deleted role serves a role created again under its name",
        "Does a grant to a deleted role serve a role created again under its name?",
        _role_made_again,
        "It does not: the choice is right.",
        "Grants have to be compared by ARN; revoke those of a deleted role.",
    ),
    Experiment(
        "allow-not-principal",
        "What an Allow with NotPrincipal in a key policy does",
        "Whom does an Allow with NotPrincipal in a key policy allow?",
        _allow_not_principal,
        "The engine decides nothing here: what AWS answered can become its rule.",
        "The engine decides nothing here: what AWS answered can become its rule.",
    ),
    Experiment(
        "operator-case",
        "Whether `stringequals` is the operator `StringEquals`",
        "Is stringequals the operator StringEquals?",
        _operator_case,
        "It is: the choice is right.",
        "Operators have to be compared with regard to case; what the engine does with an unknown one then applies.",
    ),
    Experiment(
        "letters-beyond-ascii",
        "How `...IgnoreCase` and names of condition keys compare letters beyond ASCII",
        "Does StringEqualsIgnoreCase ignore the case of letters beyond ASCII?",
        _letters_beyond_ascii,
        "It does: the choice is right.",
        "...IgnoreCase has to lower the letters of ASCII alone.",
    ),
    Experiment(
        "tags-that-differ-in-case",
        "Which value applies if a key has tags whose names differ in case only",
        "Which of two tags applies whose names differ in case only?",
        _tags_that_differ_in_case,
        "The tag whose name is written as in the policy: the choice is right.",
        "context.py has to choose as AWS did; the guide's readers should be told to keep one of the two tags.",
    ),
    Experiment(
        "variable-in-bool",
        "Whether `Bool` takes policy variables",
        "Does Bool take policy variables?",
        _variable_in_bool,
        "The engine decides nothing here: what AWS answered can become its rule.",
        "The engine decides nothing here: what AWS answered can become its rule.",
    ),
    Experiment(
        "value-of-another-type",
        "A numeric, date or IP operator with a value of another type in the request",
        "Does NumericNotEquals match a value that is no number?",
        _value_of_another_type,
        "The engine decides nothing here: what AWS answered can become its rule.",
        "The engine decides nothing here: what AWS answered can become its rule.",
    ),
    Experiment(
        "star-over-colons",
        "Whether a star in a Resource of fewer than six parts reaches over colons",
        "Does a star in a Resource of fewer than six parts reach over colons?",
        _star_over_colons,
        "It does: the choice is right for a Deny, and leaves out what an Allow of that form would allow.",
        "resources.py has to compare part by part, also in a Deny.",
    ),
    Experiment(
        "star-in-default",
        "Whether stars in the default of a policy variable are wildcards",
        "Is a star in the default of a policy variable a wildcard?",
        _star_in_default,
        "It is not: the choice is right.",
        "variables.py has to take stars in defaults for wildcards.",
    ),
    Experiment(
        "not-across-accounts",
        "The error for an operation that does not work across accounts",
        "What is the error for an operation that does not work across accounts?",
        _not_across_accounts,
        "The same as for a key that the caller cannot reach: the choice is right.",
        "Correct code and text in engine.py; only the error depends on it.",
        across=True,
    ),
    Experiment(
        "reencrypt-order",
        "Which half of ReEncrypt is checked first",
        "Which half of ReEncrypt is checked first?",
        _reencrypt_order,
        "The source: the choice is right.",
        "Exchange the two permissions of ReEncrypt in kms_operations.py; only the error depends on it.",
    ),
)
"""In this order: first what the guide's additions rest on."""

OUT_OF_REACH: Mapping[str, str] = {
    "STAR_PRINCIPAL_COVERS_SERVICES": "only an AWS service that calls KMS by itself can answer",
    "What `Federated` in a key policy matches": "needs an identity provider",
    "What an attestation document holds": "needs a Nitro enclave",
    "How KMS combines a key policy with AWS_RAM": "needs a key shared through AWS RAM",
}
"""The other unknowns, and why an account with keys and roles cannot answer them."""

KEYS, ROLES = 34, 42
"""How many the experiments create; a test counts them."""

BY_THE_TEXTS = ("Whether the error for a ciphertext without key id is still the text of 2022",)
"""What the experiment `texts` answers as well."""
