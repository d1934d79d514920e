"""`python -m harness.tools.rendered`: write the policies that the example documents-only renders into its folder.

A reviewer reads there what each mode, and `hardened`, gives to whom, without running Terraform.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from harness import command
from harness.aws.cloud import NO_LOOKUPS
from harness.errors import HarnessError
from harness.paths import EXAMPLES, PROJECT
from harness.terraform.runner import Relay, Terraform

EXAMPLE = "documents-only"
FOLDER = EXAMPLES / EXAMPLE / "rendered"
VALUES = {
    "external_id": "11111111-2222-3333-4444-555555555555",
    "integration_account_id": "111122223333",
}
HARDENED = {
    "hardened": True,
    "appliance_role_arns": ["arn:aws:iam::111122223333:role/PlerionApplianceRole"],
    "access_role_arns": ["arn:aws:iam::111122223333:role/PlerionAccessRole"],
}
NOT_HARDENED = {"hardened": False, "appliance_role_arns": [], "access_role_arns": []}

OUTPUTS: Mapping[str, str] = {
    "cmk_access_policy_json": "{mode}{hardened}",
    "metadata_policy_json": "access-role",
    "appliance_trust_policy_json": "appliance-role-trust",
    "access_trust_policy_json": "access-role-trust",
    "same_account_key_policy_statements": "same-account-statements{hardened}",
    "cross_account_key_policy_statements": "cross-account-statements{hardened}",
}
"""By output of the example: its file's name, with `mode` and `hardened` if the document depends on them."""


def documents(*, relay: Relay = "own") -> dict[str, str]:
    """By file name: what the example renders in both modes, with and without `hardened`, as indented JSON.

    relay: as for Terraform. Raises HarnessError as `add` does.
    """
    found: dict[str, str] = {}
    with Terraform.of_example(EXAMPLE, NO_LOOKUPS, VALUES, relay=relay) as terraform:
        terraform.init()
        for mode in ("ALL_KEYS", "SELECTED_KEYS"):
            for suffix, options in (("", NOT_HARDENED), ("-hardened", HARDENED)):
                add(found, terraform.apply(kms_key_access_mode=mode, **options).outputs, mode=mode, hardened=suffix)
    return found


def add(found: dict[str, str], outputs: Mapping[str, Any], **names: str) -> None:
    """Add a rendering's documents under their file names.

    names: what stands for `mode` and `hardened` in these. Raises HarnessError if a file has another document already.
    """
    for output, form in OUTPUTS.items():
        name = f"{form.format(**names)}.json"
        if found.setdefault(name, text := _indented(outputs[output])) != text:
            raise HarnessError(
                f"{output} differs between renderings that share the file {name}: add the input that it depends on to "
                "the file's name, in OUTPUTS of tests/harness/tools/rendered.py."
            )


def _indented(value: Any) -> str:
    return json.dumps(json.loads(value) if isinstance(value, str) else value, indent=2) + "\n"


def main() -> int:
    """Write the files that are not up to date, and remove those that are no longer rendered. Returns the exit code."""
    rendered = documents()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        if path.name not in rendered:
            path.unlink()
            sys.stdout.write(f"Removed {path.relative_to(PROJECT)}\n")
    for name, text in rendered.items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"Wrote {path.relative_to(PROJECT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(command.run(main))
