"""Callers without AWS credentials: identity tokens and SAML assertions, as far as they can be checked offline.

The provider must be registered in the role's account and must fit the token. Signatures are not verified: the
provider's keys cannot be fetched here. Source: STS API reference, AssumeRoleWithWebIdentity and AssumeRoleWithSAML; IAM
user guide "Available keys for AWS web identity federation", "SAML assertions for the authentication response".
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from localstack.aws.api import CommonServiceException

from emulator import errors
from emulator.iam import identities
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.context_keys import claims_of
from plerion_kms.authorization.request import ContextValue, Principal, PrincipalType

TAGS_CLAIM = "https://aws.amazon.com/tags"
SAML_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
ROLE_ACCOUNT = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):role/.+")


@dataclass(frozen=True, slots=True)
class Federated:
    """The caller that the token or assertion names. tags, transitive: session tags that it passes; context: what the
    session keeps of it."""

    caller: Caller
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)


def web_identity(parameters: Mapping[str, Any], connection: Mapping[str, ContextValue]) -> Federated:
    """The caller of AssumeRoleWithWebIdentity. Raises InvalidIdentityToken and ExpiredTokenException as STS does."""
    claims = _claims(parameters["WebIdentityToken"])
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    account = _account(parameters["RoleArn"])
    arn = f"arn:aws:iam::{account}:oidc-provider/{issuer}"
    provider = identities.store(account).OIDC_PROVIDERS.get(arn)
    if provider is None:
        raise _invalid(f"No OpenIDConnect provider found in your account for https://{issuer}")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else list(audience or ())
    if not set(audiences) & set(provider.client_id_list):
        raise _invalid("Incorrect token audience")
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] <= time.time():
        raise CommonServiceException("ExpiredTokenException", "Token expired", sender_fault=True)
    context: dict[str, ContextValue] = {
        **connection,
        **{f"{issuer}:{name}": _claim(claims[name]) for name in claims_of(issuer) if claims.get(name) is not None},
        f"{issuer}:aud": str(claims.get("azp") or audiences[0]),
        **({f"{issuer}:oaud": audiences[0]} if claims.get("azp") else {}),
        f"{issuer}:sub": str(claims.get("sub", "")),
    }
    passed = claims.get(TAGS_CLAIM) or {}
    return Federated(
        caller=Caller(Principal(PrincipalType.WEB_IDENTITY, arn), context=context),
        tags={key: values[0] for key, values in (passed.get("principal_tags") or {}).items()},
        transitive=tuple(passed.get("transitive_tag_keys") or ()),
        context={"aws:FederatedProvider": arn},
    )


def saml(parameters: Mapping[str, Any], connection: Mapping[str, ContextValue]) -> Federated:
    """The caller of AssumeRoleWithSAML. Raises InvalidIdentityToken as STS does."""
    provider = parameters["PrincipalArn"]
    if provider not in identities.store(_account(parameters["RoleArn"])).SAML_PROVIDERS:
        raise _invalid("Specified provider doesn't exist")
    try:
        root = ElementTree.fromstring(base64.b64decode(parameters["SAMLAssertion"], validate=True))  # noqa: S314
    except (ValueError, ElementTree.ParseError) as error:
        raise _invalid("The SAML assertion could not be read") from error
    attributes = _saml_attributes(root)
    pairs = [{part.strip() for part in value.split(",")} for value in attributes.get(f"{SAML_ATTRIBUTES}Role", ())]
    if {parameters["RoleArn"], provider} not in pairs:
        raise _invalid("The SAML assertion does not name this role and provider")
    tag_prefix = f"{SAML_ATTRIBUTES}PrincipalTag:"
    subject = root.find(f".//{SAML}NameID")
    context: dict[str, ContextValue] = {
        **connection,
        "saml:aud": _recipient(root),
        "saml:iss": (root.findtext(f".//{SAML}Issuer") or "").strip(),
        "saml:sub": (subject.text or "").strip() if subject is not None else "",
        "saml:sub_type": _subject_type(subject),
    }
    return Federated(
        caller=Caller(Principal(PrincipalType.SAML, provider), context=context),
        tags={
            name.removeprefix(tag_prefix): values[0]
            for name, values in attributes.items()
            if name.startswith(tag_prefix) and values
        },
        transitive=attributes.get(f"{SAML_ATTRIBUTES}TransitiveTagKeys", ()),
        context={"aws:FederatedProvider": provider},
    )


def _claims(token: str) -> dict[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise _invalid("The ID Token provided is not a valid JWT.") from error
    if not isinstance(claims, dict):
        raise _invalid("The ID Token provided is not a valid JWT.")
    return claims


def _claim(value: object) -> ContextValue:
    """A claim as a condition key's value: text, or several texts."""
    if isinstance(value, list):
        return tuple(str(_claim(each)) for each in value)
    return value if isinstance(value, str) else json.dumps(value)


def _saml_attributes(root: ElementTree.Element) -> dict[str, tuple[str, ...]]:
    return {
        attribute.get("Name", ""): tuple(
            (value.text or "").strip() for value in attribute.findall(f"{SAML}AttributeValue")
        )
        for attribute in root.iter(f"{SAML}Attribute")
    }


def _recipient(root: ElementTree.Element) -> str:
    confirmation = root.find(f".//{SAML}SubjectConfirmationData")
    return "" if confirmation is None else confirmation.get("Recipient", "")


def _subject_type(subject: ElementTree.Element | None) -> str:
    named = "" if subject is None else subject.get("Format", "")
    return named.rpartition(":")[2] if named.endswith(("persistent", "transient")) else named


def _account(role_arn: str) -> str:
    match = ROLE_ACCOUNT.fullmatch(role_arn)
    if match is None:
        raise errors.validation(f"{role_arn} is invalid")
    return match[1]


def _invalid(message: str) -> CommonServiceException:
    return CommonServiceException("InvalidIdentityToken", message, sender_fault=True)
