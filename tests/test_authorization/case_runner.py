"""Reads the cases in `cases/` and puts each to the engine. README.md describes the format.

Everything in a case file is text (YAML's own guesses at types are switched off), so that what a policy says is what
is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from plerion_kms.authorization import key_state, kms, simulate, sts, validation
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.decision import AwsError, Decision, Outcome, Source
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.explain import explain
from plerion_kms.authorization.grants import validate_child_grant
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms_call import Key, KmsCall
from plerion_kms.authorization.policies import Grant, Policies
from plerion_kms.authorization.request import ContextValue, Principal, PrincipalType, Request, Resource
from test_authorization.case_files import case_files, world

GRADES = ("D", "O", "I", "U")

SOURCES = {
    "identity policy": Source.IDENTITY,
    "key policy": Source.KEY_POLICY,
    "delegation": Source.KEY_POLICY_DELEGATION,
    "trust policy": Source.TRUST_POLICY,
    "grant": Source.GRANT,
    "boundary": Source.BOUNDARY,
    "session policy": Source.SESSION,
    "SCP": Source.SERVICE_CONTROL,
    "RCP": Source.RESOURCE_CONTROL,
    "endpoint": Source.ENDPOINT,
    "request": Source.REQUEST,
    "root user": Source.ACCOUNT_ROOT,
    "account limit": Source.NOT_CROSS_ACCOUNT,
    "unsupported": Source.UNSUPPORTED,
}

_ABOUT = {"name", "rule", "source", "grade", "expect", "error", "because", "explains"}
_INPUTS = {
    "caller",
    "tags",
    "ask",
    "resource",
    "resource account",
    "context",
    "version",
    "when",
    "identity",
    "boundary",
    "session",
    "SCP",
    "RCP",
    "endpoint",
    "key",
    "key tags",
    "key policy",
    "key details",
    "grants",
}
_CALL = {"call", "needs", "region", "keys", "ciphertext only", "retired grant"}
_ASSUME = {"assume", "with", "role", "role tags", "trust", "transitive"}
_VALIDATE = {"validate", "document", "existing", "holder", "others", "length", "filled with"}
_TABLE = {"may", "may not", "each", "statements", "actions"}
_OTHERS = {
    "state",
    "operation",
    "parent",
    "child",
    "new key policy",
    "bypass",
    "simulate",
    "resources",
    "missing",
    "overall",
}

WORLD = world()


@dataclass(frozen=True)
class Case:
    """One case: its place, and its fields with the file's defaults filled in."""

    file: str
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The sentence that says what must hold."""
        return str(self.fields["name"])


def load_cases() -> list[Case]:
    """Every case of every file; raises ValueError for one that is not well formed, with file and name."""
    cases = []
    for file, content in case_files().items():
        for group in content["groups"]:
            given = {name: value for name, value in group.items() if name not in ("cases", "given")}
            shared = {name: content[name] for name in ("statements", "actions") if name in content}
            given = {**shared, **content.get("given", {}), **given, **group.get("given", {})}
            cases += [Case(file, {**given, **fields}) for fields in group["cases"]]
    for case in cases:
        _check(case)
    return cases


def _check(case: Case) -> None:
    unknown = set(case.fields) - (_ABOUT | _INPUTS | _CALL | _ASSUME | _VALIDATE | _TABLE | _OTHERS)
    missing = {"name", "rule", "source", "grade", "expect"} - set(case.fields)
    if unknown or missing:
        raise ValueError(f"{case.file}: {case.fields.get('name')}: unknown {unknown}, missing {missing}")
    if case.fields["grade"] not in GRADES:
        raise ValueError(f"{case.file}: {case.name}: grade {case.fields['grade']!r}")


def run(case: Case) -> None:
    """Put the case to the engine, once for each combination of what `each` lists, and compare."""
    each = case.fields.get("each", {})
    for values in product(*each.values()):
        _run({**case.fields, **dict(zip(each, values, strict=True))})


def _run(fields: Mapping[str, Any]) -> None:
    for field, runner in _RUNNERS.items():
        if field in fields:
            runner(fields)
            return
    _compare(fields, authorize(_request(fields), _policies(fields)))


def _run_table(fields: Mapping[str, Any]) -> None:
    """`may` and `may not`: actions, or names of groups of them, separated by commas."""
    for answer, names in (("allowed", fields.get("may", "")), ("refused", fields.get("may not", ""))):
        for name in names.split(", ") if names else ():
            for action in fields["actions"].get(name, name).split(", "):
                asked = {**fields, "ask": action, "expect": answer}
                if action == "kms:ListKeys":
                    asked["resource"] = "*"
                _compare(asked, authorize(_request(asked), _policies(asked)))


# Statements and policies


def statement(written: str | Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """A statement from its short form `Allow kms:Decrypt, kms:Encrypt to role on arn:...`; from that with its
    conditions below it; from its JSON form; or by the name that the file gives it."""
    if isinstance(written, str) and written in named:
        return dict(json.loads(named[written]))
    if isinstance(written, str):
        return _from_words(written)
    first, value = next(iter(written.items()))
    if first.startswith(("Allow ", "Deny ")):
        return {**_from_words(first), "Condition": value}
    return dict(written)


def _from_words(words: str) -> dict[str, Any]:
    effect, _, rest = words.partition(" ")
    rest, _, resource = rest.partition(" on ")
    actions, _, principals = rest.partition(" to ")
    result: dict[str, Any] = {
        "Effect": effect,
        "Action": actions.split(", "),
        "Resource": resource.split(", ") if resource else "*",
    }
    if principals:
        result["Principal"] = _principals(principals.split(", "))
    return result


def _principals(names: list[str]) -> dict[str, Any]:
    element: dict[str, Any] = {}
    for name in names:
        kind, _, rest = name.partition(" ")
        if kind == "service":
            element.setdefault("Service", []).append(rest)
        elif kind == "federated":
            element.setdefault("Federated", []).append(rest)
        else:
            element.setdefault("AWS", []).append(WORLD["principals"].get(name, name))
    return element


def _policy(fields: Mapping[str, Any], statements: Any, kind: PolicyKind, name: str) -> Policy:
    """A policy from a list of statements, or from a text that is taken as it is."""
    if isinstance(statements, str):
        return parse_policy(statements, kind, name)
    return parse_policy(_document(fields, statements, kind), kind, name)


def _document(fields: Mapping[str, Any], statements: Any, kind: PolicyKind) -> str:
    written = [statement(each, fields.get("statements", {})) for each in statements]
    if kind is PolicyKind.TRUST:
        for each in written:
            if each.get("Resource") == "*":
                del each["Resource"]
    version = fields.get("version", "2012-10-17")
    return json.dumps({**({} if version == "none" else {"Version": version}), "Statement": written})


def _caller(fields: Mapping[str, Any]) -> Caller:
    described = WORLD["callers"][fields.get("caller", "scanner")]
    arn = described["arn"]
    principal = Principal(
        type=PrincipalType(described["type"]),
        arn=arn,
        account=arn.split(":")[4] if described.get("issuer") else "",
        issuer_arn=described.get("issuer", ""),
        user_id=described.get("id", ""),
        tags=fields.get("tags", {}),
    )
    policies = _policies(fields)
    return Caller(
        principal,
        policies.identity,
        policies.boundary,
        policies.session,
        policies.service_control,
        _context(fields),
        policies.endpoint,
    )


def _context(fields: Mapping[str, Any]) -> dict[str, ContextValue]:
    return {key: _value(value) for key, value in fields.get("context", {}).items()}


def _value(value: str | list[str]) -> ContextValue:
    return value if isinstance(value, str) else tuple(value)


def _policies(fields: Mapping[str, Any]) -> Policies:
    identity = fields.get("identity", [])
    if "when" in fields:
        identity = [{**_from_words("Allow kms:*"), "Condition": fields["when"]}]
    session = fields.get("session")
    key_policy = fields.get("key policy")
    if fields.get("resource"):
        key_policy = None
    return Policies(
        identity=(_policy(fields, identity, PolicyKind.IDENTITY, "identity"),) if identity else (),
        boundary=_policy(fields, fields["boundary"], PolicyKind.BOUNDARY, "boundary") if "boundary" in fields else None,
        session=None if session is None else _session(fields, session),
        resource=_policy(fields, key_policy, PolicyKind.KEY, "key policy") if key_policy else None,
        grants=_grants(fields),
        service_control=tuple(
            (_policy(fields, level, PolicyKind.SERVICE_CONTROL, "SCP"),) for level in fields.get("SCP", [])
        ),
        resource_control=tuple(
            (_policy(fields, level, PolicyKind.RESOURCE_CONTROL, "RCP"),) for level in fields.get("RCP", [])
        ),
        endpoint=_policy(fields, fields["endpoint"], PolicyKind.ENDPOINT, "endpoint") if "endpoint" in fields else None,
    )


def _session(fields: Mapping[str, Any], statements: Any) -> tuple[Policy, ...]:
    return (_policy(fields, statements, PolicyKind.SESSION, "session"),) if statements else ()


def _grants(fields: Mapping[str, Any]) -> tuple[Grant, ...]:
    return tuple(_grant(written, _key_arn(fields)) for written in fields.get("grants", []))


def _grant(written: Mapping[str, Any], key_arn: str) -> Grant:
    principals = WORLD["principals"]
    return Grant(
        grant_id=written.get("id", "grant-1"),
        key_arn=WORLD["keys"].get(written.get("key", ""), key_arn),
        grantee=principals.get(written.get("to", ""), written.get("to", "")),
        operations=tuple(written.get("for", "Decrypt").split(", ")),
        issuing_account=written.get("issued by", key_arn.split(":")[4]),
        retiring=principals.get(written.get("retired by", ""), written.get("retired by", "")),
        equals=written.get("equals"),
        subset=written.get("subset"),
        source_arn=written.get("source", ""),
    )


def _key_arn(fields: Mapping[str, Any]) -> str:
    return str(WORLD["keys"][fields.get("key", "home")])


def _request(fields: Mapping[str, Any]) -> Request:
    caller = _caller(fields)
    arn = fields.get("resource") or _key_arn(fields)
    account = fields.get("resource account") or (caller.principal.account if arn == "*" else arn.split(":")[4])
    resource = Resource(arn, account, fields.get("key tags"))
    return Request(caller.principal, fields.get("ask", "kms:Decrypt"), resource, _context(fields))


# Calls


def _key(fields: Mapping[str, Any], name: str, described: Mapping[str, Any]) -> Key:
    arn = WORLD["keys"][described.get("is", name)]
    details = described.get("details", {})
    return Key(
        arn=arn,
        policy=_policy(
            fields, described.get("policy", fields.get("key policy", [])), PolicyKind.KEY, f"{name} key policy"
        ),
        tags=described.get("tags", fields.get("key tags", {})),
        aliases=tuple(details.get("aliases", ())),
        spec=details.get("spec", "SYMMETRIC_DEFAULT"),
        usage=details.get("usage", "ENCRYPT_DECRYPT"),
        origin=details.get("origin", "AWS_KMS"),
        multi_region=details.get("multi region", "") != "",
        multi_region_type=details.get("multi region", ""),
        grants=tuple(_grant(grant, arn) for grant in described.get("grants", fields.get("grants", []))),
        resource_control=_policies(fields).resource_control,
        aws_managed=details.get("manager") == "AWS",
        unused_days=int(details["unused days"]) if "unused days" in details else None,
    )


def _parameters(written: Any) -> Any:
    """A request's members with numbers and booleans as boto3 takes them; `text` in quotes stays text."""
    if isinstance(written, Mapping):
        return {name: _parameters(value) for name, value in written.items()}
    if isinstance(written, list):
        return [_parameters(value) for value in written]
    if written in ("true", "false"):
        return written == "true"
    return written


