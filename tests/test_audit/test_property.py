"""No key is called open where a call of the mode statement is refused, whatever the call's unknown context."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.judge import APPLIANCE_ACTIONS, FOR_EBS
from plerion_kms.audit.report import Verdict
from plerion_kms.audit.roles import mode_policy
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.documents import parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms import authorize_permission
from plerion_kms.authorization.kms_call import Key, KmsCall
from plerion_kms.authorization.kms_operations import OPERATIONS
from plerion_kms.authorization.request import Principal, PrincipalType
from test_audit.account import ACCOUNT, APPLIANCE, KEY, REGION, World, allow, deny, document

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
ACTIONS = st.sampled_from(["kms:*", ["kms:Decrypt", "kms:DescribeKey"], "kms:CreateGrant", "kms:GenerateDataKey*"])
CONDITIONS = st.sampled_from([
    {},
    {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
    {"Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
    {"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}},
    {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
    {"Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}}},
    {"Condition": {"StringEquals": {"aws:PrincipalTag/PlerionApplianceRole": "True"}}},
])  # fmt: skip
PRINCIPALS = st.sampled_from([ROOT, {"AWS": "*"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}])
STATEMENTS = st.builds(
    lambda make, action, principal, members: make(action, principal, **members),
    st.sampled_from([allow, allow, deny]),
    ACTIONS,
    PRINCIPALS,
    CONDITIONS,
)
CALLS = st.fixed_dictionaries({}, optional={
    "aws:SourceIp": st.sampled_from(["10.1.1.1", "192.0.2.1"]),
    "aws:SourceVpce": st.sampled_from(["vpce-1", "vpce-2"]),
    "aws:MultiFactorAuthPresent": st.sampled_from(["true", "false"]),
})  # fmt: skip
PRINCIPAL = Principal(
    PrincipalType.ROLE_SESSION,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/PlerionApplianceRole/i-1",
    ACCOUNT,
    issuer_arn=APPLIANCE,
    user_id="AROA:i-1",
    tags={"PlerionApplianceRole": "True"},
)


@pytest.mark.generated
@settings(max_examples=150, deadline=None)
@given(
    statements=st.lists(STATEMENTS, min_size=1, max_size=4),
    tag=st.sampled_from([{}, {"PlerionAccess": "Denied"}, {"PlerionAccess": "granted"}]),
    mode=st.sampled_from(["ALL_KEYS", "SELECTED_KEYS"]),
    context=CALLS,
)
def test_open_is_open(
    statements: list[dict[str, object]], tag: dict[str, str], mode: str, context: dict[str, str]
) -> None:
    text = document(*statements)
    (key,) = assess(World(text, tags=tag).snapshot(), Options(mode=mode)).keys
    if key.verdict is not Verdict.OPEN:
        return
    policy = parse_policy(text, PolicyKind.KEY, "key policy")
    real = Key(KEY, policy, tags=tag, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", origin="AWS_KMS")
    identity = (parse_policy(mode_policy(mode, "aws"), PolicyKind.IDENTITY, "mode"),)
    for operation in OPERATIONS.values():
        for permission in operation.permissions:
            if permission.action not in APPLIANCE_ACTIONS:
                continue
            by_ec2 = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
            caller = Caller(
                PRINCIPAL,
                identity=identity,
                context={**context, "aws:SecureTransport": "true", **(by_ec2 if permission.action in FOR_EBS else {})},
            )
            call = KmsCall(operation.name, {"KeyId": KEY}, REGION, ACCOUNT, {permission.on.value: real})
            decision = authorize_permission(caller, call, permission)
            assert decision.allowed, (permission.action, decision.reason)
