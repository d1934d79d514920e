"""Expectations: who may do what with which key, written by hand in `access.yaml` of each example.

The form is that of `plerion_kms.access_file`, with the keys of `harness.aws.keys.KeyDescription` and the principals of
`harness.examples.accounts.Principals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.aws.keys import KeyDescription
from harness.errors import HarnessError
from harness.examples.accounts import Principals
from harness.paths import EXAMPLES
from plerion_kms.access_file import AccessFile, AccessFileError, allowed_by
from plerion_kms.probes import PROBES, applicable


@dataclass(frozen=True)
class Expectations:
    """One example's expectations. access: mode -> principal -> key -> the probes that are allowed."""

    keys: Mapping[str, KeyDescription]
    access: Mapping[str, Mapping[str, Mapping[str, frozenset[str]]]]

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes in the file's order; the first is the one that the example is applied with."""
        return tuple(self.access)

    @property
    def principals(self) -> tuple[str, ...]:
        """The principals of all modes, in the file's order."""
        return tuple(dict.fromkeys(principal for by_principal in self.access.values() for principal in by_principal))


def load(example: str) -> Expectations:
    """The expectations of the example of that name. Raises HarnessError."""
    return read(EXAMPLES / example / "access.yaml")


def read(path: Path) -> Expectations:
    """Read and check a file. Raises HarnessError: one sentence with the file, the line, what is wrong and its fix."""
    try:
        file = AccessFile[KeyDescription, Principals].read(path, lambda key: PROBES.keys() - applicable(key.spec))
    except AccessFileError as error:
        raise HarnessError(str(error)) from error
    access: dict[str, dict[str, dict[str, frozenset[str]]]] = {}
    for (_, mode, principal), lines in file.lines():
        access.setdefault(mode, {})[principal] = {
            key: allowed_by(line).intersection(applicable(file.keys[key].spec)) for key, line in lines.items()
        }
    return Expectations(file.keys, access)
