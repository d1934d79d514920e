"""What LocalStack's KMS lacks and the emulator adds: documents checked, grants, dry runs, replicas, AWS managed keys.

Expected outcomes are from the KMS API reference and the KMS developer guide: "Key policies in AWS KMS", "Grants in AWS
KMS", "Multi-Region keys", "AWS managed keys".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from test_emulator.aws import Account, Caller, allow, code_of, error_of, key_policy, policy, statement

DENIED = "AccessDeniedException"
MALFORMED = "MalformedPolicyDocumentException"
DRY_RUN = ("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
LOCKOUT = (MALFORMED, "The new key policy will not allow you to update the key policy in the future.")
INVALID_PRINCIPALS = (MALFORMED, "Policy contains a statement with one or more invalid principals.")


class TestKeyPolicies:
    def put(self, account: Account, document: Mapping[str, Any] | str, **members: Any) -> Any:
        text = document if isinstance(document, str) else json.dumps(document)
        return {"KeyId": account.key(), "PolicyName": "default", "Policy": text, **members}

    @pytest.mark.parametrize(
        "document",
        [
            "{",
            "[]",
            policy(),
            policy({"Action": "kms:*", "Principal": "*", "Resource": "*"}),
            policy({"Effect": "Allow", "Action": "kms:*", "Resource": "*"}),
            policy(statement("Allow", "kms:*", Principal="*", Resource="*", Condition={"StringIs": {"a": "b"}})),
        ],
    )
    def test_what_is_not_a_key_policy(self, account: Account, document: Any) -> None:
        put = self.put(account, document, BypassPolicyLockoutSafetyCheck=True)
        assert code_of(account.root.kms.put_key_policy, **put) == MALFORMED
        assert code_of(account.root.kms.create_key, Policy=put["Policy"]) == MALFORMED

    @pytest.mark.parametrize("key", ["aws:ResourceTag/PlerionAccess", "kms:ResourceAliases"])
    def test_condition_keys_that_only_iam_policies_may_have(self, account: Account, key: str) -> None:
        document = key_policy(account.root_arn, Condition={"StringEquals": {key: "Granted"}})
        put = self.put(account, document, BypassPolicyLockoutSafetyCheck=True)
        assert error_of(account.root.kms.put_key_policy, **put) == (
            MALFORMED,
            f"These condition keys are not permitted in a key policy: {key.partition('/')[0]}",
        )

    @pytest.mark.parametrize("name", ["role/Missing", "user/Missing", "assumed-role/Missing/session", "group/Some"])
    def test_principals_must_exist(self, account: Account, name: str) -> None:
        service = "sts" if name.startswith("assumed") else "iam"
        document = key_policy([account.root_arn, f"arn:aws:{service}::{account.id}:{name}"])
        assert error_of(account.root.kms.put_key_policy, **self.put(account, document)) == INVALID_PRINCIPALS

    def test_principals_that_do_exist(self, account: Account, other: Account) -> None:
        named = [
            account.root_arn,
            other.id,
            account.role("Role", Path="/team/"),
            other.role("Role"),
            f"arn:aws:sts::{other.id}:assumed-role/Role/session",
            f"arn:aws:iam::{account.id}:user/Operator",
        ]
        assert code_of(account.root.kms.put_key_policy, **self.put(account, key_policy(named))) == "allowed"

    def test_a_policy_that_is_too_long(self, account: Account) -> None:
        document = key_policy(account.root_arn)
        document["Statement"][0]["Sid"] = "x" * 32_768
        assert code_of(account.root.kms.put_key_policy, **self.put(account, document)) == "LimitExceededException"

    def test_a_refused_policy_changes_nothing(self, account: Account) -> None:
        put = self.put(account, "{")
        before = account.root.kms.get_key_policy(KeyId=put["KeyId"])["Policy"]
        error_of(account.root.kms.put_key_policy, **put)
        assert account.root.kms.get_key_policy(KeyId=put["KeyId"])["Policy"] == before
        keys = len(account.root.kms.list_keys()["Keys"])
        error_of(account.root.kms.create_key, Policy="{")
        assert len(account.root.kms.list_keys()["Keys"]) == keys

    def test_the_lockout_check(self, account: Account) -> None:
        role = account.role("Role")
        document = key_policy(role)
        assert error_of(account.root.kms.create_key, Policy=json.dumps(document)) == LOCKOUT
        assert error_of(account.root.kms.put_key_policy, **self.put(account, document)) == LOCKOUT
        put = self.put(account, document, BypassPolicyLockoutSafetyCheck=True)
        assert code_of(account.root.kms.put_key_policy, **put) == "allowed"
        assert code_of(account.root.kms.get_key_policy, KeyId=put["KeyId"]) == DENIED
        assert code_of(account.operator.assume(role).kms.put_key_policy, **put) == "allowed"

    def test_the_lockout_check_looks_at_the_callers_own_policies_too(self, account: Account) -> None:
        creator = account.session("Creator", allow("kms:CreateKey"))
        owner = account.session("Owner", allow("kms:CreateKey", "kms:PutKeyPolicy"))
        document = json.dumps(key_policy(account.root_arn))
        assert error_of(creator.kms.create_key, Policy=document) == LOCKOUT
        assert code_of(owner.kms.create_key, Policy=document) == "allowed"

    def test_the_default_key_policy(self, account: Account) -> None:
        answer = account.root.kms.get_key_policy(KeyId=account.key())
        assert answer["PolicyName"] == "default"
        assert json.loads(answer["Policy"])["Statement"] == [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": account.root_arn},
                "Action": "kms:*",
                "Resource": "*",
            }
        ]

    def test_a_recreated_role_is_another_principal(self, account: Account) -> None:
        role = account.role("Role")
        key = account.key(policy(*key_policy(account.root_arn)["Statement"], *key_policy(role)["Statement"]))
        assert code_of(account.operator.assume(role).kms.describe_key, KeyId=key) == "allowed"
        role_id = account.root.iam.get_role(RoleName="Role")["Role"]["RoleId"]
        account.root.iam.delete_role(RoleName="Role")
        again = account.operator.assume(account.role("Role"))
        assert code_of(again.kms.describe_key, KeyId=key) == DENIED
        shown = json.loads(account.root.kms.get_key_policy(KeyId=key)["Policy"])
        assert shown["Statement"][1]["Principal"] == {"AWS": [role_id]} or shown["Statement"][1]["Principal"] == {
            "AWS": role_id
        }


class TestGrants:
    def test_a_grant_is_permission_enough(self, account: Account) -> None:
        key, role = account.key(), account.role("Role")
        session = account.operator.assume(role)
        assert code_of(session.kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED
        grant = account.root.kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Encrypt", "Decrypt"])
        blob = session.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        assert session.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        assert code_of(session.kms.describe_key, KeyId=key) == DENIED
        account.root.kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
        assert code_of(session.kms.decrypt, CiphertextBlob=blob) == DENIED

    def test_its_encryption_context(self, account: Account) -> None:
        key, role = account.key(), account.role("Role")
        account.root.kms.create_grant(
            KeyId=key,
            GranteePrincipal=role,
            Operations=["Encrypt"],
            Constraints={"EncryptionContextSubset": {"volume": "1"}},
        )
        kms = account.operator.assume(role).kms
        assert code_of(kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"volume": "1", "a": "b"}) == "allowed"
        assert code_of(kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"volume": "2"}) == DENIED
        assert code_of(kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED

    def test_across_accounts_it_is_kept_with_the_key(self, account: Account, other: Account) -> None:
        key = other.key(key_policy([other.root_arn, account.root_arn]))
        role, retiring = account.role("Grantee"), account.role("Retiring")
        caller = account.session("Caller", allow("kms:*"))
        grant = caller.kms.create_grant(
            KeyId=key, GranteePrincipal=role, RetiringPrincipal=retiring, Operations=["Encrypt"]
        )
        session = account.operator.assume(role)
        assert code_of(session.kms.encrypt, KeyId=key, Plaintext=b"x") == "allowed"
        for lister in (caller, other.root):
            (listed,) = lister.kms.list_grants(KeyId=key)["Grants"]
            assert listed["GrantId"] == grant["GrantId"]
            assert listed["IssuingAccount"] == account.root_arn
        assert account.root.kms.list_grants(KeyId=account.key())["Grants"] == []
        listed = caller.kms.list_retirable_grants(RetiringPrincipal=retiring)["Grants"]
        assert [entry["GrantId"] for entry in listed] == [grant["GrantId"]]
        assert code_of(session.kms.retire_grant, GrantToken=grant["GrantToken"]) == DENIED
        retirer = account.operator.assume(retiring)
        assert code_of(retirer.kms.retire_grant, GrantToken=grant["GrantToken"], DryRun=True) == DRY_RUN[0]
        assert code_of(retirer.kms.retire_grant, KeyId=key, GrantId=grant["GrantId"]) == "allowed"
        assert other.root.kms.list_grants(KeyId=key)["Grants"] == []
        assert code_of(session.kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED

    def test_a_recreated_grantee_is_another_principal(self, account: Account) -> None:
        key, role, retiring = account.key(), account.role("Role"), account.role("Retiring")
        grant = account.root.kms.create_grant(
            KeyId=key, GranteePrincipal=role, RetiringPrincipal=retiring, Operations=["Encrypt"]
        )
        assert code_of(account.operator.assume(role).kms.encrypt, KeyId=key, Plaintext=b"x") == "allowed"
        for name in ("Role", "Retiring"):
            account.root.iam.delete_role(RoleName=name)
            account.role(name)
        assert code_of(account.operator.assume(role).kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED
        retirer = account.operator.assume(retiring)
        assert code_of(retirer.kms.retire_grant, KeyId=key, GrantId=grant["GrantId"]) == DENIED

    def test_the_id_of_a_grant_that_the_caller_may_retire_does_not_retire_another(self, account: Account) -> None:
        key, grantee, retiring = account.key(), account.role("Grantee"), account.role("Retiring")
        kms = account.root.kms
        other = kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])
        own = kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Encrypt"], RetiringPrincipal=retiring)
        both = {"GrantToken": other["GrantToken"], "KeyId": key, "GrantId": own["GrantId"]}
        assert code_of(account.operator.assume(retiring).kms.retire_grant, **both) == DENIED
        kept = {grant["GrantId"] for grant in kms.list_grants(KeyId=key)["Grants"]}
        assert kept == {other["GrantId"], own["GrantId"]}

    def test_the_owner_can_revoke_it(self, account: Account, other: Account) -> None:
        key = other.key(key_policy([other.root_arn, account.root_arn]))
        caller = account.session("Caller", allow("kms:*"))
        grant = caller.kms.create_grant(KeyId=key, GranteePrincipal=account.role("Role"), Operations=["Encrypt"])
        assert code_of(other.root.kms.revoke_grant, KeyId=other.key(), GrantId=grant["GrantId"]) != "allowed"
        assert code_of(other.root.kms.revoke_grant, KeyId=key, GrantId=grant["GrantId"]) == "allowed"
        assert code_of(other.root.kms.revoke_grant, KeyId=key, GrantId=grant["GrantId"]) == "InvalidGrantIdException"

    def test_the_same_name_and_members_mean_the_same_grant(self, account: Account) -> None:
        key = account.key()
        members = {"KeyId": key, "GranteePrincipal": account.role("Role"), "Name": "once"}
        kms = account.root.kms
        one = kms.create_grant(Operations=["Encrypt"], **members)
        two = kms.create_grant(Operations=["Encrypt"], **members)
        three = kms.create_grant(Operations=["Decrypt"], **members)
        assert one["GrantId"] == two["GrantId"] != three["GrantId"]
        assert len({one["GrantToken"], two["GrantToken"], three["GrantToken"]}) == 3
        assert {grant["Name"] for grant in kms.list_grants(KeyId=key)["Grants"]} == {"once"}
        code = code_of(kms.describe_key, KeyId=key, GrantTokens=[two["GrantToken"]])
        assert code == "allowed"

    def test_a_grant_token_must_be_one(self, account: Account) -> None:
        kms = account.root.kms
        assert (
            code_of(kms.describe_key, KeyId=account.key(), GrantTokens=["bm9uc2Vuc2U="]) == "InvalidGrantTokenException"
        )
        assert code_of(kms.retire_grant, GrantToken="bm9uc2Vuc2U=") == "InvalidGrantTokenException"

    @pytest.mark.parametrize(
        ("members", "code"),
        [
            ({"Operations": ["Sign"]}, "ValidationError"),
            ({"GranteePrincipal": "arn:aws:iam::111111111111:role/Missing"}, "InvalidArnException"),
            ({"GranteePrincipal": "nonsense"}, "InvalidArnException"),
            ({"GranteePrincipal": "arn:aws:sts::111111111111:assumed-role/aws:ec2-infrastructure/i-1"}, "allowed"),
            ({"Constraints": {"EncryptionContextEquals": {str(n): "1" for n in range(9)}}}, "ValidationError"),
        ],
    )
    def test_what_is_not_a_grant(self, account: Account, members: dict[str, Any], code: str) -> None:
        whole = {"KeyId": account.key(), "GranteePrincipal": account.root_arn, "Operations": ["Encrypt"]} | members
        assert code_of(account.root.kms.create_grant, **whole) == code

    def test_a_grant_for_a_key_that_signs(self, account: Account) -> None:
        key = account.key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        grant = {"KeyId": key, "GranteePrincipal": account.root_arn}
        kms = account.root.kms
        assert code_of(kms.create_grant, Operations=["Sign", "GetPublicKey"], **grant) == "allowed"
        assert code_of(kms.create_grant, Operations=["Encrypt"], **grant) == "ValidationError"
        constraints = {"EncryptionContextSubset": {"a": "b"}}
        assert code_of(kms.create_grant, Operations=["Sign"], Constraints=constraints, **grant) == "ValidationError"


class TestDryRun:
    def calls(self, account: Account) -> dict[str, dict[str, Any]]:
        """A valid call of each operation that has DryRun."""
        kms = account.root.kms
        key = account.key()
        signing = account.key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        mac = account.key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        sign = {"KeyId": signing, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
        of_mac = {"KeyId": mac, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
        grant = {"KeyId": key, "GranteePrincipal": account.root_arn, "Operations": ["Encrypt"]}
        made = kms.create_grant(**grant)["GrantId"]
        return {
            "encrypt": {"KeyId": key, "Plaintext": b"x"},
            "decrypt": {"CiphertextBlob": blob},
            "re_encrypt": {"CiphertextBlob": blob, "DestinationKeyId": key},
            "generate_data_key": {"KeyId": key, "KeySpec": "AES_256"},
            "generate_data_key_without_plaintext": {"KeyId": key, "KeySpec": "AES_256"},
            "generate_data_key_pair": {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"},
            "generate_data_key_pair_without_plaintext": {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"},
            "sign": sign,
            "verify": sign | {"Signature": kms.sign(**sign)["Signature"]},
            "generate_mac": of_mac,
            "verify_mac": of_mac | {"Mac": kms.generate_mac(**of_mac)["Mac"]},
            "create_grant": grant,
            "revoke_grant": {"KeyId": key, "GrantId": made},
            "retire_grant": {"KeyId": key, "GrantId": made},
        }

    def test_it_says_what_would_happen_and_does_nothing(self, account: Account) -> None:
        calls = self.calls(account)
        key = calls["encrypt"]["KeyId"]
        before = account.root.kms.list_grants(KeyId=key)["Grants"]
        bare = account.session("Bare")
        for operation, members in calls.items():
            assert error_of(getattr(account.root.kms, operation), DryRun=True, **members) == DRY_RUN, operation
            assert code_of(getattr(bare.kms, operation), DryRun=True, **members) == DENIED, operation
        assert account.root.kms.list_grants(KeyId=key)["Grants"] == before
        account.root.kms.disable_key(KeyId=key)
        assert code_of(account.root.kms.encrypt, KeyId=key, Plaintext=b"x", DryRun=True) == "DisabledException"
        code = code_of(account.root.kms.sign, DryRun=True, **calls["sign"] | {"KeyId": calls["generate_mac"]["KeyId"]})
        assert code == "InvalidKeyUsageException"

    def test_false_is_false(self, account: Account) -> None:
        assert code_of(account.root.kms.encrypt, KeyId=account.key(), Plaintext=b"x", DryRun=False) == "allowed"


def test_different_encryption_contexts_that_read_alike(account: Account) -> None:
    kms, key = account.root.kms, account.key()
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "bc"})["CiphertextBlob"]
    assert code_of(kms.decrypt, CiphertextBlob=blob, EncryptionContext={"ab": "c"}) == "InvalidCiphertextException"
    assert code_of(kms.decrypt, CiphertextBlob=blob) == "InvalidCiphertextException"
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "bc"})["Plaintext"] == b"x"


def test_the_wrong_key_for_a_ciphertext(account: Account) -> None:
    kms = account.root.kms
    blob = kms.encrypt(KeyId=account.key(), Plaintext=b"x")["CiphertextBlob"]
    assert code_of(kms.decrypt, CiphertextBlob=blob, KeyId=account.key()) == "IncorrectKeyException"


def test_a_ciphertext_from_another_region(account: Account) -> None:
    elsewhere = Caller(account.root.endpoint, account.id, region="eu-west-1")
    blob = account.root.kms.encrypt(KeyId=account.key(), Plaintext=b"x")["CiphertextBlob"]
    assert code_of(elsewhere.kms.decrypt, CiphertextBlob=blob) == DENIED
    code = code_of(
        elsewhere.kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=elsewhere.kms.create_key()["KeyMetadata"]["Arn"]
    )
    assert code == DENIED


class TestReplicas:
    def test_a_replica_has_its_own_policy_and_tags(self, account: Account) -> None:
        role = account.role("Role")
        primary = account.key(
            policy(*key_policy(account.root_arn)["Statement"], *key_policy(role)["Statement"]),
            tags={"PlerionAccess": "Granted"},
            MultiRegion=True,
        )
        key_id = primary.rpartition("/")[2]
        answer = account.root.kms.replicate_key(
            KeyId=primary, ReplicaRegion="eu-west-1", Tags=[{"TagKey": "PlerionAccess", "TagValue": "Denied"}]
        )
        elsewhere = Caller(account.root.endpoint, account.id, region="eu-west-1")
        replica = answer["ReplicaKeyMetadata"]["Arn"]
        assert replica == primary.replace("us-east-1", "eu-west-1")
        tags = elsewhere.kms.list_resource_tags(KeyId=key_id)["Tags"]
        assert tags == [{"TagKey": "PlerionAccess", "TagValue": "Denied"}]
        document = json.loads(elsewhere.kms.get_key_policy(KeyId=key_id)["Policy"])
        assert [entry["Sid"] for entry in document["Statement"]] == ["Enable IAM User Permissions"]
        session = account.operator.assume(role)
        there = Caller(session.endpoint, session.key, session.secret, session.token, "eu-west-1")
        blob = session.kms.encrypt(KeyId=primary, Plaintext=b"x")["CiphertextBlob"]
        assert code_of(there.kms.decrypt, CiphertextBlob=blob) == DENIED
        assert elsewhere.kms.decrypt(CiphertextBlob=blob)["KeyId"] == replica

    def test_promoting_it_is_not_offered(self, account: Account) -> None:
        primary = account.key(MultiRegion=True)
        error = error_of(account.root.kms.update_primary_region, KeyId=primary, PrimaryRegion="eu-west-1")
        assert error == ("UnsupportedOperation", "The emulator does not offer kms:UpdatePrimaryRegion.")

    def test_its_policy_is_checked(self, account: Account) -> None:
        primary = account.key(MultiRegion=True)
        document = json.dumps(key_policy(account.role("Role")))
        replicate = {"KeyId": primary, "ReplicaRegion": "eu-west-1", "Policy": document}
        assert error_of(account.root.kms.replicate_key, **replicate) == LOCKOUT


def test_an_aws_managed_key_cannot_be_used_directly(account: Account) -> None:
    kms = account.root.kms
    metadata = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
    assert metadata["KeyManager"] == "AWS"
    assert code_of(kms.encrypt, KeyId="alias/aws/ebs", Plaintext=b"x") == DENIED
    tag = [{"TagKey": "PlerionAccess", "TagValue": "Denied"}]
    assert code_of(kms.tag_resource, KeyId=metadata["KeyId"], Tags=tag) == DENIED
    assert code_of(kms.get_key_policy, KeyId=metadata["KeyId"]) == "allowed"


class TestAliases:
    def test_both_halves_are_needed(self, account: Account) -> None:
        key = account.key()
        alias = {"AliasName": "alias/app", "TargetKeyId": key}
        of_key = account.session("Key", allow("kms:CreateAlias", resource=key))
        of_alias = account.session("Alias", allow("kms:CreateAlias", resource="arn:aws:kms:*:*:alias/*"))
        both = account.session("Both", allow("kms:CreateAlias"))
        assert code_of(of_key.kms.create_alias, **alias) == DENIED
        assert code_of(of_alias.kms.create_alias, **alias) == DENIED
        assert code_of(both.kms.create_alias, **alias) == "allowed"

    def test_it_follows_its_target(self, account: Account) -> None:
        kms, first, second = account.root.kms, account.key(), account.key()
        kms.create_alias(AliasName="alias/app", TargetKeyId=first)
        assert kms.encrypt(KeyId="alias/app", Plaintext=b"x")["KeyId"] == first
        kms.update_alias(AliasName="alias/app", TargetKeyId=second)
        assert kms.encrypt(KeyId="alias/app", Plaintext=b"x")["KeyId"] == second
        assert [entry["AliasName"] for entry in kms.list_aliases(KeyId=second)["Aliases"]] == ["alias/app"]
        kms.delete_alias(AliasName="alias/app")
        assert code_of(kms.encrypt, KeyId="alias/app", Plaintext=b"x") == "NotFoundException"


@pytest.mark.parametrize(
    ("spec", "size"), [({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 64}, 64)]
)
def test_a_data_key_has_the_wanted_length(account: Account, spec: dict[str, Any], size: int) -> None:
    kms = account.root.kms
    answer = kms.generate_data_key(KeyId=account.key(), **spec)
    assert len(answer["Plaintext"]) == size
    assert kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"] == answer["Plaintext"]
