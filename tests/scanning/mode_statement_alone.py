"""CKV_PLERION_10: a mode statement beside another that opens what it does not.

IAM adds up what the policies of a role allow. Beside a broader statement, or beside the other mode's, the PlerionAccess
tag decides nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plerion_policies.blocks import ATTACHMENT_TYPES, Block
from plerion_policies.contract import mode_guard, uses_keys
from plerion_policies.documents import Document, Kind, Statement, read_blocks, structure_of, texts_of
from plerion_policies.graph import Node, nodes, referred, same_block
from plerion_policies.rule import Rule

# AWS managed policies that allow the use of keys.
BROAD_MANAGED_POLICIES = ("/AdministratorAccess", "/PowerUserAccess")
BROAD = read_blocks([{"sid": "AWS managed policy", "actions": ["*"], "resources": ["*"]}])

ROLE_TYPES = ("aws_iam_role", "aws_iam_role_policy", *ATTACHMENT_TYPES)
MODE_ARGUMENT = "kms_key_access_mode"
DEFAULT_MODE = "ALL_KEYS"
NAME_ARGUMENTS = ("appliance_role_name", "role_name")


def findings(block: Block) -> Iterator[str]:
    """Statements of the block that add to a mode statement of the same role."""
    for document in block.documents:
        for statement in document.statements:
            yield from _added_to(statement, document.statements, "the same document")
    if block.type not in ROLE_TYPES and not block.is_module:
        return
    around = nodes(block.graph)
    for node in around:
        if same_block(node, block):
            yield from _module_findings(node, around) if block.is_module else _role_findings(node, around)


def _added_to(statement: Statement, others: Iterable[Statement], where: str) -> Iterator[str]:
    if statement.kind is not Kind.IDENTITY or not uses_keys(statement):
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
    role = _role(node, around)
    if role is None:
        return
    for other in around:
        if other.root == node.root and other.address != node.address and _role(other, around) == role:
            theirs = _statements(other, around)
            for statement in _statements(node, around):
                yield from _added_to(statement, theirs, other.address)


def _role(node: Node, around: list[Node]) -> str | None:
    """The role that the node's policies are attached to: its name, or its address where the name is not known."""
    if node.type == "aws_iam_role":
        return node.text("name") or node.address
    if node.type not in ROLE_TYPES:
        return None
    roles = texts_of(node.conf.get("role")) or texts_of(node.conf.get("roles"))
    if not roles:
        return None
    role = referred(roles[0], node, around)
    return _role(role, around) if role else roles[0]


def _statements(node: Node, around: list[Node]) -> list[Statement]:
    return [statement for document in _documents(node, around) for statement in document.statements]


def _documents(node: Node, around: list[Node]) -> Iterator[Document]:
    yield from node.block.documents
    by_reference = referred(node.text("policy"), node, around)
    if by_reference:
        yield from by_reference.block.documents
    arns = texts_of(node.conf.get("policy_arn")) + texts_of(node.conf.get("managed_policy_arns"))
    for arn in arns:
        policy = referred(arn, node, around)
        if policy:
            yield from _documents(policy, around)
        elif arn.endswith(BROAD_MANAGED_POLICIES):
            yield BROAD


def _module_findings(node: Node, around: list[Node]) -> Iterator[str]:
    """Two calls of our modules that put different modes on one role."""
    mode, role = _call(node)
    if mode is None:
        return
    for other in around:
        if other.type == "module" and other.root == node.root and other.address != node.address:
            other_mode, other_role = _call(other)
            if other_mode not in (None, mode) and other_role == role:
                yield (
                    f"The call sets the mode {mode} on the role {role} and module.{other.address} sets {other_mode}: "
                    "what a role's policies allow adds up. Keep one of the two calls."
                )


def _call(node: Node) -> tuple[str | None, str]:
    source = node.text("source") or ""
    if "plerion-kms" not in source and "cmk-access" not in source:
        return None, ""
    names = [name for argument in NAME_ARGUMENTS for name in texts_of(node.conf.get(argument))]
    attached = structure_of(node.conf.get("attach_statement", True)) is not False
    created = structure_of(node.conf.get("create", True)) is not False
    mode = next(iter(texts_of(node.conf.get(MODE_ARGUMENT))), DEFAULT_MODE)
    return mode if attached and created else None, names[0] if names else "PlerionApplianceRole"


Rule(10, "Ensure a mode statement is the only statement that lets its role use keys", "HIGH", findings).register()
