"""The tag of a run, which everything that it creates carries: cleaning removes what has it and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TAG = "PlerionKmsVerify"
PREFIX = "plerion-kms-verify"
"""Begins the names of the roles that are made through boto3."""

TAGGED_ON_CREATE: Mapping[str, tuple[str, str]] = {
    "kms.CreateKey": ("TagKey", "TagValue"),
    "iam.CreateRole": ("Key", "Value"),
    "iam.CreatePolicy": ("Key", "Value"),
    "iam.CreateInstanceProfile": ("Key", "Value"),
}
"""The calls that create something, and what each calls the parts of a tag."""


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class RunTag:
    """One run. id: when it began (UTC), and six hexadecimal digits."""

    id: str = field(default_factory=_new_id)

    def is_on(self, tags: Mapping[str, str]) -> bool:
        """Whether these are the tags of something that this run created."""
        return tags.get(TAG) == self.id

    def role_name(self, name: str) -> str:
        """The name in AWS of a role that the harness calls `name`."""
        return f"{PREFIX}-{self.id}-{name}"

    def register(self, client: Any) -> None:
        """Have the client's calls that create something set the tag."""
        service = client.meta.service_model.service_name
        for operation, parts in TAGGED_ON_CREATE.items():
            if operation.startswith(f"{service}."):

                def add(params: MutableMapping[str, Any], parts: tuple[str, str] = parts, **_: object) -> None:
                    name, value = parts
                    others = [tag for tag in params.get("Tags", ()) if tag[name] != TAG]
                    params["Tags"] = [*others, {name: TAG, value: self.id}]

                client.meta.events.register(f"provide-client-params.{operation}", add)

    def terraform_environment(self) -> dict[str, str]:
        """Has Terraform's AWS provider set the tag on all that it creates; the provider knows this from 5.62 on."""
        return {f"TF_AWS_DEFAULT_TAGS_{TAG}": self.id}
