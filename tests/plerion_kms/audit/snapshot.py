"""What was read of the accounts: the format between reading and judging, in memory and in a folder (FORMAT.md).

Plain data without AWS clients and without judgement. A policy's text is kept once, byte for byte as AWS gave it, under
its SHA-256; everything else refers to it by that digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

FORMAT = 1
"""Version of the saved format; a folder of another version is refused with a sentence."""

type Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a policy text, 64 hexadecimal digits: the key into `Snapshot.policies`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read.

    account: 12 digits.
    region: empty for IAM and Organizations.
    subject: ARN of what the call was about, empty if it was about the whole account or Region.
    operation: `kms:GetKeyPolicy`.
    code: AWS's error code, or the exception's name if AWS did not answer.
    message: AWS's text, one line.
    """

    account: str
    region: str
    subject: str
    operation: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SavedGrant:
    """A grant as ListGrants shows it. The names are those of `plerion_kms.authorization.policies.Grant`."""

    grant_id: str
    grantee: str
    operations: tuple[str, ...]
    issuing_account: str
    retiring: str = ""
    equals: Mapping[str, str] | None = None
    subset: Mapping[str, str] | None = None
    source_arn: str | None = None


@dataclass(frozen=True, slots=True)
class SavedKey:
    """A KMS key. A member that is None could not be read: the Region's problems say why.

    manager: `CUSTOMER` or `AWS`.
    state, spec, usage, origin: as DescribeKey shows them.
    multi_region_type: `PRIMARY`, `REPLICA` or empty.
    aliases: names (`alias/app`).
    policy: the default key policy. Of an AWS managed key policy, tags and grants are not read.
    """

    arn: str
    manager: str | None = None
    state: str | None = None
    spec: str | None = None
    usage: str | None = None
    origin: str | None = None
    multi_region_type: str = ""
    aliases: tuple[str, ...] | None = None
    policy: Digest | None = None
    tags: Mapping[str, str] | None = None
    grants: tuple[SavedGrant, ...] | None = None


@dataclass(frozen=True, slots=True)
class SavedRole:
    """An IAM role. inline: policy name -> digest; attached: ARNs of managed policies; boundary: ARN or None."""

    arn: str
    unique_id: str
    trust: Digest
    tags: Mapping[str, str] = field(default_factory=dict)
    inline: Mapping[str, Digest] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    boundary: str | None = None


@dataclass(frozen=True, slots=True)
class SavedRegion:
    """The keys of one Region of an account. problems: what could not be read there."""

    region: str
    keys: tuple[SavedKey, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedAccount:
    """One account.

    roles: all roles, None if they could not be read.
    managed: ARN of an attached or boundary policy -> digest of its default version.
    service_control, resource_control: the levels from the organization's root down to the account, each a map of policy
        name -> digest; None if they were not read, empty if none applies.
    regions: those that were looked at.
    problems: what could not be read outside of a Region.
    """

    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    name: str = ""
    partition: str = "aws"
    organization: str = ""
    roles: tuple[SavedRole, ...] | None = None
    managed: Mapping[str, Digest] = field(default_factory=dict)
    service_control: tuple[Mapping[str, Digest], ...] | None = None
    resource_control: tuple[Mapping[str, Digest], ...] | None = None
    regions: tuple[SavedRegion, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that one run read.

    read_at: ISO 8601 in UTC.
    caller: ARN of the given credentials.
    policies: digest -> text.
    """

    read_at: str
    caller: str
    accounts: tuple[SavedAccount, ...]
    policies: Mapping[Digest, str]
    format: int = FORMAT