def _run_needs(fields: Mapping[str, Any]) -> None:
    """`needs`: the permissions of a call, as `kms:UpdateAlias on alias/app`. Together they suffice; when everything but
    one of them is allowed, the call is refused: by the identity policy, and by the key's policy for one on a key."""
    needs = [_need(fields, *need.split(" on ")) for need in fields["needs"]]
    exact = [statement for _, _, statement in needs]
    key_policy = ["Allow kms:* to home"]
    _run_call({**fields, "identity": exact, "key policy": key_policy, "expect": "allowed"})
    for action, arn, _ in needs:
        rest = [
            {"Effect": "Allow", "NotAction": action, "Resource": "*"},
            {"Effect": "Allow", "Action": action, "NotResource": arn},
        ]
        refused = {**fields, "identity": rest, "key policy": key_policy, "expect": "refused by identity policy"}
        _run_call({**refused, "because": "no identity-based policy allows it"})
        if ":key/" not in arn:
            continue
        home = WORLD["principals"]["home"]
        others = {"Effect": "Allow", "NotAction": action, "Principal": {"AWS": home}, "Resource": "*"}
        _run_call({**fields, "identity": ["Allow *"], "key policy": [others], "expect": "refused by key policy"})


def _need(fields: Mapping[str, Any], action: str, thing: str) -> tuple[str, str, dict[str, Any]]:
    """A permission with the ARN that it is on, and the statement that gives it."""
    region, account = fields.get("region", "eu-west-1"), _caller(fields).principal.account
    arn = f"arn:aws:kms:{region}:{account}:{thing}" if thing.startswith("alias/") else WORLD["keys"].get(thing, thing)
    return action, arn, {"Effect": "Allow", "Action": action, "Resource": arn}


