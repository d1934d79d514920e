"""What a folder holds for a scan, and copies of what checkov passes over: JSON syntax, .tofu files, linked folders.

A copy has the blocks alone, at their lines: their values come from the folder that it stands for.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.tools.checkov import POLICIES

sys.path.append(str(POLICIES))  # The policies are no part of the harness's packages; they share the reading of HCL.

from plerion_policies import hcl

READ_BY_CHECKOV = ".tf"
PLAN_NAMES = (b'"planned_values"', b'"resource_changes"')
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class Survey:
    """The files of a folder, hidden folders left out.

    configuration: HCL that checkov reads itself. plans: plans as JSON. others: further Terraform, which has to be
    copied. broken: files that cannot be read, relative to the folder, with what is wrong.
    """

    folder: Path
    configuration: list[Path] = field(default_factory=list)
    plans: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many files there are to scan."""
        return len(self.configuration) + len(self.plans) + len(self.others) + len(self.broken)


def survey(folder: Path) -> Survey:
    """Look through the folder, and through folders that are linked into it."""
    result = Survey(folder)
    for file, linked in _files(folder, frozenset(), linked=False):
        name = file.name
        if name.endswith(READ_BY_CHECKOV) and not linked:
            result.configuration.append(file)
        elif name.endswith((".tf", ".tofu", ".tf.json", ".tofu.json")):
            result.others.append(file)
        elif name.endswith(".json"):
            _add_plan(result, file)
    return result


def _files(folder: Path, above: frozenset[str], *, linked: bool) -> Iterator[tuple[Path, bool]]:
    real = os.path.realpath(folder)
    if real in above:
        return
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == "node_modules":
            continue
        if entry.is_dir():
            yield from _files(entry, above | {real}, linked=linked or entry.is_symlink())
        elif entry.is_file():
            yield entry, linked


def _add_plan(result: Survey, file: Path) -> None:
    place = file.relative_to(result.folder).as_posix()
    try:
        content = file.read_bytes()
        if content.startswith(UTF_16):
            if "planned_values" in content.decode("utf-16", errors="replace"):
                result.broken[place] = "it is UTF-16: write the plan as UTF-8"
        elif any(name in content for name in PLAN_NAMES):
            json.loads(content)
            result.plans.append(file)
    except OSError as error:
        result.broken[place] = str(error)
    except ValueError:
        result.broken[place] = "it looks like a plan and is not JSON: write it with 'terraform show -json' again"


def copy_others(survey: Survey, target: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Copies of `others` for checkov, below `target`. What cannot be read is added to `broken`.

    Returns the folders that the copies' folders stand for, and the files that the copies stand for, relative to the
    folder that was surveyed.
    """
    folders: dict[str, str] = {}
    files: dict[str, str] = {}
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in survey.others:
        by_folder[file.parent].append(file)
    for number, (folder, members) in enumerate(by_folder.items()):
        place = target / str(number)
        place.mkdir(parents=True)
        folders[os.path.realpath(place)] = os.path.realpath(folder)
        for file in members:
            original = file.relative_to(survey.folder).as_posix()
            try:
                text = _blocks_alone(file)
            except (hcl.HclError, OSError, UnicodeDecodeError) as error:
                survey.broken[original] = str(error)
                continue
            copy = place / f"{file.name}.tf"
            copy.write_text(text, encoding="utf-8")
            files[os.path.relpath(os.path.realpath(copy), os.path.realpath(survey.folder))] = original
    return folders, files


def _blocks_alone(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    body = hcl.parse_json(text) if file.name.endswith(".json") else hcl.parse(text)
    lines: list[str] = []
    for block in sorted(body.blocks, key=lambda block: block.line):
        if block.type not in ("resource", "data", "module", "provider"):
            continue
        lines += [""] * (block.line - 1 - len(lines))
        labels = " ".join(f'"{label}"' for label in block.labels)
        content = ""
        for name in ("source", "alias"):
            match block.body.attributes.get(name):
                case [hcl.Template(parts=[str(value)])]:
                    value = os.path.realpath(file.parent / value) if value.startswith(".") else value
                    content += f"  {name} = {json.dumps(value)}\n"
        lines += f"{block.type} {labels} {{\n{content}}}".splitlines()
    return "\n".join(lines) + "\n"
