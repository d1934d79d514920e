"""Whether AWS accepts a policy document: the checks of PutKeyPolicy, of IAM and of STS, with their errors.

Source: KMS API reference "PutKeyPolicy"; IAM user guide "IAM and AWS STS quotas", "Grammar of the IAM JSON policy
language"; RULES.md "Document validation". KMS's and IAM's texts are AWS's where they are published; elsewhere
code and status are AWS's and the text says what is wrong.

A document that passes can still hold condition keys of services that the engine does not know: AWS accepts those, and
only a decision that has to read them refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from plerion_kms.authorization.actions import compile_actions
from plerion_kms.authorization.conditions import check_operator
from plerion_kms.authorization.context_keys import NOT_IN_KEY_POLICIES
from plerion_kms.authorization.decision import AwsError
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.grammar import DocumentSource, Element, StatementSource, principals, strings
from plerion_kms.authorization.json_text import parse_json
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.principals import Principals, compile_principals
from plerion_kms.authorization.resources import compile_resources, names_service
from plerion_kms.authorization.service_principals import is_known_service

type Exists = Callable[[str], bool]
"""Whether a principal exists: takes the ARN of a user, role, session or account root (`arn:aws:iam::A:root`)."""

KEY_POLICY_BYTES = 32_768
KEY_POLICY_CHARACTERS = 131_072
TRUST_POLICY_CHARACTERS = 2_048
SESSION_POLICY_CHARACTERS = 2_048

_POLICY_TEXT = re.compile(r"[\t\n\r\x20-\xff]+")
_POLICY_PATTERN = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:.", re.ASCII)
_IAM_SID = re.compile(r"[A-Za-z0-9]*", re.ASCII)
_NO_FOR_ALL_VALUES = ("kms:encryptioncontext:", "aws:requesttag/")


_WITH_ID = ("Version", "Statement", "Id")
_TOP_ELEMENTS = {
    PolicyKind.KEY: _WITH_ID,
    PolicyKind.TRUST: _WITH_ID,
    PolicyKind.IDENTITY: ("Version", "Statement"),
    PolicyKind.SESSION: ("Version", "Statement"),
}


class Holder(Enum):
    """Where an identity policy is kept; the value is the most characters that it may have, white space not counted. For
    the three kinds of inline policy that is the total of the holder's policies."""

    MANAGED = 6_144
    USER = 2_048
    GROUP = 5_120
    ROLE = 10_240


class _InvalidError(Exception):
    """A document that AWS does not accept; the text is the error's. code: KMS's code, where it is not the usual one."""

    def __init__(self, text: str, code: str = "MalformedPolicyDocumentException") -> None:
        super().__init__(text)
        self.code = code


def validate_key_policy(text: str, exists: Exists) -> AwsError | None:
    """KMS's error for a key policy, or None. `exists` is asked about each account, user and role that it names."""
    if not text or len(text) > KEY_POLICY_CHARACTERS or not _POLICY_TEXT.fullmatch(text):
        return AwsError(
            "ValidationException",
            400,
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length "
            f"between 1 and {KEY_POLICY_CHARACTERS} and satisfy regular expression pattern: {_POLICY_PATTERN}",
        )
    if len(text.encode()) > KEY_POLICY_BYTES:
        return AwsError("LimitExceededException", 400, f"The key policy is longer than {KEY_POLICY_BYTES} bytes.")
    try:
        statements = _statements(_parse(text), PolicyKind.KEY)
        for statement in statements:
            _check_key_statement(statement, exists)
    except _InvalidError as error:
        return AwsError(error.code, 400, str(error))
    return None


def validate_policy_name(name: str) -> AwsError | None:
    """KMS's error for the PolicyName of PutKeyPolicy, or None."""
    if name == "AWS_RAM":  # the second policy of a key that is shared through AWS RAM
        return AwsError("ValidationException", 400, "The AWS_RAM policy can only be managed by the RAM service.")
    return None


