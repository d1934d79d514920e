"""Folders of Terraform as they are read, and written again so that `terraform console` can evaluate them.

Each folder becomes a module that holds its variables, its locals, its calls of modules in reach, and one local value
for each block, as JSON. Nothing in it needs a provider.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from plerion_policies.hcl import Block, Body, Group, HclError, Node, Template, expression, parse, parse_json, source_of
from plerion_policies.rewriting import (
    ADDRESS,
    DOCUMENT_TYPE,
    MANY,
    UNDECIDED,
    Rewriter,
    Scope,
    quoted,
    unknown,
)

NATIVE = (".tf", ".tofu")
JSON = (".tf.json", ".tofu.json")
VARIABLE_FILES = ("terraform.tfvars", "terraform.tfvars.json")
META_ARGUMENTS = ("count", "for_each", "depends_on", "provider", "providers", "source")
# Their content is neither a policy nor a tag, and may refer to what is known after apply only.
SKIPPED_BLOCKS = ("lifecycle", "provisioner", "connection", "dynamic")
RESULT = "result"
OFFERED = "offered"
"""The outputs of a module that is written: what its blocks hold, and what its own outputs are."""


@dataclass
class Folder:
    """The blocks of one folder's files. unread: files that are not HCL, with what is wrong."""

    path: Path
    blocks: list[Block] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    unread: dict[Path, str] = field(default_factory=dict)

    def of(self, type_: str) -> Iterator[Block]:
        """The top-level blocks of a type."""
        return (block for block in self.blocks if block.type == type_)

    @cached_property
    def variables(self) -> dict[str, Block]:
        """The variables by name."""
        return {block.labels[0]: block for block in self.of("variable") if block.labels}

    @cached_property
    def calls(self) -> dict[str, Path]:
        """The folders of the modules that are called by path, by the name of the call."""
        found = {}
        for block in self.of("module"):
            source = _literal(block.body.attributes.get("source", []))
            if block.labels and source and source.startswith((".", "/")):
                folder = (self.path / source).resolve()
                if folder.is_dir():
                    found[block.labels[0]] = folder
        return found

    @cached_property
    def addressed(self) -> dict[str, Block]:
        """Resources and data sources by "type.name" and "data.type.name", modules by "module.name", and providers."""
        found = {}
        for block in self.blocks:
            if block.type in ("resource", "data", "module", "provider") and block.labels:
                prefix = [] if block.type == "resource" else [block.type]
                address = ".".join([*prefix, *block.labels])
                if block.type == "provider" and (alias := _literal(block.body.attributes.get("alias", []))):
                    address += f".{alias}"
                found[address] = block
        return found


def read_folder(path: Path) -> Folder:
    """The configuration in one folder; files that are not HCL are named in it."""
    folder = Folder(path)
    # Override files come last, and what they say replaces.
    for file in sorted(path.iterdir(), key=lambda file: ("override" in file.name, file.name)):
        if not file.name.endswith((*NATIVE, *JSON)) or not file.is_file() or file.name.startswith("."):
            continue
        folder.files.append(file)
        try:
            text = file.read_text(encoding="utf-8")
            body = parse_json(text) if file.name.endswith(JSON) else parse(text)
        except (HclError, OSError, UnicodeDecodeError, RecursionError) as error:
            folder.unread[file] = str(error)
            continue
        override = file.name.startswith("override.") or file.stem.split(".")[0].endswith("_override")
        for block in body.blocks:
            _add(folder.blocks, block, override)
    return folder


def _add(blocks: list[Block], block: Block, override: bool) -> None:
    same = [other for other in blocks if (other.type, other.labels) == (block.type, block.labels)] if override else []
    for other in same:
        other.body.attributes.update(block.body.attributes)
        replaced = {nested.type for nested in block.body.blocks}
        kept = [nested for nested in other.body.blocks if nested.type not in replaced]
        other.body.blocks = [*kept, *block.body.blocks]
    if not same:
        blocks.append(block)


def variable_values(path: Path) -> dict[str, list[Node]]:
    """The values that Terraform takes from files in the root module by itself, by variable."""
    named = [path / name for name in VARIABLE_FILES]
    values: dict[str, list[Node]] = {}
    for file in [*named, *sorted((*path.glob("*.auto.tfvars"), *path.glob("*.auto.tfvars.json")))]:
        try:
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".json":
                document = json.loads(text)
                values |= {name: [_json_value(value)] for name, value in document.items()}
            else:
                values |= parse(text).attributes
        except (OSError, ValueError, AttributeError):
            continue
    return values


