"""Sign-in at an authority's own OpenID provider: who it is and by which role, from a verified ID token."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from models.errors import Refusal
from models.roles import ALONE, Role
from web.console.codec import LOOPBACK

ALGORITHMS = ["RS256", "PS256", "ES256"]
SCOPE = "openid profile email"
LEEWAY_SECONDS = 60
SECONDS = 10.0
"""For the provider to answer."""

MOST = (Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.AGENT)
"""The role of who is given several: the first of these; an auditor is nothing else."""


WANTED = ("REGUA_OIDC_CLIENT", "REGUA_OIDC_SECRET", "REGUA_OIDC_ROLES")


@dataclass(frozen=True)
class Provider:
    issuer: str
    client: str
    secret: str
    roles: Mapping[str, Role]
    """The role that each value of the claim gives; another value gives none."""
    role_claim: str = "roles"
    name_claim: str = "email"


def provider_from(environment: Mapping[str, str]) -> Provider | None:
    """The provider that the environment names; None: nobody signs in so. Raises Refusal for settings that are wrong."""
    issuer = environment.get("REGUA_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return None
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise Refusal("REGUA_OIDC_ISSUER is no https address: who listens on the way could sign in as anybody")
    missing = [name for name in WANTED if not environment.get(name)]
    if missing:
        raise Refusal(f"REGUA_OIDC_ISSUER is set, and {', '.join(missing)} is not; docs/console.md says what each is")
    return Provider(
        issuer,
        environment["REGUA_OIDC_CLIENT"],
        environment["REGUA_OIDC_SECRET"],
        read_roles(environment["REGUA_OIDC_ROLES"]),
        environment.get("REGUA_OIDC_ROLE_CLAIM") or "roles",
        environment.get("REGUA_OIDC_NAME_CLAIM") or "email",
    )


def read_roles(written: str) -> dict[str, Role]:
    """Read `value=role` with a comma between two. Raises Refusal."""
    found = {}
    for place, entry in enumerate(written.split(","), start=1):
        value, equals, role = (part.strip() for part in entry.rpartition("="))
        if not equals or not value or role not in set(Role):
            choice = ", ".join(Role)
            raise Refusal(f"REGUA_OIDC_ROLES, entry {place}: write a value of the claim, =, and one of {choice}")
        found[value] = Role(role)
    return found


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way, as the browser keeps it in a cookie that no script reads."""

    state: str
    nonce: str
    verifier: str
    next: str

    @staticmethod
    def begin(further: str) -> Attempt:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return Attempt(state, nonce, verifier, further)

    def written(self) -> str:
        return ".".join((self.state, self.nonce, self.verifier, self.next))

    @staticmethod
    def read(cookie: str | None) -> Attempt:
        """Raises Refusal for what is no attempt of this browser's."""
        parts = (cookie or "").split(".")
        if len(parts) != 4:
            raise Refusal("this browser began no sign-in, or too long ago")
        return Attempt(*parts)


@dataclass(frozen=True)
class Proven:
    """A person whom the provider proved."""

    name: str
    role: Role


class SignIn:
    """The exchange with a provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._metadata: dict[str, Any] = {}

    async def address(self, attempt: Attempt, back: str) -> str:
        """The provider's page that people sign in at. Raises Refusal: it doesn't answer."""
        metadata = await self._described()
        async with self._client(back) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], attempt.state, attempt.verifier, nonce=attempt.nonce
            )
        return str(url)

    async def proven(self, attempt: Attempt, code: str, state: str, back: str) -> Proven:
        """Who signed in. Raises Refusal: the answer is not to this attempt, is no proof, or gives no role."""
        if not secrets.compare_digest(attempt.state, state):
            raise Refusal("the provider's answer is not to the sign-in that this browser began")
        metadata = await self._described()
        async with self._client(back) as client:
            try:
                told = {"code": code, "code_verifier": attempt.verifier, "grant_type": "authorization_code"}
                token = await client.fetch_token(metadata["token_endpoint"], **told)
                keys = KeySet.import_key_set(
                    (await client.request("GET", metadata["jwks_uri"], withhold_token=True)).json()
                )
                claims = jwt.decode(token["id_token"], keys, algorithms=ALGORITHMS).claims
                self._rules(attempt).validate(claims)
            except (OAuthError, JoseError, KeyError, ValueError) as error:
                raise Refusal(f"the provider's answer is no proof: {type(error).__name__}") from None
            except httpx.HTTPError:
                raise Refusal(f"{self._provider.issuer} does not answer") from None
        return self._person(claims)

    def _client(self, back: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._provider.client,
            self._provider.secret,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=SECONDS,
        )

    def _rules(self, attempt: Attempt) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._metadata["issuer"]},
            aud={"essential": True, "value": self._provider.client},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": attempt.nonce},
        )

    def _person(self, claims: Mapping[str, Any]) -> Proven:
        name, said = claims.get(self._provider.name_claim), claims.get(self._provider.role_claim)
        if not isinstance(name, str) or not name.strip():
            raise Refusal(f"the provider says no {self._provider.name_claim} of who signed in")
        if self._provider.name_claim == "email" and claims.get("email_verified") is False:
            raise Refusal("the provider has not verified the e-mail of who signed in")
        values = {each for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)}
        given = {role for value, role in self._provider.roles.items() if value in values}
        if not given:
            raise Refusal("the provider gives who signed in none of the roles that are known here")
        if len(given) > 1 and given & ALONE:
            raise Refusal("an auditor is nothing else, and the provider gives who signed in another role too")
        return Proven(name.strip(), next(role for role in MOST if role in given))

    async def _described(self) -> dict[str, Any]:
        """The provider as it describes itself, asked for once."""
        if not self._metadata:
            address = f"{self._provider.issuer}/.well-known/openid-configuration"
            try:
                async with httpx.AsyncClient(timeout=SECONDS) as client:
                    found = (await client.get(address)).raise_for_status().json()
            except (httpx.HTTPError, ValueError):
                raise Refusal(f"{self._provider.issuer} does not answer") from None
            if not isinstance(found, dict) or str(found.get("issuer", "")).rstrip("/") != self._provider.issuer:
                raise Refusal(f"{self._provider.issuer} describes itself as another")
            self._metadata = found
        return self._metadata