def validate_identity_policy(text: str, holder: Holder = Holder.MANAGED, others: int = 0) -> AwsError | None:
    """IAM's error for an identity policy, or None. others: characters of the holder's other inline policies, counted
    with `policy_size`."""
    error = _validate_iam_policy(text, PolicyKind.IDENTITY)
    if error is None and policy_size(text) + others > holder.value:
        return AwsError("LimitExceeded", 409, f"Cannot exceed quota for PolicySize: {holder.value}")
    return error


def validate_trust_policy(text: str, exists: Exists) -> AwsError | None:
    """IAM's error for a role's trust policy, or None. `exists` is asked about each account, user and role that it
    names."""
    error = _check_characters(text)
    if error is not None:
        return error
    try:
        statements = _statements(_parse(text, "This policy contains invalid Json"), PolicyKind.TRUST)
        for statement in statements:
            _check_trust_statement(statement, exists)
    except _InvalidError as error:
        return _malformed(str(error))
    if policy_size(text) > TRUST_POLICY_CHARACTERS:
        return AwsError("LimitExceeded", 409, f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_CHARACTERS}")
    return None


def validate_session_policy(text: str) -> AwsError | None:
    """STS's error for a session policy, or None."""
    error = _validate_iam_policy(text, PolicyKind.SESSION)
    if error is None and len(text) > SESSION_POLICY_CHARACTERS:
        return AwsError(
            "ValidationError",
            400,
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less "
            f"than or equal to {SESSION_POLICY_CHARACTERS}",
        )
    return error


def policy_size(text: str) -> int:
    """A policy's size as IAM counts it: characters without white space."""
    return len("".join(text.split()))


def _check_characters(text: str) -> AwsError | None:
    """IAM's and STS's error for a document with characters that the APIs do not accept, or without any."""
    if _POLICY_TEXT.fullmatch(text):
        return None
    return AwsError(
        "ValidationError",
        400,
        "1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: Member must have length "
        f"greater than or equal to 1 and satisfy regular expression pattern: {_POLICY_PATTERN}",
    )


def _validate_iam_policy(text: str, kind: PolicyKind) -> AwsError | None:
    error = _check_characters(text)
    if error is not None:
        return error
    try:
        statements = _statements(_parse(text), kind)
        for statement in statements:
            _check_identity_statement(statement)
        _check_unique_sids(statements)
    except _InvalidError as error:
        return _malformed(str(error))
    return None


def _check_unique_sids(statements: Iterable[StatementSource]) -> None:
    sids = [sid for statement in statements if (sid := statement.sid())]
    if len(set(sids)) < len(sids):
        raise _InvalidError("Statement IDs (SID) in a single policy must be unique.")