def _json_value(value: object) -> Node:
    # A value of a variable is no template.
    return Group("(", expression(f"jsondecode({quoted(json.dumps(value))})"))


def _literal(nodes: Sequence[Node]) -> str | None:
    match nodes:
        case [Template(parts=[str(text)])]:
            return text
    return None


def address_key(address: str) -> str:
    """The name of the local value that holds a block."""
    return "b_" + "".join(char if char.isalnum() else f"_{ord(char):x}_" for char in address)


@dataclass
class Written:
    """A folder as a module for `terraform console`. `dropped`: locals that Terraform refused, left out."""

    folder: Folder
    name: str
    root: Path
    targets: Mapping[str, str]
    dropped: set[str] = field(default_factory=set)

    @cached_property
    def _rewriter(self) -> Rewriter:
        return Rewriter(Scope(self.folder.path, self.root, frozenset(self.targets), self.folder.addressed))

    def text(self) -> tuple[str, dict[str, tuple[int, int]]]:
        """The module, and the lines of each local value in it."""
        lines = [f'variable "{ADDRESS}" {{\n  default = ""\n}}']
        places: dict[str, tuple[int, int]] = {}
        for name, variable in self.folder.variables.items():
            lines += _variable(name, variable)
        lines.append("locals {")
        for name, value, what in self._locals():
            first = sum(text.count("\n") + 1 for text in lines) + 1
            written = unknown(what, UNDECIDED) if name in self.dropped else value
            lines.append(f"  {name} = {written}")
            places[name] = (first, sum(text.count("\n") + 1 for text in lines))
        lines.append("}")
        for name, target in self.targets.items():
            lines += self._call(self.folder.addressed[f"module.{name}"], name, target)
        lines += self._outputs()
        return "\n".join(lines) + "\n", places

    def _locals(self) -> Iterator[tuple[str, str, str]]:
        rewriter = self._rewriter
        for name, variable in self.folder.variables.items():
            yield f"v_{name}", _converted(f"var.{name}", variable.body.attributes.get("type", [])), f"var.{name}"
        for block in self.folder.of("locals"):
            for name, nodes in block.body.attributes.items():
                yield f"l_{name}", rewriter.value(nodes), f"local.{name}"
        for output in self.folder.of("output"):
            if output.labels and "value" in output.body.attributes:
                name = output.labels[0]
                yield f"o_{name}", rewriter.value(output.body.attributes["value"]), f"output.{name}"
        for name in self.targets:
            for argument, nodes in self.folder.addressed[f"module.{name}"].body.attributes.items():
                if argument in ("count", "for_each"):
                    yield f"c_{name}", self._repeated(argument, nodes), f"module.{name}"
        for address, block in self.folder.addressed.items():
            key = address_key(address)
            if block.type == "data" and block.labels[0] == DOCUMENT_TYPE:
                of = f"{self.folder.path}:{address}"
                yield f"s_{block.labels[1]}", self._instances(block), address
                yield f"d_{block.labels[1]}", _document(block, of), address
                yield key, f"[for d in {_made(block)} : {{ json = d.json }}]", address
            else:
                yield key, self._instances(block), address

    def _repeated(self, argument: str, nodes: Sequence[Node]) -> str:
        value = self._rewriter.expression(nodes)
        if argument == "count":
            return f"try(tonumber({value}), 1)"
        element = unknown(source_of(nodes), MANY)
        return f"try({{ for k, v in {value} : k => v }}, {{ {element} = {element} }})"

    def _instances(self, block: Block) -> str:
        content = self._body(block.body)
        attributes = block.body.attributes
        if "for_each" in attributes:
            return f"[for each in {self._rewriter.instances(attributes['for_each'])} : {content}]"
        if "count" in attributes:
            count = f"try(tonumber({self._rewriter.expression(attributes['count'])}), 1)"
            return f"[for count in [for i in range({count}) : {{ index = i, key = i }}] : {content}]"
        return f"[{content}]"

    def _body(self, body: Body, rewriter: Rewriter | None = None) -> str:
        rewriter = rewriter or self._rewriter
        items = [
            f"{quoted(name)} = {rewriter.value(nodes)}"
            for name, nodes in body.attributes.items()
            if name not in META_ARGUMENTS or (name == "source" and _literal(nodes))
        ]
        nested: dict[str, list[str]] = {}
        for block in body.blocks:
            if block.type == "dynamic" and block.labels:
                content = next(block.body.of("content"), None)
                iterator = source_of(block.body.attributes.get("iterator", [block.labels[0]]))
                if content:
                    inner = self._body(content.body, rewriter.with_bound([iterator]))
                    each = rewriter.instances(block.body.attributes.get("for_each", []))
                    nested.setdefault(block.labels[0], []).append(f"[for {iterator} in {each} : {inner}]")
            elif block.type not in SKIPPED_BLOCKS:
                nested.setdefault(block.type, []).append(f"[{self._body(block.body, rewriter)}]")
        items += [f"{quoted(name)} = concat({', '.join(parts)})" for name, parts in nested.items()]
        return f"{{ {', '.join(items)} }}"

    def _call(self, block: Block, name: str, target: str) -> Iterator[str]:
        yield f'module "{name}" {{'
        yield f'  source = "../{target}"'
        yield f'  {ADDRESS} = "${{var.{ADDRESS}}}module.{name}."'
        for argument in ("count", "for_each"):
            if argument in block.body.attributes:
                yield f"  {argument} = local.c_{name}"
        for argument, nodes in block.body.attributes.items():
            if argument not in META_ARGUMENTS and argument in self.accepted[name]:
                yield f"  {argument} = {self._rewriter.value(nodes)}"
        yield "}"

    accepted: dict[str, frozenset[str]] = field(default_factory=dict)
    """The variables of each called module."""

    def _outputs(self) -> Iterator[str]:
        for output in self.folder.of("output"):
            if output.labels and output.labels[0] not in (RESULT, OFFERED) and "value" in output.body.attributes:
                name = output.labels[0]
                yield f'output "{name}" {{\n  value = try(nonsensitive(local.o_{name}), local.o_{name})\n}}'
        keys = [
            f"{quoted(address)} = {_plain(f'jsonencode(local.{address_key(address)})')}"
            for address in self.folder.addressed
        ]
        modules = []
        for name in self.targets:
            attributes = self.folder.addressed[f"module.{name}"].body.attributes
            each = f"values(module.{name})[*]" if "for_each" in attributes else f"module.{name}[*]"
            modules.append(f"{name} = {each}.{RESULT}")
        yield f'output "{RESULT}" {{'
        yield f"  value = {{ blocks = {{ {', '.join(keys)} }}, modules = {{ {', '.join(modules)} }} }}"
        yield "}"


