"""When something is broken in the emulator, calls are refused with AWS's codes, and the log says why.

Nothing here may end in an answer, in an error of status 500, or in silence.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from emulator import decision_header
from test_emulator.aws import Account, Caller, Faulty, allow, code_of, error_of, make_user, policy, statement

pytestmark = pytest.mark.xdist_group("faults")
"""One worker starts the emulator with switches."""

DENIED = "AccessDeniedException"
UNKNOWN = "UnrecognizedClientException"


@pytest.fixture
def account(faulty: Faulty) -> Account:
    """An account of its own for a test."""
    return Account.make(faulty.emulator.endpoint_url)


@dataclass(frozen=True)
class Stage:
    """An account with a key that delegates, a role that may use it, and a session of the role."""

    account: Account
    key: str
    role: Caller

    @classmethod
    def set_up(cls, account: Account) -> Stage:
        return cls(account, account.key(), account.session("Role", allow("kms:*", "sts:*", "iam:*")))

    def encrypt(self) -> Any:
        return self.role.kms.encrypt(KeyId=self.key, Plaintext=b"x")

    @property
    def key_id(self) -> str:
        return self.key.rpartition("/")[2]


@pytest.fixture
def stage(account: Account) -> Stage:
    """Nothing is broken yet: the call that the fault will stop is allowed."""
    made = Stage.set_up(account)
    made.encrypt()
    return made


def role_arn(stage: Stage) -> str:
    """The ARN of the stage's role."""
    return f"arn:aws:iam::{stage.account.id}:role/Role"