def _malformed(text: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", 400, text)


def _parse(text: str, no_json: str = "") -> DocumentSource:
    """no_json: the error's text for what is not JSON, where it has one of its own."""
    try:
        content = parse_json(text)
    except UnsupportedError as problem:
        if no_json and "not JSON" in str(problem):
            raise _InvalidError(no_json) from None
        raise _InvalidError(f"Syntax errors in policy: {problem}.") from None
    if not isinstance(content, Mapping):
        raise _InvalidError("Syntax errors in policy: the document is not a JSON object.")
    return DocumentSource(content)


def _statements(document: DocumentSource, kind: PolicyKind) -> list[StatementSource]:
    for name in document.unknown_elements(_TOP_ELEMENTS[kind]):
        raise _InvalidError(f"Syntax errors in policy: the element {name!r}.")
    variables = document.variables()
    if variables is None:
        raise _InvalidError(f"Syntax errors in policy: the version {document.version()!r}.")
    statements = document.statements()
    if statements is None:
        raise _InvalidError("Syntax errors in policy: it needs at least one statement, and each must be an object.")
    for statement in statements:
        _check_grammar(statement, kind, variables=variables)
    return statements


def _check_grammar(statement: StatementSource, kind: PolicyKind, *, variables: bool) -> None:
    """What every kind of policy has in common."""
    for name in statement.unknown_elements():
        raise _InvalidError(f"Syntax errors in policy: the element {name!r}.")
    if statement.allow() is None:
        raise _InvalidError("Syntax errors in policy: each statement needs an Effect, Allow or Deny.")
    for name in ("Principal", "Action", "Resource"):
        if len(statement.elements(name)) > 1:
            raise _InvalidError(f"Syntax errors in policy: {name} and Not{name} in one statement.")
    sid = statement.sid()
    if sid is None:
        raise _InvalidError("Syntax errors in policy: the Sid is not a string.")
    if kind is not PolicyKind.KEY and not _IAM_SID.fullmatch(sid):
        raise _InvalidError(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
            "expression [0-9A-Za-z]*"
        )
    try:
        compile_actions(_texts(statement, "Action"))
    except UnsupportedError:
        raise _InvalidError("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.") from None
    resources = _texts(statement, "Resource")
    if not all(names_service(resource) for resource in resources):
        raise _InvalidError("Resource vendor must be fully qualified and cannot contain regexes.")
    try:
        compile_resources(resources, kind, variables=variables)
    except UnsupportedError as problem:
        raise _InvalidError(f'Resource must be in ARN format or "*": {problem}.') from None
    _check_conditions(statement)


def _check_conditions(statement: StatementSource) -> None:
    operators = statement.conditions()
    if operators is None or any(keys is None for _, keys in operators):
        raise _InvalidError("Syntax errors in policy: the Condition is not an object of operators.")
    for operator, _ in operators:
        try:
            check_operator(operator)
        except UnsupportedError as problem:
            raise _InvalidError(f"Syntax errors in policy: {problem}.") from None


def _condition_keys(statement: StatementSource) -> list[tuple[str, str]]:
    """Operator and key of each condition."""
    return [(operator, key) for operator, keys in statement.conditions() or () for key in keys or ()]


def _element(statement: StatementSource, name: str) -> Element | None:
    """The element of that name or its complement; None if the statement has neither. It has not both."""
    return next(iter(statement.elements(name)), None)


def _texts(statement: StatementSource, name: str) -> list[str]:
    """The strings of an element or its complement; empty if the statement has neither."""
    element = _element(statement, name)
    texts = [] if element is None else strings(element.value)
    if texts is None:
        raise _InvalidError(f"Syntax errors in policy: the {name} is not a string or a list of strings.")
    return texts


def _check_key_statement(statement: StatementSource, exists: Exists) -> None:
    keys = _condition_keys(statement)
    forbidden = [key for _, key in keys if key.lower().startswith(NOT_IN_KEY_POLICIES)]
    if forbidden:
        names = ", ".join(dict.fromkeys(key.partition("/")[0] for key in forbidden))
        raise _InvalidError(f"These condition keys are not permitted in a key policy: {names}")
    for operator, key in keys:
        if operator.lower().startswith("forallvalues:") and key.lower().startswith(_NO_FOR_ALL_VALUES):
            raise _InvalidError(
                "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key "
                "matches requests without the specified encryption context or tag."
            )
    element = _element(statement, "Principal")
    if element is None or _names_none(element.value):
        raise _InvalidError("Policy contains a statement with no principal.")
    _check_key_principals(element.value, exists)
    if element.complement and statement.allow():
        # IAM user guide "AWS JSON policy elements: NotPrincipal": not supported. The text is ours.
        raise _InvalidError("NotPrincipal is not supported with the Effect Allow.")
    # Since 18 August 2025 KMS refuses statements without one of the two, says its notice to customers (quoted in
    # ministryofjustice/analytical-platform#7691). The API reference of PutKeyPolicy still says that such a call
    # succeeds and that the statement has no effect. Refusing is the safer reading; a policy stored before stays without
    # effect. The text is ours.
    missing = [name for name in ("Action", "Resource") if not statement.elements(name)]
    if missing:
        raise _InvalidError(f"Policy contains a statement without {' and '.join(missing)}.")


def _names_none(principal: object) -> bool:
    kinds = principals(principal)
    return kinds is not None and all(names == [] for _, names in kinds)


def _check_key_principals(principal: object, exists: Exists) -> None:
    named = _named_principals(principal)
    if any(kind == "AWS" and _is_broken_arn(name) for kind, name in named):
        raise _InvalidError("An ARN in the specified key policy is invalid.", "InvalidArnException")
    if any(kind == "Service" and not is_known_service(name) for kind, name in named):
        raise _InvalidError("Policy contains a statement with one or more invalid service principals.")
    if _invalid_principals(principal, exists):
        raise _InvalidError("Policy contains a statement with one or more invalid principals.")


def _is_broken_arn(name: str) -> bool:
    """An ARN that cannot be a principal's, or an account that does not have 12 digits."""
    return (name.startswith("arn:") and not _PRINCIPAL_ARN.match(name)) or (name.isdecimal() and len(name) != 12)


def _named_principals(principal: object) -> list[tuple[str, str]]:
    """Kind and name of each principal of an element, as far as they are text."""
    return [(kind, name) for kind, names in principals(principal) or () for name in names or ()]


def _check_identity_statement(statement: StatementSource) -> None:
    if statement.elements("Principal"):
        raise _InvalidError("Policy document should not specify a principal.")
    if not _texts(statement, "Action"):
        raise _InvalidError("Policy statement must contain actions.")
    if not _texts(statement, "Resource"):
        raise _InvalidError("Policy statement must contain resources.")


def _check_trust_statement(statement: StatementSource, exists: Exists) -> None:
    principal = _element(statement, "Principal")
    if principal is not None and principal.complement:
        raise _InvalidError("AssumeRolepolicy contained disallowed field NotPrincipal")
    for resource in statement.elements("Resource"):
        raise _InvalidError(f"Has prohibited field {resource.name}")
    if principal is None:
        raise _InvalidError("Missing required field Principal")
    actions = _texts(statement, "Action")
    if not actions:
        raise _InvalidError("Missing required field Action")
    if statement.elements("Action")[0].complement or not all(each.lower().startswith("sts:") for each in actions):
        raise _InvalidError("AssumeRole policy may only specify STS AssumeRole actions.")
    invalid = _invalid_principals(principal.value, exists)
    if invalid:
        raise _InvalidError(f"Invalid principal in policy: {invalid}")


def _invalid_principals(principal: object, exists: Exists) -> str:
    """The principals that cannot be named, as IAM shows them: of a form that AWS does not have, a unique id, one that
    does not exist; else empty."""
    broken = [
        f'"{_AS_SHOWN[kind]}":"{name}"'
        for kind, name in _named_principals(principal)
        if kind in _AS_SHOWN and not _is_principal(kind, name)
    ]
    if broken:
        return ", ".join(broken)
    try:
        compiled = compile_principals(principal, providers=True)
    except UnsupportedError as problem:
        return str(problem)
    missing = sorted(compiled.unique_ids) + [arn for arn in _named_arns(compiled) if not exists(arn)]
    return ", ".join(f'"AWS":"{arn}"' for arn in missing)


_AS_SHOWN = {"AWS": "AWS", "Service": "SERVICE", "Federated": "FEDERATED"}


def _is_principal(kind: str, name: str) -> bool:
    if kind == "Service":
        return is_known_service(name)
    try:
        compile_principals({kind: name}, providers=True)
    except UnsupportedError:
        return False
    return True


def _named_arns(named: Principals) -> list[str]:
    return [*(f"arn:aws:iam::{account}:root" for account in sorted(named.accounts)), *sorted(named.arns)]
