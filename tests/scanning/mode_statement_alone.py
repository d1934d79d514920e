"""CKV_PLERION_10: a mode statement next to another that opens what it does not.

IAM adds up what the policies of a role allow. Next to a broader statement, or to the other mode's, the PlerionAccess
tag decides nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plerion_policies.blocks import ATTACHMENT_TYPES, Block
from plerion_policies.contract import mode_guard, uses_keys
from plerion_policies.documents import Document, Kind, Statement, read_document, shown
from plerion_policies.graph import Node, referred
from plerion_policies.rule import Rule

# AWS managed policies that allow the use of keys.
BROAD_MANAGED_POLICIES = ("/AdministratorAccess", "/PowerUserAccess")

ROLE_TYPES = ("aws_iam_role", "aws_iam_role_policy", *ATTACHMENT_TYPES)
MODE_ARGUMENT = "kms_key_access_mode"
MODES = {"ALL_KEYS": ("StringNotEqualsIgnoreCase", "Denied"), "SELECTED_KEYS": ("StringEqualsIgnoreCase", "Granted")}
DEFAULT_MODE = "ALL_KEYS"
NAME_ARGUMENT = "appliance_role_name"
DEFAULT_ROLE = "PlerionApplianceRole"
OUR_MODULE = "plerion-kms"


def _identity(sid: str, actions: list[str], condition: dict[str, dict[str, str]] | None = None) -> Document:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*", "Condition": condition or {}}
    document = read_document({"Statement": [statement]}, frozenset({Kind.IDENTITY}))
    assert document is not None
    return document


BROAD = _identity("AWS managed policy", ["*"])
MODE_STATEMENTS = {
    mode: _identity("PlerionKmsCmkAccess", ["kms:Decrypt"], {operator: {"aws:ResourceTag/PlerionAccess": value}})
    for mode, (operator, value) in MODES.items()
}


def findings(block: Block) -> Iterator[str]:
    """Statements of the block that add to a mode statement of the same role."""
    for document in block.documents:
        for statement in document.statements:
            yield from _added_to(statement, document.statements, "the same document")
    if block.type not in ROLE_TYPES and not block.is_module:
        return
    judged, around = block.around
    for node in judged:
        yield from _module_findings(node, around) if block.is_module else _role_findings(node, around)


def _added_to(statement: Statement, others: Iterable[Statement], where: str) -> Iterator[str]:
    if Kind.IDENTITY not in statement.kinds or not uses_keys(statement):
        return
    guard = mode_guard(statement)
    for other in others:
        if other is not statement and uses_keys(other) and mode_guard(other) not in (frozenset(), guard):
            yield (
                f"{statement.label} lets the role use keys that {other.label} in {where} keeps from it: what a role's "
                "policies allow adds up. Keep one of the two, or give both the same condition on "
                "aws:ResourceTag/PlerionAccess."
            )


def _role_findings(node: Node, around: list[Node]) -> Iterator[str]:
    others = [one for other in around if other.root == node.root for one in other.each]
    for one in node.each:
        roles = _roles(one, around)
        for other in others:
            if roles and other != one and _roles(other, around) & roles:
                theirs = _statements(other, around)
                for statement in _statements(one, around):
                    yield from _added_to(statement, theirs, other.address)


def _roles(node: Node, around: list[Node]) -> frozenset[str]:
    """The roles that the node's policies are attached to: by name, or by address where the name is not known."""
    if node.type == "aws_iam_role":
        return frozenset(node.texts("name") or [node.address])
    if node.type == "module":
        return _roles_of_call(node)
    if node.type not in ROLE_TYPES:
        return frozenset()
    found: set[str] = set()
    for text in (*node.texts("role"), *node.texts("roles"), *node.texts("role_name")):
        role = referred(text, node, around)
        found |= _roles(role, around) if role else {shown(text)}
    return frozenset(found)


def _statements(node: Node, around: list[Node]) -> list[Statement]:
    return [statement for document in _documents(node, around) for statement in document.statements]


def _documents(node: Node, around: list[Node]) -> Iterator[Document]:
    if node.type == "module":
        mode = _mode_of_call(node)
        if mode in MODE_STATEMENTS:
            yield MODE_STATEMENTS[mode]
        return
    yield from node.block.all_documents
    arns = (*node.texts("policy_arn"), *node.texts("managed_policy_arns"), *node.texts("policy_arns"))
    for reference in (*node.texts("policy"), *arns):
        policy = referred(reference, node, around)
        if policy:
            yield from _documents(policy, around)
        elif reference.endswith(BROAD_MANAGED_POLICIES):
            yield BROAD


def _module_findings(node: Node, around: list[Node]) -> Iterator[str]:
    """Two calls of plerion-kms that put different modes on one role."""
    mode, roles = _mode_of_call(node), _roles_of_call(node)
    if mode is None:
        return
    for other in around:
        if other.type == "module" and other.root == node.root and other.address != node.address:
            other_mode = _mode_of_call(other)
            if other_mode not in (None, mode) and _roles_of_call(other) & roles:
                role = min(_roles_of_call(other) & roles)
                yield (
                    f"The call sets the mode {mode} on the role {role} and {other.address} sets {other_mode}: "
                    "what a role's policies allow adds up. Keep one of the two calls."
                )


def _mode_of_call(node: Node) -> str | None:
    """The mode that a call of plerion-kms sets; None where it is another module, or attaches nothing."""
    source = node.text("source") or ""
    if OUR_MODULE not in source or not node.values:
        return None
    if "false" in (*node.texts("attach_statement"), *node.texts("create")):
        return None
    return next(iter(node.texts(MODE_ARGUMENT)), DEFAULT_MODE)


def _roles_of_call(node: Node) -> frozenset[str]:
    if _mode_of_call(node) is None:
        return frozenset()
    names = [shown(name) for name in node.texts(NAME_ARGUMENT)]
    return frozenset([*(names[:1] or [DEFAULT_ROLE]), f"${{{node.address}.appliance_role_name}}"])


Rule(10, "Ensure a mode statement is the only statement that lets its role use keys", "HIGH", findings).register()