class TestTheDecision:
    @pytest.mark.parametrize(
        ("how", "reason"),
        [
            ("raises", "no decision could be made: RuntimeError: broken by a test"),
            ("recurses", "no decision could be made: RecursionError"),
            ("answers nothing", "no decision could be made: AttributeError"),
            ("answers yes", "no decision could be made: AttributeError"),
            ("raises inside", "unsupported: the request or a policy: RuntimeError while deciding"),
        ],
    )
    def test_that_fails_refuses(self, faulty: Faulty, stage: Stage, how: str, reason: str) -> None:
        before = faulty.emulator.log()
        faulty.make("decisions", account=stage.account.id, how=how)
        for call, code, status in (
            (stage.encrypt, DENIED, 400),
            (stage.role.kms.list_keys, DENIED, 400),
            (stage.role.client("resourcegroupstaggingapi").get_resources, DENIED, 400),
            (stage.role.iam.list_roles, "AccessDenied", 403),
            (stage.account.operator.iam.list_roles, "AccessDenied", 403),
            (stage.account.root.iam.list_roles, "AccessDenied", 403),
        ):
            with pytest.raises(ClientError) as caught:
                call()
            answer = caught.value.response
            assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
        assert code_of(stage.account.operator.sts.assume_role, RoleArn=role_arn(stage), RoleSessionName="again") == (
            "AccessDenied"
        )
        assert faulty.log_after(before).count(reason) == 7

    def test_a_refusal_without_an_error_is_a_refusal(self, faulty: Faulty, account: Account) -> None:
        key, role = account.key(), account.session("Bare")
        faulty.make("decisions", account=account.id, how="refuses without an error")
        assert code_of(role.kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED

    def test_one_that_never_comes_is_no_answer(self, faulty: Faulty, stage: Stage) -> None:
        faulty.make("decisions", account=stage.account.id, how="exits")
        with pytest.raises(ConnectionClosedError):
            stage.encrypt()
        faulty.make("decisions", account=stage.account.id, how="")
        stage.encrypt()

    def test_a_refusal_that_cannot_be_explained_is_a_refusal(self, faulty: Faulty, account: Account) -> None:
        key = account.key()
        named = json.dumps(policy(statement("Deny", "kms:*", Resource="*", Sid="explanation breaks")))
        role = account.session("Role", allow("kms:*"))
        before = faulty.emulator.log()
        faulty.make("role_with_document", account=account.id, role="Role", document=named)
        assert code_of(role.kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED
        assert "no decision could be made: RuntimeError: broken by a test" in faulty.log_after(before)

    def test_that_fails_for_one_account_leaves_the_others_alone(self, faulty: Faulty, stage: Stage) -> None:
        faulty.make("decisions", account="000000000000", how="raises")
        stage.encrypt()


def document(*statements: dict[str, Any]) -> str:
    return json.dumps(policy(*statements))


def conditioned(action: str, condition: Any) -> str:
    return document(statement("Allow", action, Resource="*", Condition=condition))


BROKEN_DOCUMENTS = {
    "no JSON": "{",
    "half a document": document(statement("Allow", "*", Resource="*"))[:-3],
    "empty": "",
    "a list": "[]",
    "nothing": "null",
    "not a text": None,
    "a number": 5,
    "without statements": '{"Version": "2012-10-17"}',
    "statements that are none": '{"Version": "2012-10-17", "Statement": "Allow everything"}',
    "an unknown version": '{"Version": "2035-01-01", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
    "an unknown effect": '{"Version": "2012-10-17", "Statement": {"Effect": "Permit", "Action": "*", "Resource": "*"}}',
    "an unknown element": '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", '
    '"Unless": {}}}',
    "an element twice": '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", '
    '"Resource": "*"}}',
    "an unknown operator": conditioned("kms:*", {"StringEqualsMaybe": {"aws:PrincipalAccount": "1"}}),
    "an unknown condition key": conditioned("kms:*", {"StringEquals": {"kms:Mood": "good"}}),
    "deeply nested": "[" * 5000 + "]" * 5000,
}
ALLOWS = [
    BROKEN_DOCUMENTS[name]
    for name in ("an unknown version", "an unknown element", "an unknown operator", "an unknown condition key")
]
"""Each contains an Allow: next to a sound Allow it changes nothing, whatever else it means."""


def as_key_policy(text: Any) -> Any:
    return text.replace('"Resource"', '"Principal": "*", "Resource"') if isinstance(text, str) else text


def as_trust_policy(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return text.replace('"kms:*"', '"sts:*"').replace('"Resource": "*"', '"Principal": "*"')


@pytest.fixture(scope="module")
def shared(faulty: Faulty) -> Stage:
    """One stage for tests that restore what they break."""
    return Stage.set_up(Account.make(faulty.emulator.endpoint_url))


SOUND = conditioned("kms:*", {"StringLike": {"aws:PrincipalAccount": "*"}})


@pytest.mark.parametrize("text", BROKEN_DOCUMENTS.values(), ids=BROKEN_DOCUMENTS)
class TestABrokenDocument:
    """Each is refused although a sound document in the same place is not, unless it makes no difference."""

    def test_as_identity_policy_next_to_a_sound_one(self, faulty: Faulty, shared: Stage, text: Any) -> None:
        place = {"account": shared.account.id, "role": "Role"}
        faulty.make("role_with_document", **place, document=text)
        assert code_of(shared.encrypt) == ("allowed" if text in ALLOWS else DENIED)
        faulty.make("role_with_document", **place, document=SOUND)
        assert code_of(shared.encrypt) == "allowed"

    def test_as_key_policy(self, faulty: Faulty, shared: Stage, text: Any) -> None:
        place = {"account": shared.account.id, "key_id": shared.key_id}
        faulty.make("key_with_policy", **place, document=as_key_policy(text))
        assert code_of(shared.encrypt) == DENIED
        assert code_of(shared.account.root.kms.describe_key, KeyId=shared.key) == DENIED
        faulty.make("key_with_policy", **place, document=as_key_policy(SOUND))
        assert code_of(shared.encrypt) == "allowed"

    def test_as_trust_policy(self, faulty: Faulty, shared: Stage, text: Any) -> None:
        place = {"account": shared.account.id, "role": "Role"}
        assume = {"RoleArn": role_arn(shared), "RoleSessionName": "again"}
        faulty.make("role_with_trust", **place, document=as_trust_policy(text))
        assert code_of(shared.account.operator.sts.assume_role, **assume) == "AccessDenied"
        faulty.make("role_with_trust", **place, document=as_trust_policy(SOUND))
        assert code_of(shared.account.operator.sts.assume_role, **assume) == "allowed"


class TestHalfFilledStores:
    @pytest.mark.parametrize("text", ["{", "", document(statement("Allow", "kms:*", Principal="*", Resource="*"))])
    def test_a_broken_session_policy(self, faulty: Faulty, stage: Stage, text: str) -> None:
        faulty.make("session_changed", access_key=stage.role.key, policies=(text,))
        assert code_of(stage.encrypt) == DENIED

    def test_a_managed_session_policy_that_does_not_exist(self, faulty: Faulty, stage: Stage) -> None:
        missing = f"arn:aws:iam::{stage.account.id}:policy/Missing"
        faulty.make("session_changed", access_key=stage.role.key, policy_arns=(missing,))
        assert code_of(stage.encrypt) == DENIED
        assert f"the managed policy {missing} does not exist" in faulty.emulator.log()

    def test_an_attached_policy_that_does_not_exist(self, faulty: Faulty, stage: Stage) -> None:
        faulty.make("role_without_policy_document", account=stage.account.id, role="Role")
        assert code_of(stage.encrypt) == DENIED
        missing = f"the managed policy arn:aws:iam::{stage.account.id}:policy/Missing does not exist"
        assert missing in faulty.emulator.log()

    def test_a_boundary_that_does_not_exist(self, faulty: Faulty, stage: Stage) -> None:
        faulty.make("role_with_missing_boundary", account=stage.account.id, role="Role")
        assert code_of(stage.encrypt) == DENIED

    def test_a_managed_policy_without_its_default_version(self, faulty: Faulty, stage: Stage) -> None:
        iam = stage.account.root.iam
        arn = iam.create_policy(PolicyName="More", PolicyDocument=json.dumps(allow("kms:*")))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="Role", PolicyArn=arn)
        faulty.make("managed_policy_without_default_version", account=stage.account.id, arn=arn)
        assert code_of(stage.encrypt) == DENIED
        assert f"the managed policy {arn} has no default version" in faulty.emulator.log()

    @pytest.mark.parametrize("member", ["RoleId", "Arn"])
    def test_a_role_without_its_names(self, faulty: Faulty, stage: Stage, member: str) -> None:
        faulty.make("role_without", account=stage.account.id, role="Role", member=member)
        assert code_of(stage.encrypt) == DENIED

    def test_a_role_without_its_trust_policy(self, faulty: Faulty, stage: Stage) -> None:
        faulty.make("role_without", account=stage.account.id, role="Role", member="AssumeRolePolicyDocument")
        role = role_arn(stage)
        assert code_of(stage.account.operator.sts.assume_role, RoleArn=role, RoleSessionName="x1") == "AccessDenied"

    @pytest.mark.parametrize("member", ["Arn", "KeyId", "KeyState", "KeySpec", "KeyUsage", "KeyManager", "Origin"])
    def test_a_key_without_a_part_of_its_metadata(self, faulty: Faulty, stage: Stage, member: str) -> None:
        faulty.make("key_without", account=stage.account.id, key_id=stage.key_id, member=member)
        assert code_of(stage.encrypt) == DENIED

    def test_an_alias_whose_key_does_not_exist(self, faulty: Faulty, stage: Stage) -> None:
        stage.account.root.kms.create_alias(AliasName="alias/app", TargetKeyId=stage.key_id)
        assert code_of(stage.role.kms.encrypt, KeyId="alias/app", Plaintext=b"x") == "allowed"
        faulty.make("alias_to_nowhere", account=stage.account.id, alias="alias/app")
        assert code_of(stage.role.kms.encrypt, KeyId="alias/app", Plaintext=b"x") == "NotFoundException"

    @pytest.mark.parametrize("member", ["GranteePrincipal", "Operations", "IssuingAccount", "KeyArn"])
    def test_a_grant_without_a_part_of_it(self, faulty: Faulty, account: Account, member: str) -> None:
        key, role = account.key(), account.role("Role")
        account.root.kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Encrypt"])
        session = account.operator.assume(role)
        assert code_of(session.kms.encrypt, KeyId=key, Plaintext=b"x") == "allowed"
        faulty.make("grants_without", account=account.id, member=member)
        assert code_of(session.kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED

    def test_an_access_key_whose_user_does_not_exist(self, faulty: Faulty, account: Account) -> None:
        user = make_user(account.root, "User", allow("kms:*"))
        assert code_of(user.kms.list_keys) == "allowed"
        faulty.make("user_deleted", account=account.id, user="User")
        assert code_of(user.kms.list_keys) == UNKNOWN
        assert code_of(user.sts.get_caller_identity) == "InvalidClientTokenId"


class TestWhatIsUnsupportedIsNamed:
    """In the answer's text, in the explanation that goes with it, and in the log."""

    @pytest.mark.parametrize(
        ("condition", "name"),
        [
            ({"StringEqualsMaybe": {"aws:PrincipalAccount": "1"}}, "StringEqualsMaybe"),
            ({"ForSomeValues:StringEquals": {"aws:TagKeys": "a"}}, "ForSomeValues:StringEquals"),
            ({"StringEquals": {"kms:Mood": "good"}}, "kms:Mood"),
        ],
    )
    @pytest.mark.parametrize("effect", ["Allow", "Deny"])
    def test_an_operator_or_condition_key(
        self, faulty: Faulty, stage: Stage, effect: str, condition: dict[str, Any], name: str
    ) -> None:
        caller = stage.role if effect == "Deny" else stage.account.session("Bare", allow("kms:DescribeKey"))
        role = "Role" if effect == "Deny" else "Bare"
        before = faulty.emulator.log()
        text = document(statement(effect, "kms:Encrypt", Resource="*", Condition=condition))
        faulty.make("role_with_document", account=stage.account.id, role=role, document=text)
        with pytest.raises(ClientError) as caught:
            caller.kms.encrypt(KeyId=stage.key, Plaintext=b"x")
        answer = caught.value.response
        explanation = decision_header.read(answer["ResponseMetadata"]["HTTPHeaders"])
        assert answer["Error"]["Code"] == DENIED
        assert name in answer["Error"]["Message"]
        assert explanation is not None
        assert name in explanation.reason
        (line,) = [line for line in faulty.log_after(before).splitlines() if "refused kms:Encrypt" in line]
        assert name in line
        assert "broken" in line  # the policy's name
        assert code_of(caller.kms.describe_key, KeyId=stage.key) == "allowed"

    def test_a_principal_in_a_key_policy(self, faulty: Faulty, stage: Stage) -> None:
        text = json.dumps(
            policy(
                statement("Allow", "kms:DescribeKey", Principal={"AWS": stage.account.root_arn}, Resource="*"),
                statement("Allow", "kms:Encrypt", Principal={"Robot": "R2"}, Resource="*"),
            )
        )
        faulty.make("key_with_policy", account=stage.account.id, key_id=stage.key_id, document=text)
        code, message = error_of(stage.role.kms.encrypt, KeyId=stage.key, Plaintext=b"x")
        assert (code, "{'Robot': 'R2'}" in message) == (DENIED, True)


class TestSessions:
    def test_one_that_has_expired(self, faulty: Faulty, stage: Stage) -> None:
        faulty.make("session_changed", access_key=stage.role.key, expires=time.time() - 1)
        text = "The security token included in the request is expired"
        assert error_of(stage.role.kms.encrypt, KeyId=stage.key, Plaintext=b"x") == ("ExpiredTokenException", text)
        assert error_of(stage.role.sts.get_caller_identity) == ("ExpiredToken", text)
        assert error_of(stage.role.iam.list_roles) == ("ExpiredToken", text)
        assert f"the session arn:aws:sts::{stage.account.id}:assumed-role/Role/session expired" in faulty.emulator.log()

    def test_one_whose_role_was_recreated(self, faulty: Faulty, stage: Stage) -> None:
        faulty.make("session_changed", access_key=stage.role.key, issuer_id="AROAANOTHERROLE000001")
        assert code_of(stage.encrypt) == UNKNOWN

    def test_one_of_a_role_that_never_was(self, faulty: Faulty, stage: Stage) -> None:
        arn = f"arn:aws:iam::{stage.account.id}:role/Never"
        faulty.make("session_changed", access_key=stage.role.key, issuer_arn=arn)
        assert code_of(stage.encrypt) == UNKNOWN
