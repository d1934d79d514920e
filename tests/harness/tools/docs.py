"""`python -m harness.tools.docs`: write what each module and example declares into its README.md.

The tables are between two markers, in the form and order of sections that terraform-docs has. What is written by
hand, above and below, stays. Inputs have the headings of the sections of their file. A module below another module is
internal to it and has no README.md, by the convention of Terraform's "Standard Module Structure".
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness import command
from harness.errors import HarnessError
from harness.paths import EXAMPLES, MODULES, PROJECT
from harness.terraform.hcl import Declarations, Variable, read_folder

BEGIN, END = "<!-- BEGIN_TF_DOCS -->", "<!-- END_TF_DOCS -->"


def module_folders() -> list[Path]:
    """The folders of all modules, internal ones included."""
    return _folders(MODULES)


def example_folders() -> list[Path]:
    """The folders of all examples."""
    return _folders(EXAMPLES)


def documented_folders() -> list[Path]:
    """The folders of public modules and of examples: those with a README.md."""
    return [*example_folders(), *(folder for folder in module_folders() if not is_internal(folder))]


def is_internal(module: Path) -> bool:
    """Whether a module is below another one, which alone calls it."""
    return "modules" in module.relative_to(MODULES).parts


def _folders(root: Path) -> list[Path]:
    """The folders below with Terraform files, except for what Terraform and tests put there."""
    found = {path.parent for path in root.rglob("*.tf")}
    return sorted(folder for folder in found if not {".terraform", "tests"} & set(folder.relative_to(root).parts))


def with_tables(folder: Path) -> str:
    """The folder's README.md as it has to be. Raises HarnessError where it is missing or has no markers."""
    path = folder / "README.md"
    place = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path
    if not path.is_file():
        raise HarnessError(f"{place} is missing: write what the folder is for, then {BEGIN} and {END} on lines below.")
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise HarnessError(f"{place} must hold {BEGIN} and below it {END}, each once: the tables go between them.")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{tables(read_folder(folder))}\n{END}{after}"


def tables(declared: Declarations) -> str:
    """The declarations as Markdown; a section without rows is left out."""
    sections = (
        ("Requirements", ("Name", "Version"), declared.requirements.items()),
        ("Modules", ("Name", "Source"), ((name, _linked(source)) for name, source in declared.modules.items())),
        ("Resources", ("Name", "Type"), ((_code(name), kind) for name, kind in sorted(declared.resources.items()))),
    )
    outputs = ((output.name, output.description) for output in declared.outputs)
    texts = (
        *(_section(title, header, rows) for title, header, rows in sections),
        _inputs(declared.variables),
        _section("Outputs", ("Name", "Description"), outputs),
    )
    return "\n\n".join(text for text in texts if text)


def _inputs(variables: Sequence[Variable]) -> str:
    """The inputs, required ones first, in one table or in one for each section of their file."""
    header = ("Name", "Description", "Type", "Default", "Required")
    titles = list(dict.fromkeys(variable.section for variable in variables))
    required_first = sorted(variables, key=lambda variable: variable.default is not None)
    if titles == [""]:
        return _section("Inputs", header, map(_row, required_first))
    parts = (
        _section(title, header, (_row(variable) for variable in required_first if variable.section == title), level=3)
        for title in titles
    )
    return "\n\n".join(("## Inputs", *parts)) if titles else ""


def _row(variable: Variable) -> tuple[str, ...]:
    return (
        variable.name,
        variable.description,
        _code(variable.type),
        "n/a" if variable.default is None else _code(variable.default),
        "yes" if variable.default is None else "no",
    )


def _section(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], level: int = 2) -> str:
    lines = list(_table(header, rows))
    return "\n".join((f"{'#' * level} {title}", "", *lines)) if len(lines) > 2 else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join('-' * (len(name) + 2) for name in header)}|"
    for row in rows:
        # A bar ends a cell even in a code span, unless it is escaped.
        yield f"| {' | '.join(cell.replace('|', '\\|') for cell in row)} |"


def _code(text: str) -> str:
    return f"`{text}`"


def _linked(source: str) -> str:
    return f"[{source}]({source})" if source.startswith(".") else _code(source)


def main() -> int:
    """Write every README.md that is not up to date. Returns the exit code; on failure one sentence each on stderr."""
    problems = 0
    for folder in documented_folders():
        try:
            text = with_tables(folder)
        except HarnessError as error:
            sys.stderr.write(f"{error}\n")
            problems += 1
            continue
        path = folder / "README.md"
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"Wrote {path.relative_to(PROJECT)}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(command.run(main))
