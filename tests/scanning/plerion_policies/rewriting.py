"""An expression of a configuration, rewritten so that Terraform can evaluate it without provider, state or account.

A reference that only a plan can resolve becomes a text with the mark UNKNOWN in it. The mark stays in whatever the text
is put into, so that what is known around it can be read. It must not decide anything: where a condition, a filter or a
key depends on it, the rewritten expression yields a text with the mark UNDECIDED instead of either answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plerion_policies.hcl import Block, Group, Insertion, Node, Template, source_of

UNKNOWN = "\ue000"
UNDECIDED = "\ue001"
MANY = "\ue002"
"""Stands in an element that stands for any number of elements."""

ADDRESS = "plerion_kms_module_address"
"""The variable of each written module that holds its address, so that references from two modules differ."""
DOCUMENT_TYPE = "aws_iam_policy_document"
FILE_FUNCTIONS = ("file", "filebase64", "fileexists", "fileset", "templatefile", "filesha256", "filemd5")
# What they return of a text with a mark in it has no mark any more, or is another text than AWS will see.
LOSING_THE_MARK = (
    *("substr", "regex", "regexall", "index", "matchkeys", "parseint", "strrev", "base64encode", "urlencode"),
    *("md5", "sha1", "sha256", "sha512", "contains", "startswith", "endswith", "strcontains"),
)
CHANGING = ("timestamp", "plantimestamp", "uuid", "uuidv5", "bcrypt")
WITHOUT_EFFECT = ("sensitive", "nonsensitive", "ephemeralasnull")
LITERALS = ("true", "false", "null")
ATTRIBUTES_OF_ANY = ("arn", "id", "name", "key_id", "unique_id", "account_id", "json", "url", "user_id", "partition")
CHECKED_IN_TEMPLATES = r"%\\{~?\\s*if|\\?"
NAME = re.compile(r"[^\W\d][\w-]*")


# What would end the text or begin another template, in the text that names an expression.
SHOWN = str.maketrans('"\\{}', "'/()", "$%")


def unknown(what: str, mark: str = "", *, addressed: bool = False) -> str:
    """The HCL text for a value that only a plan knows. addressed: whether `what` begins with a block's address."""
    named = what.translate(SHOWN)
    module = f"${{var.{ADDRESS}}}" if addressed else ""
    return f'"{UNKNOWN}{mark}$${{{module}{named[:200]}}}"'


