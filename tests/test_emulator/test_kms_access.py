"""KMS calls are decided by the key's and the caller's policies, in one account and across two.

Expected outcomes are from the KMS developer guide: "Key policies in AWS KMS", "Allowing users in other accounts to use
a KMS key".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator import decision_header
from emulator.decision_header import Explanation
from plerion_kms.authorization.decision import ConditionFailure, Source, StatementTrace
from test_emulator.aws import Account, allow, code_of, error_of, key_policy, make_user, policy, statement

DENIED = "AccessDeniedException"


def test_a_key_policy_that_delegates_leaves_it_to_identity_policies(account: Account) -> None:
    key = account.key()
    bare, granted = account.session("Bare"), account.session("Granted", allow("kms:Encrypt"))
    assert granted.kms.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    code, message = error_of(bare.kms.encrypt, KeyId=key, Plaintext=b"x")
    assert code == DENIED
    assert message == (
        f"User: arn:aws:sts::{account.id}:assumed-role/Bare/session is not authorized to perform: kms:Encrypt on "
        f"resource: {key} because no identity-based policy allows the kms:Encrypt action"
    )
    assert code_of(granted.kms.decrypt, KeyId=key, CiphertextBlob=b"x" * 80) == DENIED


def test_a_key_policy_that_does_not_delegate_makes_identity_policies_useless(account: Account) -> None:
    named = account.role("Named")
    key = account.key(key_policy(named, "kms:Encrypt"))
    everything = account.session("Everything", allow("*"))
    code, message = error_of(everything.kms.encrypt, KeyId=key, Plaintext=b"x")
    assert code == DENIED
    assert message.endswith("because no resource-based policy allows the kms:Encrypt action")
    assert account.operator.assume(named).kms.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    assert code_of(account.root.kms.describe_key, KeyId=key) == DENIED


def test_tags_grant_and_deny_access_to_a_key_at_once(account: Account) -> None:
    condition = {"StringEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Granted"}}
    role = account.session("Appliance", allow("kms:Encrypt", resource="arn:aws:kms:*:*:key/*", Condition=condition))
    key = account.key()
    outcomes = []
    for value in (None, "granted", "Denied", None):
        if value is None:
            account.root.kms.untag_resource(KeyId=key, TagKeys=["PlerionAccess"])
        else:
            account.root.kms.tag_resource(KeyId=key, Tags=[{"TagKey": "PlerionAccess", "TagValue": value}])
        outcomes.append(code_of(role.kms.encrypt, KeyId=key, Plaintext=b"x"))
    assert outcomes == [DENIED, "allowed", DENIED, DENIED]


def test_an_explicit_deny_wins(account: Account) -> None:
    key = account.key()
    role = account.session("Role", allow("kms:*"), policy(statement("Deny", "kms:Encrypt", Resource="*")))
    code, message = error_of(role.kms.encrypt, KeyId=key, Plaintext=b"x")
    assert code == DENIED
    assert message.endswith("with an explicit deny in an identity-based policy")
    assert code_of(role.kms.describe_key, KeyId=key) == "allowed"


def test_a_permissions_boundary_limits_delegated_access(account: Account) -> None:
    key = account.key()
    boundary = account.root.iam.create_policy(
        PolicyName="Boundary", PolicyDocument=json.dumps(allow("kms:DescribeKey"))
    )
    arn = boundary["Policy"]["Arn"]
    role = account.operator.assume(account.role("Role", allow("kms:*"), PermissionsBoundary=arn))
    assert code_of(role.kms.describe_key, KeyId=key) == "allowed"
    _, message = error_of(role.kms.encrypt, KeyId=key, Plaintext=b"x")
    assert message.endswith("because no permissions boundary allows the kms:Encrypt action")
    account.root.iam.delete_role_permissions_boundary(RoleName="Role")
    assert code_of(role.kms.encrypt, KeyId=key, Plaintext=b"x") == "allowed"


def test_managed_and_group_policies_apply(account: Account) -> None:
    key, iam = account.key(), account.root.iam
    user = make_user(account.root, "User")
    assert code_of(user.kms.describe_key, KeyId=key) == DENIED
    arn = iam.create_policy(PolicyName="Describe", PolicyDocument=json.dumps(allow("kms:DescribeKey")))["Policy"]["Arn"]
    iam.create_group(GroupName="Group")
    iam.attach_group_policy(GroupName="Group", PolicyArn=arn)
    iam.add_user_to_group(GroupName="Group", UserName="User")
    assert code_of(user.kms.describe_key, KeyId=key) == "allowed"
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(allow("kms:ListKeys")), SetAsDefault=True)
    assert code_of(user.kms.describe_key, KeyId=key) == DENIED
    iam.attach_user_policy(UserName="User", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert code_of(user.kms.describe_key, KeyId=key) == "allowed"


class TestAcrossAccounts:
    """The key is in `other`, the caller in `account`."""

    def test_both_sides_must_allow(self, account: Account, other: Account) -> None:
        closed = other.key()
        opened = other.key(key_policy([other.root_arn, account.root_arn]))
        role = account.session("Role", allow("kms:*"))
        bare = account.session("Bare")
        code, message = error_of(role.kms.encrypt, KeyId=closed, Plaintext=b"x")
        assert code == DENIED
        assert message == (
            f"User: arn:aws:sts::{account.id}:assumed-role/Role/session is not authorized to perform: kms:Encrypt on "
            "this resource because the resource does not exist in this Region, no resource-based policies allow "
            "access, or a resource-based policy explicitly denies access"
        )
        assert role.kms.encrypt(KeyId=opened, Plaintext=b"x")["KeyId"] == opened
        _, message = error_of(bare.kms.encrypt, KeyId=opened, Plaintext=b"x")
        assert message.endswith(f"on resource: {opened} because no identity-based policy allows the kms:Encrypt action")

    def test_a_key_that_does_not_exist_looks_like_a_forbidden_one(self, account: Account, other: Account) -> None:
        role = account.session("Role", allow("kms:*"))
        missing = other.key().rpartition("/")[0] + "/11111111-2222-3333-4444-555555555555"
        code, message = error_of(role.kms.describe_key, KeyId=missing)
        assert code == DENIED
        assert "because the resource does not exist in this Region, no resource-based policies allow access" in message

    def test_decrypt_finds_the_key_by_the_ciphertext(self, account: Account, other: Account) -> None:
        key = other.key(key_policy([other.root_arn, account.root_arn]))
        blob = other.root.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
        answer = account.session("Role", allow("kms:Decrypt")).kms.decrypt(CiphertextBlob=blob)
        assert (answer["Plaintext"], answer["KeyId"]) == (b"secret", key)
        code, message = error_of(account.session("Bare").kms.decrypt, CiphertextBlob=blob)
        assert code == DENIED
        assert "kms:Decrypt on the resource associated with this ciphertext because" in message

    @pytest.mark.parametrize("source_named", [True, False])
    def test_re_encrypt_from_and_to_the_other_account(
        self, account: Account, other: Account, source_named: bool
    ) -> None:
        here, there = account.key(), other.key(key_policy([other.root_arn, account.root_arn]))
        role = account.session("Role", allow("kms:ReEncrypt*", "kms:Encrypt", "kms:Decrypt"))
        blob = role.kms.encrypt(KeyId=there, Plaintext=b"secret", EncryptionContext={"a": "1"})["CiphertextBlob"]
        named: dict[str, Any] = {"SourceKeyId": there} if source_named else {}
        moved = role.kms.re_encrypt(
            CiphertextBlob=blob, DestinationKeyId=here, SourceEncryptionContext={"a": "1"}, **named
        )
        assert (moved["SourceKeyId"], moved["KeyId"]) == (there, here)
        assert role.kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"secret"
        named = {"SourceKeyId": here} if source_named else {}
        back = role.kms.re_encrypt(
            CiphertextBlob=moved["CiphertextBlob"],
            DestinationKeyId=there,
            DestinationEncryptionContext={"b": "2"},
            **named,
        )
        assert (back["SourceKeyId"], back["KeyId"]) == (here, there)
        plain = role.kms.decrypt(CiphertextBlob=back["CiphertextBlob"], EncryptionContext={"b": "2"})
        assert plain["Plaintext"] == b"secret"

    def test_re_encrypt_needs_both_permissions(self, account: Account, other: Account) -> None:
        here = account.key()
        there = other.key(key_policy([other.root_arn, account.root_arn], "kms:ReEncryptTo", "kms:Encrypt"))
        role = account.session("Role", allow("kms:ReEncrypt*", "kms:Encrypt"))
        from_there = role.kms.encrypt(KeyId=there, Plaintext=b"x")["CiphertextBlob"]
        from_here = role.kms.encrypt(KeyId=here, Plaintext=b"x")["CiphertextBlob"]
        assert role.kms.re_encrypt(CiphertextBlob=from_here, DestinationKeyId=there)["KeyId"] == there
        code, message = error_of(role.kms.re_encrypt, CiphertextBlob=from_there, DestinationKeyId=here)
        assert code == DENIED
        assert "kms:ReEncryptFrom" in message

    def test_an_alias_arn_is_resolved_in_the_account_it_names(self, account: Account, other: Account) -> None:
        here, there = account.key(), other.key(key_policy([other.root_arn, account.root_arn]))
        account.root.kms.create_alias(AliasName="alias/same", TargetKeyId=here)
        other.root.kms.create_alias(AliasName="alias/same", TargetKeyId=there)
        role = account.session("Role", allow("kms:Encrypt"))
        alias = there.partition(":key/")[0] + ":alias/same"
        assert role.kms.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"] == there
        assert role.kms.encrypt(KeyId="alias/same", Plaintext=b"x")["KeyId"] == here

    @pytest.mark.parametrize(
        ("operation", "members"),
        [
            ("get_key_policy", {}),
            ("list_resource_tags", {}),
            ("list_key_policies", {}),
            ("put_key_policy", {"Policy": "{}"}),
            ("tag_resource", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
            ("schedule_key_deletion", {}),
            ("disable_key", {}),
            ("enable_key_rotation", {}),
        ],
    )
    def test_what_does_not_work_across_accounts_is_denied(
        self, account: Account, other: Account, operation: str, members: dict[str, Any]
    ) -> None:
        key = other.key(key_policy([other.root_arn, account.root_arn]))
        role = account.session("Role", allow("kms:*"))
        assert code_of(getattr(role.kms, operation), KeyId=key, **members) == DENIED

    @pytest.mark.parametrize("operation", ["describe_key", "get_key_rotation_status", "list_grants"])
    def test_metadata_reads_that_do_work(self, account: Account, other: Account, operation: str) -> None:
        key = other.key(key_policy([other.root_arn, account.root_arn]))
        role = account.session("Role", allow("kms:*"))
        assert code_of(getattr(role.kms, operation), KeyId=key) == "allowed"


def test_keys_of_the_callers_account_that_do_not_exist(account: Account) -> None:
    role = account.session("Role", allow("kms:*"))
    missing = "11111111-2222-3333-4444-555555555555"
    arn = f"arn:aws:kms:us-east-1:{account.id}"
    assert error_of(role.kms.describe_key, KeyId=missing) == (
        "NotFoundException",
        f"Key '{arn}:key/{missing}' does not exist",
    )
    assert error_of(role.kms.describe_key, KeyId="nonsense") == ("NotFoundException", "Invalid keyId 'nonsense'")
    assert error_of(role.kms.describe_key, KeyId="alias/none") == (
        "NotFoundException",
        f"Alias {arn}:alias/none is not found.",
    )
    elsewhere = account.key().replace("us-east-1", "eu-west-1")
    assert error_of(role.kms.describe_key, KeyId=elsewhere) == ("NotFoundException", "Invalid arn eu-west-1")


def test_a_blob_that_is_not_a_ciphertext(account: Account) -> None:
    role = account.session("Role", allow("kms:*"))
    assert code_of(role.kms.decrypt, CiphertextBlob=b"nonsense") == "InvalidCiphertextException"


def test_authorization_comes_before_the_state_of_the_key(account: Account) -> None:
    key = account.key()
    account.root.kms.disable_key(KeyId=key)
    assert error_of(account.session("Role", allow("kms:*")).kms.encrypt, KeyId=key, Plaintext=b"x") == (
        "DisabledException",
        f"{key} is disabled.",
    )
    assert code_of(account.session("Bare").kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED
    account.root.kms.schedule_key_deletion(KeyId=key)
    code, message = error_of(account.root.kms.encrypt, KeyId=key, Plaintext=b"x")
    assert (code, message) == ("KMSInvalidStateException", f"{key} is pending deletion.")


def test_the_answer_says_who_decided(account: Account) -> None:
    key = account.key(tags={"PlerionAccess": "Denied"})
    condition = {"StringEquals": {"aws:ResourceTag/PlerionAccess": "Granted"}}
    role = account.session("Role", allow("kms:DescribeKey"), allow("kms:Encrypt", Condition=condition))
    delegates = "'Enable IAM User Permissions' of resource-based policy 'key policy' delegates to the account; "
    headers = role.kms.describe_key(KeyId=key)["ResponseMetadata"]["HTTPHeaders"]
    assert decision_header.read(headers) == Explanation(
        True,
        "resource-based policy that delegates to the account",
        f"{delegates}'statement 1' of identity-based policy 'policy0'",
    )
    with pytest.raises(role.kms.exceptions.ClientError) as refusal:
        role.kms.encrypt(KeyId=key, Plaintext=b"x")
    failure = ConditionFailure("StringEquals", "aws:ResourceTag/PlerionAccess", ("Granted",), "Denied")
    assert decision_header.read(refusal.value.response["ResponseMetadata"]["HTTPHeaders"]) == Explanation(
        False,
        "identity-based policy",
        f"{delegates}no identity-based policy allows it",
        (StatementTrace(Source.IDENTITY, "policy1", "statement 1", "Allow", failure),),
    )
