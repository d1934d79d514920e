"""`--live`: the two roles' harmless calls, made for real and compared with the decisions.

Reads, and cryptographic calls with DryRun, which KMS authorizes and does not carry out. Decrypt and ReEncrypt are left
out: they need a ciphertext under the key. Source: KMS developer guide "Testing your permissions" (DryRun).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from plerion_kms.audit import rules
from plerion_kms.audit.calls import client_config, error_text
from plerion_kms.audit.judge import Judge, decide
from plerion_kms.audit.report import Finding, Fix
from plerion_kms.audit.roles import Role
from plerion_kms.audit.rules import DOCS
from plerion_kms.audit.snapshot import SavedKey

SESSION = "plerion-kms-audit-live"
REFUSED = "AccessDeniedException"
DRY_RUN_SUCCEEDED = "DryRunOperationException"

APPLIANCE_CALLS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "kms:DescribeKey": ("describe_key", {}),
    "kms:Encrypt": ("encrypt", {"Plaintext": b"plerion-kms audit", "DryRun": True}),
    "kms:GenerateDataKey": ("generate_data_key", {"KeySpec": "AES_256", "DryRun": True}),
    "kms:GenerateDataKeyWithoutPlaintext": (
        "generate_data_key_without_plaintext",
        {"KeySpec": "AES_256", "DryRun": True},
    ),
    "kms:GenerateDataKeyPair": ("generate_data_key_pair", {"KeyPairSpec": "RSA_2048", "DryRun": True}),
}
ACCESS_CALLS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "kms:DescribeKey": ("describe_key", {}),
    "kms:GetKeyPolicy": ("get_key_policy", {"PolicyName": "default"}),
    "kms:GetKeyRotationStatus": ("get_key_rotation_status", {}),
    "kms:ListGrants": ("list_grants", {}),
    "kms:ListKeyPolicies": ("list_key_policies", {}),
    "kms:ListResourceTags": ("list_resource_tags", {}),
}
FIX = Fix(f"Report the difference with both sides and the key's policy: {DOCS}/issues/new/choose", "owner")


class Live:
    """Sessions of the two roles of one integration. problems: one sentence for each role that could not be assumed."""

    def __init__(self, session: boto3.Session, judge: Judge, external_id: str) -> None:
        self.problems: list[str] = []
        self._judge = judge
        self._sessions = {
            name: self._assume(session, role, external_id)
            for name, role in (("appliance", judge.integration.appliance), ("access", judge.integration.access))
        }

    def findings(self, saved: SavedKey) -> Iterator[Finding]:
        """The calls whose answer is not the decision's."""
        key = self._judge.engine_key(saved)
        region = saved.arn.split(":")[3]
        for name, role, calls in (
            ("appliance", self._judge.integration.appliance, APPLIANCE_CALLS),
            ("access", self._judge.integration.access, ACCESS_CALLS),
        ):
            session = self._sessions[name]
            if session is None:
                continue
            kms = session.client("kms", region_name=region, config=client_config(1))
            for action, (method, members) in calls.items():
                decision = decide(role, action, key, direct=True)
                code, text = _answer(kms, method, {"KeyId": saved.arn, **members})
                if code not in ("", REFUSED) or (code == "") == decision.allowed:
                    continue  # as decided, or an answer that says nothing about permissions
                sides = (
                    f"AWS says {text or 'allowed'}; the audit says {'allowed' if decision.allowed else 'refused'} by "
                )
                yield rules.LIVE_DIFFERS.finding(
                    saved.arn, f"{action} of {role.arn} on {saved.arn}: {sides}{decision.reason}.", FIX
                )

    def _assume(self, session: boto3.Session, role: Role, external_id: str) -> boto3.Session | None:
        if role.saved is None:
            self.problems.append(f"{role.arn} does not exist, so nothing was called as that role.")
            return None
        members: dict[str, Any] = {"RoleArn": role.arn, "RoleSessionName": SESSION}
        if external_id:
            members["ExternalId"] = external_id
        try:
            client = session.client("sts", region_name=session.region_name or "us-east-1", config=client_config(1))
            given = client.assume_role(**members)["Credentials"]
        except (BotoCoreError, ClientError) as error:
            code, _ = error_text(error)
            self.problems.append(
                f"{role.arn} can't be assumed with these credentials ({code}), so nothing was called as that role: let "
                "its trust policy name them for the time of the check."
            )
            return None
        return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def _answer(kms: Any, method: str, members: Mapping[str, Any]) -> tuple[str, str]:
    """The error's code and text; both empty if the call is allowed."""
    try:
        getattr(kms, method)(**members)
    except (BotoCoreError, ClientError) as error:
        code, text = error_text(error)
        return ("", "") if code == DRY_RUN_SUCCEEDED else (code, text)
    return "", ""
