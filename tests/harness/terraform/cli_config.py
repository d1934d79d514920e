"""Which CLI configuration Terraform gets: to find a provider on this machine, and to use what was found.

Source: Terraform's documentation, "CLI configuration file": "Provider installation", "Implied local mirror
directories".
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import HarnessError
from harness.terraform import provider_binary

REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
"""Where `hashicorp/aws` is for Terraform, and where it is for OpenTofu."""
PROVIDER = "hashicorp/aws"
PACKAGES = ("*/*_*", "*.zip")
"""A mirror's packages, unpacked (VERSION/OS_ARCH) and packed."""
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
        if any(os.access(folder / registry / "hashicorp", os.R_OK) for registry in REGISTRIES)
    ]


def packages(mirror: Path) -> dict[str, Path]:
    """The AWS provider's packages in a mirror: place below the registry's `hashicorp/aws` -> folder or zip file."""
    places = [mirror / registry / PROVIDER for registry in REGISTRIES]
    return {
        str(package.relative_to(place)): package
        for place in places
        for kind in PACKAGES
        for package in place.glob(kind)
    }


def _folders(prefix: Path) -> list[Path]:
    try:
        return sorted(prefix.iterdir())
    except OSError:
        return []


def terraform_environment(folder: Path) -> dict[str, str]:
    """The caller's environment for a process of Terraform's, without what would change what that does here.

    Its init takes the AWS provider that `provider_binary.locate` finds, and asks no registry. folder: where a mirror
    and a CLI configuration are written that say so. Raises HarnessError as `locate` does.
    """
    provider = provider_binary.locate()
    program = f"{provider.version}/{provider.target}/terraform-provider-aws_v{provider.version}_x5"
    return {**process_environment(), "TF_CLI_CONFIG_FILE": str(_write(folder, {program: provider.file}))}


def process_environment() -> dict[str, str]:
    """What `terraform_environment` has but for the CLI configuration, which is the caller's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))}
    return {
        **inherited,
        "CHECKPOINT_DISABLE": "1",
        # A process spends most of its time reading the provider's schema and is gone soon: its garbage may lie.
        "GOGC": inherited.get("GOGC", "off"),
        "GOMEMLIMIT": inherited.get("GOMEMLIMIT", "768MiB"),
        "TF_IN_AUTOMATION": "1",
    }


def environment_for_install(
    folder: Path, environment: Mapping[str, str], home: Path, prefixes: Iterable[str] = PREFIXES
) -> dict[str, str]:
    """`environment` with TF_CLI_CONFIG_FILE set so that init finds a provider here.

    A configuration in force that says where providers come from is kept. Else mirrors found on the machine are used,
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
    if found := {place: package for mirror in mirrors(prefixes) for place, package in packages(mirror).items()}:
        kept = text_of(in_force) if in_force else ""
        result["TF_CLI_CONFIG_FILE"] = str(_write(folder, found, kept))
    return result


def _write(folder: Path, links: Mapping[str, Path], kept: str = "") -> Path:
    """A mirror that has `links` below each registry's `hashicorp/aws`, and a configuration that names no other place.

    A mirror's own folders may not be links; packages, and what is in them, may.
    """
    for registry in REGISTRIES:
        for place, target in links.items():
            link = folder / "mirror" / registry / PROVIDER / place
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    ours = json.dumps([f"{registry}/{PROVIDER}" for registry in REGISTRIES])
    path = folder / "terraform.tfrc"
    path.write_text(
        f"""{kept}
provider_installation {{
  filesystem_mirror {{
    path    = {json.dumps(str(folder / "mirror"))}
    include = {ours}
  }}
  direct {{
    exclude = {ours}
  }}
}}
""",
        encoding="utf-8",
    )
    return path