def _plain(value: str) -> str:
    """A value without the mark of the sensitive, which Terraform refuses to take from what is not sensitive."""
    return f"try(nonsensitive({value}), {value})"


def _variable(name: str, block: Block) -> Iterator[str]:
    attributes = block.body.attributes
    type_ = attributes.get("type", [])
    default = attributes.get("default")
    yield f'variable "{name}" {{'
    if default is None:
        yield f"  default = {_unknown_of(f'var.{name}', type_)}"
    else:
        yield f"  default = {Rewriter(Scope(Path(), Path(), frozenset(), {})).expression(default)}"
    if source_of(attributes.get("nullable", [])) == "false":
        yield "  nullable = false"
    yield "}"


def _type(nodes: Sequence[Node]) -> tuple[str, list[Node]]:
    """The name of a type constraint and what it is of."""
    nodes = [node for node in nodes if node != "\n"]
    match nodes:
        case [str(name), Group(opening="(", nodes=inner)]:
            return name, inner
        case [str(name)]:
            return name, []
    return "any", []


def _attributes_of(nodes: Sequence[Node]) -> Iterator[tuple[str, list[Node], list[Node] | None]]:
    """The attributes of an object type: name, type, and the default where it is optional ([] for null)."""
    group = next((node for node in nodes if isinstance(node, Group)), Group("{", []))
    item: list[Node] = []
    for node in [*group.nodes, "\n"]:
        if node not in (",", "\n"):
            item.append(node)
            continue
        if len(item) >= 3 and isinstance(item[0], str):
            name, inner = _type(item[2:])
            if name == "optional":
                comma = inner.index(",") if "," in inner else len(inner)
                yield item[0], inner[:comma], inner[comma + 1 :]
            else:
                yield item[0], item[2:], None
        item = []


def _unknown_of(what: str, type_: Sequence[Node]) -> str:
    """A value of the type that only a plan knows."""
    name, inner = _type(type_)
    if name in ("list", "set"):
        return f"[{_many(what, inner)}]"
    if name == "map":
        return f"{{ {unknown(what, MANY)} = {_many(what, inner)} }}"
    if name == "object":
        attributes = (f"{key} = {_unknown_of(f'{what}.{key}', of)}" for key, of, _ in _attributes_of(inner))
        return f"{{ {', '.join(attributes)} }}"
    return unknown(what)