def _run_call(fields: Mapping[str, Any]) -> None:
    (operation, parameters), *_ = fields["call"].items()
    described = {"details": fields.get("key details", {}), "is": fields.get("key", "home")}
    keys = fields.get("keys", {"key": described})
    arn = _key_arn(fields)
    retired = fields.get("retired grant")
    call = KmsCall(
        operation=operation,
        parameters=_parameters(parameters or {}),
        region=fields.get("region", "eu-west-1"),
        account=_caller(fields).principal.account,
        keys={
            role: None if key == "none" else _key(fields, role, {"is": key} if isinstance(key, str) else key)
            for role, key in keys.items()
        },
        ciphertext_only="ciphertext only" in fields,
        grant=_grant(retired, arn) if retired else None,
    )
    _compare(fields, kms.authorize_call(_caller(fields), call))


def _run_assume(fields: Mapping[str, Any]) -> None:
    arn = WORLD["roles"].get(fields.get("role", "home"))
    role = None
    if arn and "trust" in fields:
        role = sts.Role(
            arn,
            _policy(fields, fields["trust"], PolicyKind.TRUST, "trust"),
            fields.get("role tags", {}),
            _policies(fields).resource_control,
        )
    parameters = {"RoleArn": arn or fields["role"], "RoleSessionName": "visit", **_parameters(fields.get("with") or {})}
    call = sts.StsCall(fields["assume"], parameters, role, fields.get("transitive", {}))
    _compare(fields, sts.authorize_call(_caller(fields), call))


