"""The probes: the calls that access files name, a row each, and the groups that are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

type KeySpec = Literal["SYMMETRIC_DEFAULT", "RSA_2048"]
SYMMETRIC: KeySpec = "SYMMETRIC_DEFAULT"
RSA: KeySpec = "RSA_2048"

type Group = Literal["use", "extend", "metadata", "metadata-across-accounts"]
"""What a word in an access file stands for; examples/README.md explains each."""


@dataclass(frozen=True)
class Probe:
    """A call on a key.

    name: as access files write it.
    groups: those that it belongs to.
    only_for: the one key spec that has this call; None if every key has it.
    needs: the permission, without `kms:`, if it is another one than the name.
    """

    name: str
    groups: tuple[Group, ...] = ()
    only_for: KeySpec | None = None
    needs: str | None = None

    @property
    def permission(self) -> str:
        """The permission that the call needs, without `kms:`."""
        return self.needs or self.name


# Whether KMS offers a call across accounts is written here a second time, as expectations may not follow from the
# engine's table. Source: KMS developer guide, "Permissions reference", column "Cross-account use".
PROBES: Mapping[str, Probe] = {
    probe.name: probe
    for probe in (
        Probe("Encrypt", ("use",)),
        Probe("Decrypt", ("use",)),
        # The key is found from the ciphertext.
        Probe("DecryptWithoutKeyId", ("use",), only_for=SYMMETRIC, needs="Decrypt"),
        Probe("ReEncryptFrom", ("use",)),
        Probe("ReEncryptTo", ("use",)),
        Probe("GenerateDataKey", ("use",), only_for=SYMMETRIC),
        Probe("DescribeKey", ("use", "metadata", "metadata-across-accounts")),
        Probe("GenerateDataKeyWithoutPlaintext", ("extend",), only_for=SYMMETRIC),
        Probe("GenerateDataKeyPair", ("extend",), only_for=SYMMETRIC),
        Probe("CreateGrant", ("extend",)),
        Probe("GetKeyPolicy", ("metadata",)),
        Probe("ListKeyPolicies", ("metadata",)),
        Probe("ListResourceTags", ("metadata",)),
        Probe("ListGrants", ("metadata", "metadata-across-accounts")),
        Probe("GetKeyRotationStatus", ("metadata", "metadata-across-accounts"), only_for=SYMMETRIC),
        Probe("GetPublicKey", ("metadata", "metadata-across-accounts"), only_for=RSA),
        Probe("TagResource"),
    )
}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "nothing": (),
    **{
        group: tuple(probe.name for probe in PROBES.values() if group in probe.groups)
        for group in get_args(Group.__value__)
    },
}
"""Group -> the names of its probes."""


def applicable(spec: KeySpec) -> tuple[str, ...]:
    """The names of the probes that a key of that spec has, in the table's order."""
    return tuple(probe.name for probe in PROBES.values() if probe.only_for in (None, spec))
