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
from plerion_kms.audit.calls import LOST_CREDENTIALS, assume, client_config, error_text
from plerion_kms.audit.judge import Judge
from plerion_kms.audit.report import Answer, Finding, Fix
from plerion_kms.audit.roles import Role
from plerion_kms.audit.rules import DOCS
from plerion_kms.audit.snapshot import SavedKey
from plerion_kms.authorization.decision import Outcome

SESSION = "plerion-kms-audit-live"
REFUSED = "AccessDeniedException"
DRY_RUN_SUCCEEDED = "DryRunOperationException"

CALLS: Mapping[str, Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "appliance": {
        "kms:DescribeKey": ("describe_key", {}),
        "kms:Encrypt": ("encrypt", {"Plaintext": b"plerion-kms audit", "DryRun": True}),
        "kms:GenerateDataKey": ("generate_data_key", {"KeySpec": "AES_256", "DryRun": True}),
        "kms:GenerateDataKeyWithoutPlaintext": (
            "generate_data_key_without_plaintext",
            {"KeySpec": "AES_256", "DryRun": True},
        ),
        "kms:GenerateDataKeyPair": ("generate_data_key_pair", {"KeyPairSpec": "RSA_2048", "DryRun": True}),
    },
    "access": {
        "kms:DescribeKey": ("describe_key", {}),
        "kms:GetKeyPolicy": ("get_key_policy", {"PolicyName": "default"}),
        "kms:GetKeyRotationStatus": ("get_key_rotation_status", {}),
        "kms:ListGrants": ("list_grants", {}),
        "kms:ListKeyPolicies": ("list_key_policies", {}),
        "kms:ListResourceTags": ("list_resource_tags", {}),
    },
}
"""Role -> permission -> the client's method and its members, the key left out."""
FIX = Fix(f"Report the difference with both sides and the key's policy: {DOCS}/issues/new/choose", "owner")


class Live:
    """Sessions of the two roles of one integration. problems: one sentence for each role that was not called as."""

    def __init__(self, session: boto3.Session, judge: Judge, external_id: str) -> None:
        self.problems: list[str] = []
        self._clients: dict[tuple[str, str], Any] = {}
        self._sessions: dict[str, boto3.Session] = {}
        for name in CALLS:
            assumed = self._assume(session, _role(judge, name), external_id)
            if assumed is not None:
                self._sessions[name] = assumed

    def findings(self, judge: Judge, saved: SavedKey) -> Iterator[Finding]:
        """The calls whose answer is not the decision's. judge: that of the key's account."""
        region = saved.arn.split(":")[3]
        for name, calls in CALLS.items():
            role = _role(judge, name)
            decided = judge.answers_to(name, tuple(calls), saved, direct=True)
            for action, (method, members) in calls.items():
                if name not in self._sessions:
                    break
                answer = _answer(self._client(name, region), method, {"KeyId": saved.arn, **members})
                if answer.code in LOST_CREDENTIALS:
                    del self._sessions[name]
                    self.problems.append(
                        f"The credentials of {role.arn} were lost ({answer.code}) at {saved.arn}: nothing more was "
                        "called as that role."
                    )
                elif answer.differs(decided[action]):
                    yield rules.LIVE_DIFFERS.finding(
                        saved.arn, f"{action} of {role.arn} on {saved.arn}: {answer.sides(decided[action])}.", FIX
                    )

    def _client(self, name: str, region: str) -> Any:
        if (name, region) not in self._clients:
            session: Any = self._sessions[name]
            self._clients[name, region] = session.client("kms", region_name=region, config=client_config(1))
        return self._clients[name, region]

    def _assume(self, session: boto3.Session, role: Role, external_id: str) -> boto3.Session | None:
        if role.saved is None:
            self.problems.append(f"{role.arn} does not exist, so nothing was called as that role.")
            return None
        try:
            return assume(session, role.arn, SESSION, external_id, client_config(1))
        except (BotoCoreError, ClientError) as error:
            code, _ = error_text(error)
            self.problems.append(
                f"{role.arn} can't be assumed with these credentials ({code}), so nothing was called as that role: let "
                "its trust policy name them for the time of the check."
            )
            return None


class _Answer:
    """AWS's answer to a call. code: empty if the call is allowed. request: the id by which AWS knows the call."""

    def __init__(self, code: str = "", text: str = "", request: str = "") -> None:
        self.code = code
        self._text = text
        self._request = request

    def differs(self, decided: Answer) -> bool:
        """Whether it is another answer than the decision. What is undecided, and an error that says nothing about
        permissions, differ from nothing."""
        if decided.outcome is Outcome.UNDECIDED or self.code not in ("", REFUSED):
            return False
        return (self.code == "") != (decided.outcome is Outcome.ALLOWED)

    def sides(self, decided: Answer) -> str:
        """Both answers, with what identifies each."""
        request = f" (request {self._request})" if self._request else ""
        return (
            f"AWS says {self._text or 'allowed'}{request}; the audit says {decided.outcome.value} by the "
            f"{decided.source}, since {decided.reason}"
        )


def _role(judge: Judge, name: str) -> Role:
    return judge.integration.appliance if name == "appliance" else judge.integration.access


def _answer(kms: Any, method: str, members: Mapping[str, Any]) -> _Answer:
    try:
        answer = getattr(kms, method)(**members)
    except BotoCoreError as error:
        return _Answer(*error_text(error))
    except ClientError as error:
        code, text = error_text(error)
        request = error.response.get("ResponseMetadata", {}).get("RequestId", "")
        return _Answer(request=request) if code == DRY_RUN_SUCCEEDED else _Answer(code, text.rstrip("."), request)
    return _Answer(request=answer["ResponseMetadata"].get("RequestId", ""))
