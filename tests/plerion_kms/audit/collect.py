"""Reading: what judging needs, from AWS, with a bounded number of threads. Nothing here judges or changes anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from plerion_kms.audit.calls import GONE, Calls, assume, client_config, error_text, sts_client
from plerion_kms.audit.organization import Controls, read_controls
from plerion_kms.audit.snapshot import (
    Digest,
    Problem,
    SavedAccount,
    SavedGrant,
    SavedKey,
    SavedRegion,
    SavedRole,
    Snapshot,
)

type Progress = Callable[[str, int, int], None]
"""Called with what is read now, how many are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Target:
    """An account to read. role: name of the role to assume there, empty for the given credentials themselves."""

    account: str
    name: str = ""
    role: str = ""
    external_id: str = ""


class Texts:
    """Policy texts, each kept once under its SHA-256."""

    def __init__(self) -> None:
        self.by_digest: dict[Digest, str] = {}

    def keep(self, document: str | Mapping[str, Any]) -> Digest:
        """The digest of a text, or of a document that boto3 has already parsed."""
        text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.by_digest[digest] = text
        return digest


def read(
    session: boto3.Session,
    targets: Sequence[Target],
    regions: Sequence[str],
    *,
    threads: int,
    organization: bool,
    progress: Progress,
) -> Snapshot:
    """Read the accounts. What cannot be read is a `Problem` of the account or Region that it belongs to.

    session: the given credentials.
    regions: names, or nothing for those that are enabled in each account (ec2:DescribeRegions).
    threads: how many calls are under way at once.
    organization: whether SCPs and RCPs are read with the given credentials.

    Raises BotoCoreError and ClientError if the given credentials themselves are refused.
    """
    identity = sts_client(session, client_config(1)).get_caller_identity()
    texts = Texts()
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        return _read(_Run(session, identity, threads, texts, pool, progress), targets, regions, organization)
    finally:
        # After Ctrl-C, calls under way are not waited for.
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Run:
    session: boto3.Session
    identity: Mapping[str, Any]
    threads: int
    texts: Texts
    pool: ThreadPoolExecutor
    progress: Progress

    @property
    def partition(self) -> str:
        return str(self.identity["Arn"]).split(":")[1]

    def each[T, R](self, what: str, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Do the work for each item on the pool. The results keep the items' order."""
        results = []
        for done, result in enumerate(self.pool.map(work, items), 1):
            self.progress(what, done, len(items))
            results.append(result)
        return results


def _read(run: _Run, targets: Sequence[Target], regions: Sequence[str], organization: bool) -> Snapshot:
    config = client_config(run.threads)
    entered = run.each("accounts", lambda target: _enter(run, target), targets)
    account_calls = [calls for calls in entered if isinstance(calls, Calls)]
    bases = dict(
        zip(
            (calls.account for calls in account_calls),
            run.each("roles", lambda calls: _account(run.texts, calls), account_calls),
            strict=True,
        )
    )
    controls = Controls({}, {}, "")
    if organization:
        own = Calls(str(run.identity["Account"]), run.session, config)
        controls = read_controls(own, [calls.account for calls in account_calls], run.texts.keep)
    places = [
        (calls, region)
        for calls, found in zip(
            account_calls, run.each("Regions", lambda c: _regions(c, regions), account_calls), strict=True
        )
        for region in found
    ]
    listed = run.each("key lists", lambda place: _list_keys(*place), places)
    jobs = [
        (calls, region, arn, aliases)
        for (calls, region), keys in zip(places, listed, strict=True)
        for arn, aliases in keys
    ]
    keys: dict[tuple[str, str], list[SavedKey]] = {}
    for (calls, region, _, _), key in zip(jobs, run.each("keys", lambda job: _key(run.texts, *job), jobs), strict=True):
        if key is not None:
            keys.setdefault((calls.account, region), []).append(key)
    accounts = []
    for target, result in zip(targets, entered, strict=True):
        if isinstance(result, Problem):
            accounts.append(SavedAccount(result.account, target.name, problems=(result,)))
            continue
        account = result.account
        accounts.append(
            replace(
                bases[account],
                name=target.name,
                organization=controls.organization,
                service_control=controls.service.get(account),
                resource_control=controls.resource.get(account),
                regions=tuple(
                    SavedRegion(region, tuple(keys.get((account, region), ())), place.problems(region))
                    for place, region in places
                    if place is result
                ),
                problems=result.problems("") + controls.problems.get(account, ()),
            )
        )
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Snapshot(now, str(run.identity["Arn"]), tuple(accounts), run.texts.by_digest)


def _enter(run: _Run, target: Target) -> Calls | Problem:
    config = client_config(run.threads)
    account = target.account or str(run.identity["Account"])
    if not target.role:
        return Calls(account, run.session, config, run.partition)
    role = f"arn:{run.partition}:iam::{account}:role/{target.role}"
    try:
        assumed = assume(run.session, role, "plerion-kms-audit", target.external_id, config)
    except (BotoCoreError, ClientError) as error:
        return Problem(account, "", role, "sts:AssumeRole", *error_text(error))
    return Calls(account, assumed, config, run.partition)


def _account(texts: Texts, calls: Calls) -> SavedAccount:
    """The account's roles with their policies: GetAccountAuthorizationDetails has all of them in a few pages."""
    details = calls.pages(
        "iam", "", "get_account_authorization_details", Filter=["Role", "LocalManagedPolicy", "AWSManagedPolicy"]
    )
    if details is None:
        return SavedAccount(calls.account, partition=calls.partition)
    roles = [role for page in details for role in page.get("RoleDetailList") or ()]
    policies = [policy for page in details for policy in page.get("Policies") or ()]
    saved = tuple(_role(texts, role) for role in roles)
    used = {arn for role in saved for arn in (*role.attached, *((role.boundary,) if role.boundary else ()))}
    managed = {
        policy["Arn"]: texts.keep(version["Document"])
        for policy in policies
        if policy["Arn"] in used
        for version in policy["PolicyVersionList"]
        if version["IsDefaultVersion"]
    }
    return SavedAccount(calls.account, partition=calls.partition, roles=saved, managed=managed)


def _role(texts: Texts, role: Mapping[str, Any]) -> SavedRole:
    return SavedRole(
        arn=role["Arn"],
        unique_id=role["RoleId"],
        trust=texts.keep(role["AssumeRolePolicyDocument"]),
        tags={tag["Key"]: tag["Value"] for tag in role.get("Tags") or ()},
        inline={
            policy["PolicyName"]: texts.keep(policy["PolicyDocument"]) for policy in role.get("RolePolicyList") or ()
        },
        attached=tuple(policy["PolicyArn"] for policy in role.get("AttachedManagedPolicies") or ()),
        boundary=(role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
    )


def _regions(calls: Calls, wanted: Sequence[str]) -> Sequence[str]:
    if wanted:
        return wanted
    found = calls.all("ec2", "", "describe_regions", "Regions")
    return sorted(region["RegionName"] for region in found or ())


def _list_keys(calls: Calls, region: str) -> list[tuple[str, tuple[str, ...] | None]]:
    """The keys' ARNs, each with the names of its aliases; None if the aliases could not be listed."""
    keys = calls.all("kms", region, "list_keys", "Keys")
    if keys is None:
        return []
    aliases = calls.all("kms", region, "list_aliases", "Aliases")
    names: dict[str, list[str]] = {}
    for alias in aliases or ():
        names.setdefault(alias.get("TargetKeyId", ""), []).append(alias["AliasName"])
    return [(key["KeyArn"], None if aliases is None else tuple(sorted(names.get(key["KeyId"], ())))) for key in keys]


def _key(texts: Texts, calls: Calls, region: str, arn: str, aliases: tuple[str, ...] | None) -> SavedKey | None:
    """One key in at most four calls; None if it was deleted meanwhile."""
    answer = calls.one("kms", region, "describe_key", arn, KeyId=arn)
    metadata: Mapping[str, Any] = (answer or {}).get("KeyMetadata", {})
    if answer is None and _gone(calls, region, arn):
        return None
    key = SavedKey(
        arn,
        manager=metadata.get("KeyManager"),
        state=metadata.get("KeyState"),
        spec=metadata.get("KeySpec"),
        usage=metadata.get("KeyUsage"),
        origin=metadata.get("Origin"),
        multi_region_type=metadata.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType", ""),
        aliases=aliases,
    )
    if key.manager == "AWS":
        return key  # nothing about its policy is the customer's to change
    policy = calls.one("kms", region, "get_key_policy", arn, KeyId=arn, PolicyName="default")
    tags = calls.all("kms", region, "list_resource_tags", "Tags", arn, KeyId=arn)
    grants = calls.all("kms", region, "list_grants", "Grants", arn, KeyId=arn)
    if None in (policy, tags, grants) and _gone(calls, region, arn):
        return None
    return replace(
        key,
        policy=None if policy is None else texts.keep(policy["Policy"]),
        tags=None if tags is None else {tag["TagKey"]: tag["TagValue"] for tag in tags},
        grants=None if grants is None else tuple(_grants(grants)),
    )


def _gone(calls: Calls, region: str, arn: str) -> bool:
    return any(problem.subject == arn and problem.code in GONE for problem in calls.problems(region))


def _grants(grants: Iterable[Mapping[str, Any]]) -> Iterable[SavedGrant]:
    for grant in grants:
        constraints = grant.get("Constraints") or {}
        yield SavedGrant(
            grant_id=grant["GrantId"],
            grantee=grant.get("GranteePrincipal") or grant.get("GranteeServicePrincipal", ""),
            operations=tuple(grant.get("Operations") or ()),
            issuing_account=_account_of(grant.get("IssuingAccount", "")),
            retiring=grant.get("RetiringPrincipal") or grant.get("RetiringServicePrincipal", ""),
            equals=constraints.get("EncryptionContextEquals"),
            subset=constraints.get("EncryptionContextSubset"),
            source_arn=constraints.get("SourceArn"),
        )


def _account_of(issuer: str) -> str:
    """IssuingAccount is the ARN of an account's root, in some answers the bare account id."""
    return issuer.split(":")[4] if issuer.startswith("arn:") else issuer
