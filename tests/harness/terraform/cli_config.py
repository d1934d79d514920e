"""Which Terraform CLI configuration to use, so that `terraform init` finds providers on this machine.

Source: Terraform's documentation, "CLI configuration file": "Provider installation", "Implied local mirror
directories".
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import HarnessError

REGISTRY_FOLDER = "registry.terraform.io"
PREFIXES = ("/opt", "/usr/local", "/usr/local/lib", "/usr/local/share", "/usr/lib", "/usr/share", "/srv", "/var/lib")


def configured(environment: Mapping[str, str], home: Path) -> Path | None:
    """The CLI configuration in force, if it exists: the one TF_CLI_CONFIG_FILE names, else the home folder's."""
    named = environment.get("TF_CLI_CONFIG_FILE")
    candidate = Path(named) if named else home / ".terraformrc"
    return candidate if os.path.isfile(candidate) else None


def text_of(configuration: Path) -> str:
    """What the configuration says. Raises HarnessError if this user may not read it, or if it is no text."""
    try:
        return configuration.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise HarnessError(
            f"Terraform's CLI configuration {configuration} cannot be read ({reason}): make it readable, or set "
            "TF_CLI_CONFIG_FILE to another file."
        ) from error


def mirrors(prefixes: Iterable[str] = PREFIXES) -> list[Path]:
    """Folders one level below the prefixes that hold a filesystem mirror with HashiCorp's providers."""
    return [
        folder
        for prefix in prefixes
        for folder in _folders(Path(prefix))
        if os.access(folder / REGISTRY_FOLDER / "hashicorp", os.R_OK)
    ]


def _folders(prefix: Path) -> list[Path]:
    try:
        return sorted(prefix.iterdir())
    except OSError:
        return []


def terraform_environment(folder: Path) -> dict[str, str]:
    """The caller's environment for a process of Terraform's, without what would change what that does here.

    folder: where a CLI configuration is written, if one is needed.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))}
    return {
        **environment_for_init(folder, inherited, Path(os.environ.get("HOME", "/nonexistent"))),
        "CHECKPOINT_DISABLE": "1",
        # A process spends most of its time reading the provider's schema and is gone soon: its garbage may lie.
        "GOGC": inherited.get("GOGC", "off"),
        "GOMEMLIMIT": inherited.get("GOMEMLIMIT", "768MiB"),
        "TF_IN_AUTOMATION": "1",
    }


def environment_for_init(
    folder: Path, environment: Mapping[str, str], home: Path, prefixes: Iterable[str] = PREFIXES
) -> dict[str, str]:
    """`environment` with TF_CLI_CONFIG_FILE set so that init works here.

    A configuration in force that says where providers come from is kept. Else a mirror found on the machine is used,
    by a configuration written to `folder`; else Terraform's own defaults (implied mirrors, the registry) hold.
    A configuration that is named but missing is dropped.
    """
    result = dict(environment)
    in_force = configured(environment, home)
    if in_force is None:
        result.pop("TF_CLI_CONFIG_FILE", None)
    elif "provider_installation" in text_of(in_force):
        result["TF_CLI_CONFIG_FILE"] = str(in_force)
        return result
    found = mirrors(prefixes)
    if found:
        kept = text_of(in_force) if in_force else ""
        result["TF_CLI_CONFIG_FILE"] = str(_write(folder / "terraform.tfrc", kept, found))
    return result


def _write(path: Path, kept: str, mirrors_found: Iterable[Path]) -> Path:
    blocks = "".join(
        f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = ["{REGISTRY_FOLDER}/hashicorp/*"]\n  }}\n'
        for mirror in mirrors_found
    )
    direct = f'  direct {{\n    exclude = ["{REGISTRY_FOLDER}/hashicorp/*"]\n  }}\n'
    path.write_text(f"{kept}\nprovider_installation {{\n{blocks}{direct}}}\n", encoding="utf-8")
    return path
