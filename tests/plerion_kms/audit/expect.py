"""`--expect FILE`: who should be allowed what with which key, compared with what the policies give.

The form is that of an example's `access.yaml`, with an `arn` for each key and the principals `appliance` and `access`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypedDict, cast

from pydantic import BaseModel, ConfigDict, Field, with_config

from plerion_kms.access_file import AccessFile, AccessFileError, Lines, allowed_by
from plerion_kms.audit import rules
from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.judge import Judge
from plerion_kms.audit.report import Finding, Fix
from plerion_kms.audit.snapshot import SavedKey
from plerion_kms.authorization.decision import Outcome
from plerion_kms.probes import PROBES

FIX = Fix("Change the policies, or the file of expectations if it is out of date.", "owner")
ACTIONS = tuple(dict.fromkeys(f"kms:{probe.permission}" for probe in PROBES.values()))


class ExpectedKey(BaseModel):
    """A key of the file."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    arn: Annotated[str, Field(pattern=r"^arn:[\w-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]+$")]


@with_config(ConfigDict(strict=True, extra="forbid"))
class ExpectedRoles(TypedDict):
    """Plerion's two roles."""

    appliance: Lines
    access: Lines


class Expectations:
    """A file of expectations. unseen: the ARNs that no judged key had yet."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises AuditError with one sentence."""
        try:
            file = AccessFile[ExpectedKey, ExpectedRoles].read(path)
        except AccessFileError as error:
            raise AuditError(str(error)) from error
        self._path = path
        self._names = {key.arn: name for name, key in file.keys.items()}
        self._access = cast(Mapping[str, Mapping[str, Mapping[str, str]]], file.access)
        self.unseen = set(self._names)

    def findings(self, judge: Judge, saved: SavedKey) -> Iterator[Finding]:
        """What differs for one key, in the mode of its integration."""
        name = self._names.get(saved.arn)
        if name is None or saved.policy is None:
            return
        self.unseen.discard(saved.arn)
        lines = self._access[judge.integration.mode]
        for role in ("appliance", "access"):
            expected = {f"kms:{PROBES[call].permission}" for call in allowed_by(lines[role][name])}
            answers = judge.answers_to(role, ACTIONS, saved, direct=True)
            allowed, undecided = (
                {action for action, given in answers.items() if given.outcome is outcome}
                for outcome in (Outcome.ALLOWED, Outcome.UNDECIDED)
            )
            differences = [
                f"{what} {', '.join(sorted(names))}"
                for what, names in (
                    ("is refused", expected - allowed - undecided),
                    ("is allowed", allowed - expected),
                    ("can't be decided for", undecided),
                )
                if names
            ]
            if differences:
                sentence = f"The {role} role {' and '.join(differences)} on {saved.arn}, unlike {self._path} expects."
                yield rules.UNEXPECTED.finding(saved.arn, sentence, FIX)
