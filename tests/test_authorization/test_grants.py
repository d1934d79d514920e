"""Principals and grants."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plerion_kms.authorization import grants
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.grants import right_to_retire, validate_child_grant
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.principals import PrincipalMatch, compile_principals
from plerion_kms.authorization.request import Principal, PrincipalType, Request, Resource
from test_authorization.parts import (
    DELEGATION,
    GRANT,
    GUEST,
    HOME,
    KEY,
    OTHER,
    ROOT,
    SERVICE,
    SESSION,
    key_policy,
)

# Principals


def names(caller: Principal, element: Any, *, complement: bool = False) -> PrincipalMatch | None:
    return compile_principals(element, complement=complement, providers=True).match(caller, allow=not complement)


def test_not_principal_exempts_services_and_providers_that_it_lists() -> None:
    provider = f"arn:aws:iam::{HOME}:saml-provider/okta"
    saml = Principal(PrincipalType.SAML, provider)
    assert names(SERVICE, {"Service": "ec2.amazonaws.com"}, complement=True) is None
    assert names(SERVICE, {"Service": "s3.amazonaws.com"}, complement=True) is PrincipalMatch.SELF
    assert names(saml, {"Federated": provider}, complement=True) is None
    assert names(saml, {"Federated": "cognito-identity.amazonaws.com"}, complement=True) is PrincipalMatch.SELF
    assert names(Principal(PrincipalType.ANONYMOUS, ""), {"AWS": HOME}, complement=True) is PrincipalMatch.SELF
    assert names(SESSION, "*", complement=True) is None


# Grants


def test_who_may_retire_a_grant_and_by_which_right() -> None:
    assert right_to_retire(GRANT, SESSION) is PrincipalMatch.ACCOUNT
    assert right_to_retire(GRANT, ROOT) is PrincipalMatch.SELF
    assert right_to_retire(GRANT, GUEST) is None
    assert right_to_retire(replace(GRANT, retiring=GUEST.issuer_arn), GUEST) is PrincipalMatch.SELF
    assert right_to_retire(replace(GRANT, operations=("RetireGrant",)), SESSION) is PrincipalMatch.SELF
    assert right_to_retire(replace(GRANT, issuing_account=OTHER), SESSION) is None
    assert right_to_retire(replace(GRANT, issuing_account=""), SERVICE) is None


def test_a_child_grant_says_what_is_wrong_with_it() -> None:
    parent = replace(GRANT, operations=("CreateGrant", "Decrypt"), equals={"a": "1"})
    loose = replace(parent, equals=None, subset={"a": "1"})
    assert validate_child_grant(parent, ["Decrypt"], {"a": "1"}) is None
    assert validate_child_grant(parent, ["Sign", "Encrypt"]) == "the grant does not hold Encrypt, Sign"
    unequal = "its encryption context constraint must equal the parent's"
    assert validate_child_grant(parent, ["Decrypt"]) == unequal
    assert validate_child_grant(parent, ["Decrypt"], {"a": "1", "b": "2"}) == unequal
    assert validate_child_grant(parent, ["Decrypt"], None, {"a": "1"}) == unequal
    of_bucket = replace(GRANT, source_arn="arn:aws:s3:::app")
    assert validate_child_grant(of_bucket, ["Decrypt"], source_arn="arn:aws:s3:::app") is None
    assert validate_child_grant(of_bucket, ["Decrypt"]) == "its SourceArn constraint must be the parent's"
    without = "its encryption context constraint must include the parent's"
    assert validate_child_grant(loose, ["Decrypt"]) == without
    assert validate_child_grant(loose, ["Decrypt"], {"a": "2"}, {"b": "1"}) == without
    for stricter in ({"a": "1"}, {"a": "1", "b": "2"}):
        assert validate_child_grant(loose, ["Decrypt"], stricter) is None
        assert validate_child_grant(loose, ["Decrypt"], None, stricter) is None


def test_every_grant_is_read() -> None:
    others = [
        replace(GRANT, key_arn=KEY + "x"),
        replace(GRANT, operations=("Encrypt",)),
        replace(GRANT, grantee=GUEST.arn),
        replace(GRANT, equals={"a": "1"}),
    ]
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    given = Policies(resource=key_policy(DELEGATION), grants=tuple(others))
    assert not authorize(request, given).allowed
    decision = authorize(request, replace(given, grants=(*others, replace(GRANT, grant_id="h"))))
    assert decision.reason == "grant 'h' allows it"


def test_the_error_of_a_grant_that_the_caller_may_not_retire() -> None:
    request = Request(SESSION, "kms:RetireGrant", Resource(KEY, HOME))
    given = Policies(resource=key_policy(DELEGATION), grants=(replace(GRANT, issuing_account=OTHER),))
    decision = authorize(request, given)
    assert decision.reason == "the grant may not be retired by the caller"
    assert decision.error is not None
    assert decision.error.message.endswith(
        f"on resource: {KEY} because no resource-based policy allows the kms:RetireGrant action"
    )
    cross_account = authorize(replace(request, principal=GUEST), replace(given, grants=(GRANT,)))
    assert cross_account.error is not None
    assert "on this resource because the resource does not exist in this Region" in cross_account.error.message


def test_an_account_may_be_the_grantee_by_its_number_or_its_arn() -> None:
    for grantee in (HOME, f"arn:aws:iam::{HOME}:root"):
        assert grants.match_principal(grantee, ROOT) is PrincipalMatch.SELF
        assert grants.match_principal(grantee, SESSION) is PrincipalMatch.ACCOUNT
        assert grants.match_principal(grantee, GUEST) is None
