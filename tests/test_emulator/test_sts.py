"""STS decides by the role's trust policy and the caller's policies, and sessions keep what they were made with.

Expected outcomes are from the STS API reference and the IAM user guide: "Passing session tags in AWS STS", "How to use
an external ID", "Session policies", "Using IAM roles".
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from test_emulator.aws import (
    Account,
    Caller,
    allow,
    code_of,
    error_of,
    key_policy,
    make_user,
    policy,
    statement,
    trusting,
)

DENIED = "AccessDenied"
AUDIENCE = "https://signin.aws.amazon.com/saml"
KMS_DENIED = "AccessDeniedException"


def test_the_trust_policy_decides_who_may_assume(account: Account, other: Account) -> None:
    closed = account.role("Closed", trust=trusting(other.root_arn))
    code, message = error_of(account.operator.sts.assume_role, RoleArn=closed, RoleSessionName="session")
    assert code == DENIED
    assert message == (
        f"User: arn:aws:iam::{account.id}:user/Operator is not authorized to perform: sts:AssumeRole on resource: "
        f"{closed}"
    )
    session = other.operator.assume(closed)
    assert session.sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{account.id}:assumed-role/Closed/session"


def test_across_accounts_both_sides_must_allow(account: Account, other: Account) -> None:
    role = account.role("Role", trust=trusting(other.root_arn))
    powerless = make_user(other.root, "Powerless")
    assert code_of(powerless.sts.assume_role, RoleArn=role, RoleSessionName="session") == DENIED
    assert code_of(other.operator.sts.assume_role, RoleArn=role, RoleSessionName="session") == "allowed"


def test_within_an_account_a_trust_policy_that_names_the_user_is_enough(account: Account) -> None:
    named = make_user(account.root, "Named")
    role = account.role("Role", trust=trusting(f"arn:aws:iam::{account.id}:user/Named"))
    assert code_of(named.sts.assume_role, RoleArn=role, RoleSessionName="session") == "allowed"
    assert code_of(account.operator.sts.assume_role, RoleArn=role, RoleSessionName="session") == DENIED


def test_a_role_that_does_not_exist_cannot_be_assumed(account: Account) -> None:
    arn = f"arn:aws:iam::{account.id}:role/Missing"
    assert code_of(account.operator.sts.assume_role, RoleArn=arn, RoleSessionName="session") == DENIED
    account.role("Present", Path="/team/")
    arn = f"arn:aws:iam::{account.id}:role/Present"
    assert code_of(account.operator.sts.assume_role, RoleArn=arn, RoleSessionName="session") == DENIED


def test_root_cannot_assume_roles(account: Account) -> None:
    role = account.role("Role")
    assert error_of(account.root.sts.assume_role, RoleArn=role, RoleSessionName="session") == (
        DENIED,
        "Roles may not be assumed by root accounts.",
    )


def test_the_external_id(account: Account) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "plerion-1"}}
    role = account.role("Role", trust=trusting(account.root_arn, "sts:AssumeRole", Condition=condition))
    sts = account.operator.sts
    assert code_of(sts.assume_role, RoleArn=role, RoleSessionName="session") == DENIED
    assert code_of(sts.assume_role, RoleArn=role, RoleSessionName="session", ExternalId="plerion-2") == DENIED
    assert code_of(sts.assume_role, RoleArn=role, RoleSessionName="session", ExternalId="plerion-1") == "allowed"


class TestSessionTags:
    TAGS = ({"Key": "PlerionApplianceRole", "Value": "True"},)

    def test_they_need_tag_session(self, account: Account) -> None:
        untagged = account.role("Untagged", trust=trusting(account.root_arn, "sts:AssumeRole"))
        code, message = error_of(
            account.operator.sts.assume_role, RoleArn=untagged, RoleSessionName="session", Tags=list(self.TAGS)
        )
        assert code == DENIED
        assert f"sts:TagSession on resource: {untagged}" in message

    def test_they_count_as_principal_tags_and_replace_the_roles(self, account: Account) -> None:
        condition = {"StringEquals": {"aws:PrincipalTag/PlerionApplianceRole": "True"}}
        key = account.key(key_policy("*", "kms:DescribeKey", Condition=condition))
        role = account.role("Role", Tags=[{"Key": "plerionAPPLIANCErole", "Value": "False"}])
        assert code_of(account.operator.assume(role).kms.describe_key, KeyId=key) == KMS_DENIED
        assert code_of(account.operator.assume(role, Tags=list(self.TAGS)).kms.describe_key, KeyId=key) == "allowed"
        account.root.iam.tag_role(RoleName="Role", Tags=[{"Key": "PlerionApplianceRole", "Value": "True"}])
        assert code_of(account.operator.assume(role).kms.describe_key, KeyId=key) == "allowed"

    @pytest.mark.parametrize(
        ("tags", "code"),
        [
            ([{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}], "InvalidParameterValue"),
            ([{"Key": f"k{number}", "Value": "1"} for number in range(51)], "ValidationError"),
            ([{"Key": f"k{number}", "Value": "1"} for number in range(50)], "allowed"),
        ],
    )
    def test_their_limits(self, account: Account, tags: list[dict[str, str]], code: str) -> None:
        role = account.role("Role")
        assert code_of(account.operator.sts.assume_role, RoleArn=role, RoleSessionName="session", Tags=tags) == code

    def test_role_chaining_hands_on_transitive_tags_only(self, account: Account) -> None:
        key = account.key(
            policy(
                statement(
                    "Allow",
                    "kms:DescribeKey",
                    Principal={"AWS": "*"},
                    Resource="*",
                    Condition={"StringEquals": {"aws:PrincipalTag/kept": "1"}},
                ),
                statement(
                    "Allow",
                    "kms:ListGrants",
                    Principal={"AWS": "*"},
                    Resource="*",
                    Condition={"StringEquals": {"aws:PrincipalTag/lost": "1"}},
                ),
            )
        )
        first, second = account.role("First", allow("sts:*")), account.role("Second", allow("sts:*"))
        tags = [{"Key": "kept", "Value": "1"}, {"Key": "lost", "Value": "1"}]
        one = account.operator.assume(first, Tags=tags, TransitiveTagKeys=["kept"])
        assert code_of(one.kms.list_grants, KeyId=key) == "allowed"
        two = one.assume(second).assume(first)
        assert code_of(two.kms.describe_key, KeyId=key) == "allowed"
        assert code_of(two.kms.list_grants, KeyId=key) == KMS_DENIED
        overriding = [{"Key": "Kept", "Value": "2"}]
        code = code_of(one.sts.assume_role, RoleArn=second, RoleSessionName="session", Tags=overriding)
        assert code == "InvalidParameterValue"


def test_a_session_policy_limits_the_session(account: Account) -> None:
    key = account.key()
    role = account.role("Role", allow("kms:*"))
    limited = account.operator.assume(role, Policy=json.dumps(allow("kms:DescribeKey")))
    assert code_of(limited.kms.describe_key, KeyId=key) == "allowed"
    _, message = error_of(limited.kms.encrypt, KeyId=key, Plaintext=b"x")
    assert message.endswith("because no session policy allows the kms:Encrypt action")


def test_a_managed_session_policy_limits_the_session(account: Account) -> None:
    key = account.key()
    role = account.role("Role", allow("kms:*"))
    arn = account.root.iam.create_policy(PolicyName="P", PolicyDocument=json.dumps(allow("kms:DescribeKey")))["Policy"]
    limited = account.operator.assume(role, PolicyArns=[{"arn": arn["Arn"]}])
    assert code_of(limited.kms.describe_key, KeyId=key) == "allowed"
    assert code_of(limited.kms.encrypt, KeyId=key, Plaintext=b"x") == KMS_DENIED
    missing = [{"arn": f"arn:aws:iam::{account.id}:policy/Missing"}]
    code = code_of(account.operator.sts.assume_role, RoleArn=role, RoleSessionName="session", PolicyArns=missing)
    assert code == "InvalidParameterValue"


@pytest.mark.parametrize("text", ["{", json.dumps(policy(statement("Allow", "kms:*", Principal="*", Resource="*")))])
def test_a_session_policy_must_be_a_policy(account: Account, text: str) -> None:
    role = account.role("Role")
    code = code_of(account.operator.sts.assume_role, RoleArn=role, RoleSessionName="session", Policy=text)
    assert code == "MalformedPolicyDocument"


@pytest.mark.parametrize(("seconds", "code"), [(900, "allowed"), (7200, "allowed"), (7201, "ValidationError")])
def test_the_roles_maximum_session_duration(account: Account, seconds: int, code: str) -> None:
    role = account.role("Role", MaxSessionDuration=7200)
    sts = account.operator.sts
    assert code_of(sts.assume_role, RoleArn=role, RoleSessionName="session", DurationSeconds=seconds) == code


def test_role_chaining_is_limited_to_one_hour(account: Account) -> None:
    role = account.role("Role", allow("sts:*"), MaxSessionDuration=7200)
    session = account.operator.assume(role)
    code = code_of(session.sts.assume_role, RoleArn=role, RoleSessionName="again", DurationSeconds=3601)
    assert code == "ValidationError"


def test_a_source_identity_stays(account: Account) -> None:
    trust = trusting(account.root_arn, "sts:AssumeRole", "sts:SetSourceIdentity")
    role = account.role("Role", allow("sts:*"), trust=trust)
    key = account.key(key_policy("*", "kms:DescribeKey", Condition={"StringEquals": {"aws:SourceIdentity": "ann"}}))
    first = account.operator.assume(role, SourceIdentity="ann")
    assert code_of(first.assume(role).kms.describe_key, KeyId=key) == "allowed"
    assert code_of(account.operator.assume(role).kms.describe_key, KeyId=key) == KMS_DENIED
    changed = code_of(first.sts.assume_role, RoleArn=role, RoleSessionName="session", SourceIdentity="bob")
    assert changed == DENIED


class TestFederationToken:
    def test_it_has_what_user_and_session_policy_both_allow(self, account: Account) -> None:
        key = account.key()
        user = make_user(account.root, "User", allow("sts:GetFederationToken", "kms:DescribeKey", "kms:ListGrants"))
        answer = user.sts.get_federation_token(Name="fed", Policy=json.dumps(allow("kms:DescribeKey", "kms:Encrypt")))
        federated = user.with_credentials(answer)
        assert federated.sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{account.id}:federated-user/fed"
        assert code_of(federated.kms.describe_key, KeyId=key) == "allowed"
        assert code_of(federated.kms.list_grants, KeyId=key) == KMS_DENIED
        assert code_of(federated.kms.encrypt, KeyId=key, Plaintext=b"x") == KMS_DENIED

    def test_without_a_session_policy_it_has_nothing(self, account: Account) -> None:
        user = make_user(account.root, "User", allow("*"))
        federated = user.with_credentials(user.sts.get_federation_token(Name="fed"))
        assert code_of(federated.kms.describe_key, KeyId=account.key()) == KMS_DENIED
        assert code_of(federated.iam.get_user, UserName="User") == "InvalidClientTokenId"
        assert code_of(federated.sts.assume_role, RoleArn=account.role("R"), RoleSessionName="session") == DENIED

    def test_it_needs_permission_and_long_term_credentials(self, account: Account) -> None:
        powerless = make_user(account.root, "Powerless")
        assert code_of(powerless.sts.get_federation_token, Name="fed") == DENIED
        assert code_of(account.session("Role", allow("*")).sts.get_federation_token, Name="fed") == DENIED


def test_a_session_token_is_its_user(account: Account) -> None:
    user = make_user(account.root, "User", allow("kms:DescribeKey", "iam:*"))
    session = user.with_credentials(user.sts.get_session_token())
    assert session.sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{account.id}:user/User"
    key = account.key()
    assert code_of(session.kms.describe_key, KeyId=key) == "allowed"
    assert code_of(session.kms.encrypt, KeyId=key, Plaintext=b"x") == KMS_DENIED
    assert code_of(session.iam.get_user, UserName="User") == "InvalidClientTokenId"
    assert code_of(session.sts.get_session_token) == DENIED


def token(**claims: Any) -> str:
    parts = [json.dumps({"alg": "none"}), json.dumps({"exp": time.time() + 60} | claims), "signature"]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


class TestWebIdentity:
    ISSUER = "tokens.example.com"

    def role(self, account: Account, issuer: str = ISSUER, **more: Any) -> str:
        account.root.iam.create_open_id_connect_provider(
            Url=f"https://{issuer}", ClientIDList=["app"], ThumbprintList=["0" * 40]
        )
        provider = f"arn:aws:iam::{account.id}:oidc-provider/{issuer}"
        trust = policy(
            statement(
                "Allow",
                ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
                Principal={"Federated": provider},
                Condition={"StringEquals": {f"{issuer}:sub": "me", f"{issuer}:aud": "app"}, **more},
            )
        )
        return account.role("Web", trust=trust)

    def assume(self, account: Account, role: str, identity: str) -> Any:
        return account.root.sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="session", WebIdentityToken=identity
        )

    def test_the_token_decides(self, account: Account) -> None:
        role = self.role(account)
        issuer = f"https://{self.ISSUER}"

        def code(identity: str) -> str:
            return code_of(self.assume, account=account, role=role, identity=identity)

        assert code(token(iss=issuer, aud="app", sub="me")) == "allowed"
        assert code(token(iss=issuer, aud="app", sub="you")) == DENIED
        assert code(token(iss=issuer, aud="other", sub="me")) == "InvalidIdentityToken"
        assert code(token(iss="https://else.example.com", aud="app", sub="me")) == "InvalidIdentityToken"
        assert code(token(iss=issuer, aud="app", sub="me", exp=1)) == "ExpiredTokenException"
        assert code("nonsense") == "InvalidIdentityToken"

    def test_the_claims_that_sts_checks_for_its_provider_are_condition_keys(self, account: Account) -> None:
        issuer = "token.actions.githubusercontent.com"
        role = self.role(
            account,
            issuer,
            StringLike={f"{issuer}:repository": "plerion/*"},
            NumericEquals={f"{issuer}:repository_owner_id": "7"},
            Null={f"{issuer}:environment": "true"},
        )

        def code(**claims: Any) -> str:
            identity = token(iss=f"https://{issuer}", aud="app", sub="me", **claims)
            return code_of(self.assume, account=account, role=role, identity=identity)

        assert code(repository="plerion/scanner", repository_owner_id=7, color="blue") == "allowed"
        assert code(repository="plerion/scanner", repository_owner_id=7, environment=None) == "allowed"
        assert code(repository="mallory/scanner", repository_owner_id=7) == DENIED
        assert code(repository="plerion/scanner", repository_owner_id=8) == DENIED
        assert code(repository="plerion/scanner", repository_owner_id=7, environment="prod") == DENIED
        assert code(repository_owner_id=7) == DENIED

    def test_its_tags_are_session_tags(self, account: Account) -> None:
        tags = {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}
        identity = token(iss=f"https://{self.ISSUER}", aud="app", sub="me", **{"https://aws.amazon.com/tags": tags})
        answer = self.assume(account, self.role(account), identity)
        session = account.root.with_credentials(answer)
        key = account.key(
            key_policy("*", "kms:DescribeKey", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
        )
        assert code_of(session.kms.describe_key, KeyId=key) == "allowed"


def saml_assertion(role: str, provider: str, tag: str) -> str:
    attributes = "https://aws.amazon.com/SAML/Attributes"
    text = f"""
    <samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">
      <saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
        <saml:Issuer>https://idp.example.com</saml:Issuer>
        <saml:Subject>
          <saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">me</saml:NameID>
          <saml:SubjectConfirmation>
            <saml:SubjectConfirmationData Recipient="{AUDIENCE}"/>
          </saml:SubjectConfirmation>
        </saml:Subject>
        <saml:AttributeStatement>
          <saml:Attribute Name="{attributes}/Role">
            <saml:AttributeValue>{role},{provider}</saml:AttributeValue>
          </saml:Attribute>
          <saml:Attribute Name="{attributes}/RoleSessionName">
            <saml:AttributeValue>me@example.com</saml:AttributeValue>
          </saml:Attribute>
          <saml:Attribute Name="{attributes}/PrincipalTag:team">
            <saml:AttributeValue>{tag}</saml:AttributeValue>
          </saml:Attribute>
        </saml:AttributeStatement>
      </saml:Assertion>
    </samlp:Response>
    """
    return base64.b64encode(text.encode()).decode()


def test_saml(account: Account) -> None:
    provider = f"arn:aws:iam::{account.id}:saml-provider/Idp"
    account.root.iam.create_saml_provider(Name="Idp", SAMLMetadataDocument="<EntityDescriptor>" + " " * 1000)
    trust = policy(
        statement(
            "Allow",
            ["sts:AssumeRoleWithSAML", "sts:TagSession"],
            Principal={"Federated": provider},
            Condition={
                "StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml", "aws:RequestTag/team": "blue"}
            },
        )
    )
    role, another = account.role("Saml", trust=trust), account.role("Another", trust=trust)
    assume = account.root.sts.assume_role_with_saml

    def code(wanted: str, assertion: str) -> str:
        return code_of(assume, RoleArn=wanted, PrincipalArn=provider, SAMLAssertion=assertion)

    assert code(role, saml_assertion(role, provider, "blue")) == "allowed"
    assert code(role, saml_assertion(role, provider, "red")) == DENIED
    assert code(another, saml_assertion(role, provider, "blue")) == "InvalidIdentityToken"
    assert code(role, base64.b64encode(b"no XML").decode()) == "InvalidIdentityToken"


def test_a_trust_policy_means_the_role_that_it_named(account: Account) -> None:
    named = account.role("Named", allow("sts:*"))
    role = account.role("Role", trust=trusting(named))
    assert code_of(account.operator.assume(named).sts.assume_role, RoleArn=role, RoleSessionName="one") == "allowed"
    role_id = account.root.iam.get_role(RoleName="Named")["Role"]["RoleId"]
    account.root.iam.delete_role_policy(RoleName="Named", PolicyName="policy0")
    account.root.iam.delete_role(RoleName="Named")
    again = account.operator.assume(account.role("Named", allow("sts:*")))
    assert code_of(again.sts.assume_role, RoleArn=role, RoleSessionName="two") == DENIED
    account.root.iam.update_assume_role_policy(RoleName="Role", PolicyDocument=json.dumps(trusting(named)))
    assert code_of(again.sts.assume_role, RoleArn=role, RoleSessionName="three") == "allowed"
    code = code_of(
        account.root.iam.update_assume_role_policy, RoleName="Role", PolicyDocument=json.dumps(trusting(role_id))
    )
    assert code == "MalformedPolicyDocument"


def test_the_region_of_the_endpoint_does_not_matter(account: Account) -> None:
    elsewhere = Caller(account.operator.endpoint, account.operator.key, account.operator.secret, region="eu-west-1")
    assert elsewhere.sts.get_caller_identity()["Account"] == account.id