# Documents, key states, child grants, the lockout check, the simulator


def _run_validate(fields: Mapping[str, Any]) -> None:
    kind = PolicyKind(fields["validate"])
    written = fields["document"]
    text = written if isinstance(written, str) else _document(fields, written, kind)
    if "length" in fields:
        text = _lengthened(text, int(fields["length"]), fields.get("filled with", "x"))
    existing = {WORLD["principals"].get(name, name) for name in fields.get("existing", ["home", "role"])}

    def exists(arn: str) -> bool:
        return arn in existing

    error: AwsError | None
    if kind is PolicyKind.KEY:
        error = validation.validate_key_policy(text, exists)
    elif kind is PolicyKind.TRUST:
        error = validation.validate_trust_policy(text, exists)
    elif kind is PolicyKind.SESSION:
        error = validation.validate_session_policy(text)
    else:
        holder = validation.Holder[fields.get("holder", "managed").upper()]
        error = validation.validate_identity_policy(text, holder, int(fields.get("others", "0")))
    _compare_error(fields, error)


def _lengthened(text: str, length: int, filling: str) -> str:
    """The document without white space, brought to a length in characters by a Sid in its first statement."""
    document = json.loads(text)
    first = document["Statement"][0]
    first["Sid"] = ""

    def compact() -> str:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    first["Sid"] = filling * (length - len(compact()))
    return compact()