def quoted(text: str) -> str:
    """The HCL text of a string."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


@dataclass(frozen=True)
class Scope:
    """What names mean in one module. folder, root: the module's and the root module's, where paths start.

    calls: the module calls that can be followed. blocks: resources by "type.name", data sources by "data.type.name".
    """

    folder: Path
    root: Path
    calls: frozenset[str]
    blocks: Mapping[str, Block]


@dataclass
class Rewriter:
    """Rewrites the expressions of one module. bound: names that a `for` binds."""

    scope: Scope
    bound: frozenset[str] = field(default_factory=frozenset)

    def value(self, nodes: Sequence[Node], what: str = "") -> str:
        """The expression; what cannot be evaluated is UNDECIDED."""
        described = unknown(what or source_of(nodes), UNDECIDED)
        return f"try({self.expression(nodes)}, {described})"

    def expression(self, nodes: Sequence[Node]) -> str:
        """One expression, without separators at its top level. A `?` splits it: it binds weakest."""
        choice = _choice(nodes)
        if choice is None:
            return self._operands(nodes)
        condition, first, second = choice
        either = unknown(source_of(nodes), UNDECIDED)
        known = self._depends(condition)
        chosen = f"[{self.value(first)}, {self.value(second)}][{self.expression(condition)} ? 0 : 1]"
        if known is None:
            return chosen
        return f"[{either}, try({chosen}, {either})][{known} ? 0 : 1]"

    def with_bound(self, names: Sequence[str]) -> Rewriter:
        """The same, where a `for` binds further names."""
        return Rewriter(self.scope, self.bound | set(names))

    def each(self, nodes: Sequence[Node]) -> str:
        """A collection to iterate over; what is not known is one element that stands for all."""
        collection = self.expression(nodes)
        one = f"try({collection}, {unknown(source_of(nodes), MANY)})"
        return f"[[{one}], {one}][can(tostring({one})) ? 0 : 1]"

    def instances(self, block_nodes: Sequence[Node]) -> str:
        """Objects with key and value for what a for_each iterates over."""
        element = unknown(source_of(block_nodes), MANY)
        return (
            f"try([for k, v in {self.expression(block_nodes)} : {{ key = k, value = v }}], "
            f"[{{ key = {element}, value = {element} }}])"
        )

    def _depends(self, nodes: Sequence[Node]) -> str | None:
        """The HCL condition that the expression depends on what only a plan knows; None where it refers to nothing."""
        checks = [*self._references(nodes)]
        return f"({' || '.join(dict.fromkeys(checks))})" if checks else None

    def _references(self, nodes: Sequence[Node]) -> list[str]:
        checks: list[str] = []
        position = 0
        while position < len(nodes):
            node = nodes[position]
            before = nodes[position - 1] if position else ""
            following = nodes[position + 1] if position + 1 < len(nodes) else ""
            if isinstance(node, Template):
                for part in node.parts:
                    if isinstance(part, Insertion):
                        checks += self._references(part.nodes)
            elif isinstance(node, Group):
                if node.nodes and node.nodes[0] == "for":
                    checks.append(f'strcontains(try(jsonencode({self._group(node)}), ""), "{UNKNOWN}")')
                else:
                    checks += self._references(node.nodes)
            elif node == "length" and isinstance(following, Group):
                argument = self.expression(following.nodes)
                checks.append(f'(can(tostring({argument})) || strcontains(try(jsonencode({argument}), ""), "{MANY}"))')
                position += 1
            elif before != "." and self._begins_reference(node, following):
                end = _traversal_end(nodes, position)
                reference = self._traversal(nodes[position:end])
                checks.append(f'strcontains(try(jsonencode({reference}), ""), "{UNKNOWN}")')
                position = end - 1
            position += 1
        return checks

    def _begins_reference(self, node: Node, following: Node) -> bool:
        return (
            isinstance(node, str)
            and NAME.fullmatch(node) is not None
            and node not in (*LITERALS, "in", "if", "for")
            and not (isinstance(following, Group) and following.opening == "(")
            and (following == "." or isinstance(following, Group) or node in self.bound)
        )

    def _operands(self, nodes: Sequence[Node]) -> str:
        written = []
        position = 0
        while position < len(nodes):
            node = nodes[position]
            following = nodes[position + 1] if position + 1 < len(nodes) else ""
            before = nodes[position - 1] if position else ""
            if isinstance(node, Template):
                written.append(self._template(node))
            elif isinstance(node, Group):
                written.append(self._group(node))
            elif node == "\n":
                written.append(" ")
            elif following == "::":
                end = position
                while end < len(nodes) and not isinstance(nodes[end], Group):
                    end += 1
                written.append(unknown(source_of(nodes[position : end + 1])))
                position = end
            elif NAME.fullmatch(node) and isinstance(following, Group) and following.opening == "(":
                written.append(self._call(node, following))
                position += 1
            elif before != "." and NAME.fullmatch(node) and node not in LITERALS:
                end = _traversal_end(nodes, position)
                written.append(self._traversal(nodes[position:end]))
                position = end - 1
            else:
                written.append(node)
            position += 1
        return " ".join(written)

    def _group(self, group: Group) -> str:
        first = next((node for node in group.nodes if node != "\n"), None)
        if first == "for" and group.opening != "(":
            return self._for(group)
        if group.opening == "(":
            return f"({', '.join(self.expression(part) for part in _split(group.nodes, (',',)))})"
        if group.opening == "[":
            return f"[{', '.join(self._argument(part) for part in _split(group.nodes, (',',)))}]"
        items = (self._item(item) for item in _split(group.nodes, (",", "\n")))
        return f"{{ {', '.join(items)} }}"

    def _argument(self, nodes: Sequence[Node]) -> str:
        if nodes[-1] == "...":
            return f"{self.expression(nodes[:-1])}..."
        return self.expression(nodes)

    def _item(self, nodes: Sequence[Node]) -> str:
        at = next((i for i, node in enumerate(nodes) if node in ("=", ":")), len(nodes))
        key = nodes[:at]
        if len(key) == 1 and isinstance(key[0], str):
            name = quoted(key[0]) if NAME.fullmatch(key[0]) else key[0]
        else:
            name = f"({self.expression(key)})"
        return f"{name} = {self.expression(nodes[at + 1 :])}"

    def _for(self, group: Group) -> str:
        nodes = [node for node in group.nodes if node != "\n"]
        within = nodes.index("in")
        names = [node for node in nodes[1:within] if isinstance(node, str) and node != ","]
        rest = nodes[within + 1 :]
        colon = _end_of_collection(rest)
        inner = self.with_bound(names)
        body = rest[colon + 1 :]
        at_if = next((i for i, node in enumerate(body) if node == "if"), len(body))
        filter_, body = body[at_if + 1 :], body[:at_if]
        key = ""
        if "=>" in body:
            arrow = body.index("=>")
            key, body = f"({inner.expression(body[:arrow])}) => ", body[arrow + 1 :]
        grouped = body[-1] == "..."
        value = inner.expression(body[:-1] if grouped else body)
        condition = ""
        if filter_:
            depends = inner._depends(filter_)
            condition = f" if {inner.expression(filter_)}"
            if depends:
                either = unknown(source_of(filter_), UNDECIDED)
                value = f"[{either}, {value}][{depends} ? 0 : 1]"
                condition = f" if try({depends} || try(tobool({inner.expression(filter_)}), true), true)"
        opening, closing = group.opening, group.closing
        collection = self.each(rest[:colon])
        return (
            f"{opening}for {', '.join(names)} in {collection} : {key}{value}{'...' if grouped else ''}"
            f"{condition}{closing}"
        )

    def _call(self, name: str, group: Group) -> str:
        parts = _split(group.nodes, (",",))
        arguments = [self._argument(part) for part in parts]
        call = f"{name}({', '.join(arguments)})"
        described = source_of([name, group])
        if name in CHANGING:
            return unknown(described)
        if name in WITHOUT_EFFECT and arguments:
            return f"({arguments[0]})"
        if name in FILE_FUNCTIONS and parts:
            return self._reading(name, parts, described)
        depends: str | None = None
        if name in LOSING_THE_MARK:
            depends = self._depends(group.nodes)
        elif name == "length":
            depends = self._depends([name, group])
        elif name in ("lookup", "element") and len(parts) > 1:
            depends = self._depends(parts[1])
        elif name in ("try", "can") and parts and (tried := self._depends(parts[0])):
            depends = f"(!can({arguments[0]}) && {tried})"
        if depends:
            either = unknown(described, UNDECIDED)
            return f"[{either}, try({call}, {either})][{depends} ? 0 : 1]"
        return call

    def _reading(self, name: str, parts: list[list[Node]], described: str) -> str:
        # Terraform reads a relative path from the folder that it is started in: the root module's.
        start = quoted(f"{self.scope.root}/")
        path = f'[for p in [{self.expression(parts[0])}] : startswith(p, "/") ? p : "${{{start}}}${{p}}"][0]'
        rest = [self.expression(part) for part in parts[1:]]
        call = f"{name}({', '.join([path, *rest])})"
        depends = self._depends(parts[1]) if name == "templatefile" and len(parts) > 1 else None
        if depends:
            either = unknown(described, UNDECIDED)
            chooses = f'try(length(regexall("{CHECKED_IN_TEMPLATES}", file({path}))) > 0, true)'
            return f"[{either}, {call}][{depends} && {chooses} ? 0 : 1]"
        return call

    def _template(self, template: Template) -> str:
        inner = self
        written = ""
        for part in template.parts:
            if isinstance(part, str):
                written += part
                continue
            text, inner = inner._sequence(part)
            written += text
        if template.heredoc:
            mark = f"<<{'-' if template.indented else ''}{template.heredoc}"
            # A heredoc ends with a line of its own, which an expression within brackets may not.
            return f"[\n{mark}\n{written}{template.heredoc}\n][0]"
        return f'"{written}"'

    def _sequence(self, part: Insertion) -> tuple[str, Rewriter]:
        opening = part.opening + ("~" if part.trim_before else "")
        closing = ("~" if part.trim_after else "") + "}"
        nodes = [node for node in part.nodes if node != "\n"]
        if part.opening == "${":
            return f"{opening}{self.expression(nodes)}{closing}", self
        if nodes and nodes[0] == "if":
            depends = self._depends(nodes[1:])
            condition = self.expression(nodes[1:])
            if depends is None:
                return f"{opening} if {condition} {closing}", self
            either = unknown(source_of(nodes[1:]), UNDECIDED)
            return f'${{{depends} ? {either} : ""}}{opening} if try({condition}, false) {closing}', self
        if nodes and nodes[0] == "for":
            within = nodes.index("in")
            names = [node for node in nodes[1:within] if isinstance(node, str) and node != ","]
            collection = self.each(nodes[within + 1 :])
            return f"{opening} for {', '.join(names)} in {collection} {closing}", self.with_bound(names)
        return f"{opening} {' '.join(map(str, nodes))} {closing}", self

    def _traversal(self, nodes: Sequence[Node]) -> str:
        root = nodes[0]
        if root in self.bound or root in ("each", "count") or len(nodes) == 1:
            return f"{root}{self._rest(nodes[1:])}"
        name = nodes[2] if len(nodes) > 2 and nodes[1] == "." else None
        rest = nodes[3:]
        if root == "path":
            folders = {"module": self.scope.folder, "root": self.scope.root, "cwd": self.scope.root}
            return quoted(str(folders.get(str(name), self.scope.root)))
        if root == "var" and name:
            return f"local.v_{name}{self._rest(rest)}"
        if root == "local" and name:
            return f"local.l_{name}{self._rest(rest)}"
        if root == "module" and name in self.scope.calls:
            return f"module.{name}{self._rest(rest)}"
        if (
            root == "data"
            and name == DOCUMENT_TYPE
            and len(nodes) > 4
            and f"data.{name}.{nodes[4]}" in self.scope.blocks
        ):
            return f"local.d_{nodes[4]}{self._rest(nodes[5:])}"
        if root == "data" and len(nodes) > 4:
            return self._of_provider(f"data.{name}.{nodes[4]}", nodes, nodes[5:])
        if root == "module":
            return self._of_provider(f"module.{name}", nodes, rest)
        return self._of_provider(f"{root}.{name}", nodes, rest)

    def _of_provider(self, address: str, nodes: Sequence[Node], rest: Sequence[Node]) -> str:
        """What a provider or a module out of reach makes; a reference to it as a whole becomes an object."""
        text = source_of(nodes)
        if "*" in rest or any(isinstance(node, Group) and node.nodes == ["*"] for node in rest):
            return f"[{unknown(text, MANY, addressed=True)}]"
        if any(node == "." for node in rest) or nodes[0] in ("self", "terraform"):
            return unknown(text, addressed=True)
        attributes = ", ".join(f"{name} = {unknown(f'{text}.{name}', addressed=True)}" for name in ATTRIBUTES_OF_ANY)
        block = self.scope.blocks.get(address)
        if not rest and block and {"count", "for_each"} & block.body.attributes.keys():
            listed = "count" in block.body.attributes
            one = f"{{ {attributes}, many = {unknown(text, MANY, addressed=True)} }}"
            return f"[{one}]" if listed else f"{{ {unknown(text, MANY, addressed=True)} = {one} }}"
        return f"{{ {attributes} }}"

    def _rest(self, nodes: Sequence[Node]) -> str:
        return "".join(
            node if isinstance(node, str) else f"[{'*' if node.nodes == ['*'] else self.expression(node.nodes)}]"
            for node in nodes
            if not isinstance(node, Template)
        )


def _traversal_end(nodes: Sequence[Node], start: int) -> int:
    end = start + 1
    while end < len(nodes):
        node = nodes[end]
        if node == "." and end + 1 < len(nodes):
            end += 2
        elif isinstance(node, Group) and node.opening == "[":
            end += 1
        else:
            break
    return end


def _choice(nodes: Sequence[Node]) -> tuple[Sequence[Node], Sequence[Node], Sequence[Node]] | None:
    if "?" not in nodes:
        return None
    question = list(nodes).index("?")
    depth = 0
    for position in range(question + 1, len(nodes)):
        depth += nodes[position] == "?"
        if nodes[position] == ":":
            if depth == 0:
                return nodes[:question], nodes[question + 1 : position], nodes[position + 1 :]
            depth -= 1
    return None


def _end_of_collection(nodes: Sequence[Node]) -> int:
    depth = 0
    for position, node in enumerate(nodes):
        depth += node == "?"
        if node == ":":
            if depth == 0:
                return position
            depth -= 1
    return len(nodes)


def _split(nodes: Sequence[Node], separators: tuple[str, ...]) -> list[list[Node]]:
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if isinstance(node, str) and node in separators:
            parts.append([])
        elif node != "\n":
            parts[-1].append(node)
    return [part for part in parts if part]
