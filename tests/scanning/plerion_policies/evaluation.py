"""What `terraform console` makes of folders of Terraform: the values of each block's attributes.

Terraform evaluates its own language best: functions, templates, `for`, `dynamic` and modules behave as they will in the
plan. One process evaluates everything that one scan reads; it needs no provider, no state and no network.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plerion_policies.configuration import RESULT, Folder, Written, read_folder, variable_values
from plerion_policies.hcl import Node
from plerion_policies.rewriting import Rewriter, Scope

TERRAFORM_VARIABLE = "PLERION_TERRAFORM"
DEEPEST_CALL = 12
ATTEMPTS = 40
SECONDS = 120
REFUSED = re.compile(r"on (m\d+)/main\.tf line (\d+)")

type Instance = dict[str, Any]


class EvaluationError(Exception):
    """Terraform could not evaluate anything: it is missing, or it ended with an error."""


@dataclass
class Evaluation:
    """The values of blocks: `of(root, path, address)`."""

    results: Mapping[Path, Any] = field(default_factory=dict)
    folders: Mapping[Path, Folder] = field(default_factory=dict)

    def of(self, root: Path, path: Iterable[str], address: str) -> list[Instance] | None:
        """The attributes of each instance of a block, below the module calls in `path`.

        None where there is no such block, or Terraform could not evaluate it. An absent block has no instance.
        """
        levels: list[Any] = [self.results.get(root)]
        for name in path:
            if not all(level and isinstance(level["modules"].get(name), list) for level in levels):
                return None
            levels = [inner for level in levels for inner in level["modules"][name]]
        instances: list[Instance] = []
        # A module that is called zero times holds no block.
        for level in levels:
            value = json.loads(level["blocks"].get(address, "null")) if level else None
            if not isinstance(value, list):
                return None
            instances += value
        return instances


def evaluate(roots: Iterable[Path]) -> Evaluation:
    """The values in these root modules and in the modules that they call by path. Raises EvaluationError."""
    return _Workspace(sorted(set(roots))).evaluation()


class _Workspace:
    def __init__(self, roots: list[Path]) -> None:
        self._roots = roots
        self._folders: dict[Path, Folder] = {}
        self._modules: dict[tuple[Path, Path], Written] = {}
        self._entries: list[dict[str, str]] = [{"Key": "", "Source": "", "Dir": "."}]

    def _folder(self, path: Path) -> Folder:
        if path not in self._folders:
            self._folders[path] = read_folder(path)
        return self._folders[path]

    def _module(self, path: Path, root: Path, key: str, depth: int = 0) -> Written:
        """The module for a folder, and the entries for all calls below it."""
        folder = self._folder(path)
        calls = folder.calls if depth < DEEPEST_CALL else {}
        if (path, root) not in self._modules:
            self._modules[path, root] = Written(folder, f"m{len(self._modules)}", root, {})
        written = self._modules[path, root]
        self._entries.append(
            {"Key": key, "Source": f"{'.' if depth == 0 else '..'}/{written.name}", "Dir": written.name}
        )
        targets, accepted = {}, {}
        for name, target in calls.items():
            called = self._module(target, root, f"{key}.{name}", depth + 1)
            targets[name] = called.name
            accepted[name] = frozenset(called.folder.variables)
        if depth < DEEPEST_CALL:
            written.targets, written.accepted = targets, accepted
        return written

    def evaluation(self) -> Evaluation:
        modules = {root: self._module(root, root, f"r{number}") for number, root in enumerate(self._roots)}
        with tempfile.TemporaryDirectory(prefix="plerion-kms-evaluation-") as temporary:
            work = Path(temporary)
            (work / ".terraform" / "modules").mkdir(parents=True)
            listed = json.dumps({"Modules": self._entries})
            (work / ".terraform" / "modules" / "modules.json").write_text(listed, encoding="utf-8")
            (work / "main.tf").write_text(self._root(modules), encoding="utf-8")
            answers = self._answers(work, list(modules))
        return Evaluation(answers, self._folders)

    def _root(self, modules: Mapping[Path, Written]) -> str:
        calls = []
        for number, (root, written) in enumerate(modules.items()):
            rewriter = Rewriter(Scope(root, root, frozenset(), {}))
            given: dict[str, list[Node]] = variable_values(root)
            arguments = "".join(
                f"  {name} = {rewriter.value(nodes)}\n"
                for name, nodes in given.items()
                if name in written.folder.variables
            )
            calls.append(f'module "r{number}" {{\n  source = "./{written.name}"\n{arguments}}}\n')
        return "\n".join(calls)

    def _answers(self, work: Path, roots: list[Path]) -> dict[Path, Any]:
        listed = ", ".join(f"jsonencode(module.r{number}.{RESULT})" for number in range(len(roots)))
        question = f"base64encode(jsonencode([{listed}]))\n"
        for _ in range(ATTEMPTS):
            places = self._write(work)
            output, messages, code = _console(work, question)
            refused = self._refused(messages, places)
            if not refused:
                break
            for module, name in refused:
                module.dropped.add(name)
        try:
            texts = json.loads(base64.b64decode(output.strip().strip('"'), validate=True))
        except ValueError as error:
            detail = f"{output[:200]} {messages[-1000:]}".strip()
            raise EvaluationError(f"terraform console ended with {code}: {detail}") from error
        return {root: json.loads(text) for root, text in zip(roots, texts, strict=True)}

    def _write(self, work: Path) -> dict[str, tuple[Written, dict[str, tuple[int, int]]]]:
        places = {}
        for written in self._modules.values():
            text, lines = written.text()
            (work / written.name).mkdir(exist_ok=True)
            (work / written.name / "main.tf").write_text(text, encoding="utf-8")
            places[written.name] = (written, lines)
        return places

    def _refused(
        self, messages: str, places: Mapping[str, tuple[Written, dict[str, tuple[int, int]]]]
    ) -> list[tuple[Written, str]]:
        found = []
        for name, line in REFUSED.findall(messages):
            written, lines = places[name]
            found += [
                (written, local)
                for local, (first, last) in lines.items()
                if first <= int(line) <= last and local not in written.dropped
            ]
        return found


def _console(work: Path, question: str) -> tuple[str, str, int]:
    program = os.environ.get(TERRAFORM_VARIABLE) or shutil.which("terraform") or shutil.which("tofu")
    if program is None:
        raise EvaluationError("Terraform is not on PATH: install it, or name it in PLERION_TERRAFORM.")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment = {**kept, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    try:
        done = subprocess.run(
            [program, "console"],
            input=question,
            cwd=work,
            env={**environment, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EvaluationError(f"{program} console: {error}") from error
    return done.stdout, re.sub(r"\x1b\[[0-9;]*m", "", done.stderr), done.returncode