def _run_state(fields: Mapping[str, Any]) -> None:
    for operation in fields["operation"].split(", "):
        _compare_error(fields, key_state.refusal(operation, fields["state"], _key_arn(fields)))


def _run_child(fields: Mapping[str, Any]) -> None:
    parent, child = _grant(fields["parent"], _key_arn(fields)), _grant(fields["child"], _key_arn(fields))
    problem = validate_child_grant(parent, child.operations, child.equals, child.subset, child.source_arn)
    assert ("accepted" if problem is None else "rejected") == fields["expect"], problem
    assert fields.get("because", "") in (problem or "")


def _run_lockout(fields: Mapping[str, Any]) -> None:
    key = _key(fields, "home", {"details": fields.get("key details", {}), "policy": fields["key policy"]})
    text = _document(fields, fields["new key policy"], PolicyKind.KEY)
    error = kms.lockout(_caller(fields), key, text, "eu-west-1", bypass="bypass" in fields)
    _compare_error(fields, error)


def _run_simulate(fields: Mapping[str, Any]) -> None:
    actions = fields["simulate"].split(", ")
    results = simulate.simulate(
        _caller(fields).principal, _policies(fields), actions, fields.get("resources", ["*"]), _context(fields)
    )
    answers = {
        f"{result.action} on {each.resource}": each.answer.value for result in results for each in result.resources
    }
    assert answers == fields["expect"]
    if "overall" in fields:
        assert {result.action: result.answer.value for result in results} == fields["overall"]
    if "missing" in fields:
        assert [list(result.missing) for result in results] == [fields["missing"]] * len(results)
    if "because" in fields:
        matched = [f"{each.statement} of {each.policy}" for result in results for each in result.matched]
        assert matched == fields["because"]


_RUNNERS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "may": _run_table,
    "may not": _run_table,
    "needs": _run_needs,
    "call": _run_call,
    "assume": _run_assume,
    "validate": _run_validate,
    "state": _run_state,
    "parent": _run_child,
    "new key policy": _run_lockout,
    "simulate": _run_simulate,
}


# Comparing


def _compare(fields: Mapping[str, Any], decision: Decision) -> None:
    shown = explain(decision)
    answer, _, by = fields["expect"].partition(" by ")
    if answer.startswith("refused as "):
        answer, by = "refused", answer.removeprefix("refused as ")
    assert answer in ("allowed", "refused"), f"`expect` must say allowed or refused: {fields['expect']}"
    assert decision.allowed is (answer == "allowed"), shown
    assert (decision.error is None) is decision.allowed
    undecided = by == "unsupported"
    assert (decision.outcome is Outcome.UNDECIDED) is bool(decision.unsupported) is undecided, shown
    if by:
        assert decision.source is SOURCES[by], shown
    if "because" in fields:
        assert fields["because"] in decision.reason, shown
    for line in fields.get("explains", []):
        assert line in shown.splitlines(), shown
    _compare_text(fields, decision.error)


def _compare_error(fields: Mapping[str, Any], error: AwsError | None) -> None:
    assert fields["expect"] in ("accepted", "rejected"), f"`expect` must say accepted or rejected: {fields['expect']}"
    assert ("accepted" if error is None else "rejected") == fields["expect"], error
    _compare_text(fields, error)


def _compare_text(fields: Mapping[str, Any], error: AwsError | None) -> None:
    """`error` is `Code status: text`, whose text may stop early at `...`."""
    if "error" not in fields:
        return
    assert error is not None
    shown = f"{error.code} {error.status}: {error.message}"
    expected = fields["error"]
    if expected.endswith("..."):
        assert shown.startswith(expected.removesuffix("...")), shown
    else:
        assert shown == expected