def _many(what: str, type_: Sequence[Node]) -> str:
    name, _ = _type(type_)
    return _unknown_of(what, type_) if name in ("list", "set", "map", "object") else unknown(what, MANY)


def _converted(value: str, type_: Sequence[Node], depth: int = 0) -> str:
    """The value as Terraform converts it to the type of its variable; texts that stand for the unknown stay."""
    name, inner = _type(type_)
    item = f"x{depth}"
    if name in ("string", "number", "bool"):
        return f"try(to{name}({value}), {value})"
    if name in ("list", "set"):
        each = f"[for {item} in {value} : {_converted(item, inner, depth + 1)}]"
        return f"try({'distinct' if name == 'set' else ''}({each}), {value})"
    if name == "map":
        return f"try({{ for k{depth}, {item} in {value} : k{depth} => {_converted(item, inner, depth + 1)} }}, {value})"
    if name == "object":
        items = []
        for key, of, default in _attributes_of(inner):
            given = _converted(f"{item}.{key}", of, depth + 1)
            if default is not None:
                instead = Rewriter(Scope(Path(), Path(), frozenset(), {})).expression(default) if default else "null"
                given = f"[for y in [try({given}, null)] : [{instead}, y][try(y == null, false) ? 0 : 1]][0]"
            items.append(f"{key} = {given}")
        return f"try([for {item} in [{value}] : {{ {', '.join(items)} }}][0], {value})"
    return value


def _made(block: Block) -> str:
    """The list of what an `aws_iam_policy_document` makes."""
    name = f"local.d_{block.labels[1]}"
    if "for_each" in block.body.attributes:
        return f"values({name})"
    return name if "count" in block.body.attributes else f"[{name}]"


# The JSON that `aws_iam_policy_document` makes of its blocks; "Documents" names the data sources that it comes from.
STATEMENT = """{ for k, v in {
      Sid = try(s.sid, null), Effect = try(s.effect == null ? "Allow" : s.effect, "Allow"),
      Action = try(s.actions, null), NotAction = try(s.not_actions, null),
      Resource = try(s.resources, null), NotResource = try(s.not_resources, null),
      Principal = try(length(s.principals) > 0, false) ? %(principals)s : null,
      NotPrincipal = try(length(s.not_principals) > 0, false) ? %(not_principals)s : null,
      Condition = try(length(s.condition) > 0, false) ? { for t in distinct([for c in s.condition : c.test]) : t => {
        for n, l in { for c in s.condition : c.variable => c.values... if c.test == t } : n => flatten(l) } } : null
    } : k => v if v != null }"""
PRINCIPALS = "{ for t, l in { for p in s.%s : p.type => p.identifiers... } : t => flatten(l) }"
DOCUMENT = """[for x in local.s_%(name)s : { key = try(x.key, 0), json = jsonencode([for given in [{
    base = concat(try(x.source_policy_documents, []), try([x.source_json], []))
    over = concat(try(x.override_policy_documents, []), try([x.override_json], []))
    own = [for s in try(x.statement, []) : %(statement)s]
  }] : [for all in [concat(
    flatten([for d in given.base : try([jsondecode(d).Statement], [d]) if d != null && d != ""]),
    given.own,
    flatten([for d in given.over : try([jsondecode(d).Statement], [d]) if d != null && d != ""])
  )] : {
    Version = try(x.version == null ? "2012-10-17" : x.version, "2012-10-17")
    Documents = concat([%(of)s], flatten([for d in concat(given.base, given.over) : try(jsondecode(d).Documents, [])]))
    Statement = [for i, s in all : [s, try(reverse([for o in all : o if o.Sid == s.Sid])[0], s)][
      try(s.Sid, "") == "" ? 0 : 1]
      if try(s.Sid, "") == "" || i == try(index([for o in all : try(o.Sid, "")], s.Sid), i)]
  }][0]][0]) }]"""


def _document(block: Block, of: str) -> str:
    statement = STATEMENT % {"principals": PRINCIPALS % "principals", "not_principals": PRINCIPALS % "not_principals"}
    made = DOCUMENT % {"name": block.labels[1], "statement": statement, "of": quoted(of)}
    undecided = f"{{ key = 0, json = {unknown(f'data.{DOCUMENT_TYPE}.{block.labels[1]}.json', UNDECIDED)} }}"
    with_names = (
        f"[for d in try({made}, [{undecided}]) : {{ key = d.key, id = d.json, json = d.json, minified_json = d.json }}]"
    )
    attributes = block.body.attributes
    if "for_each" in attributes:
        return f"{{ for d in {with_names} : d.key => d }}"
    return with_names if "count" in attributes else f"{with_names}[0]"
