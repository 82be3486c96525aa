"""Signing in through a bureau's own service: OpenID Connect, authorization code with PKCE, by authlib."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from inspection.errors import InputError, StoreError
from inspection.web.refusal import Refused
from inspection.web.settings import Oidc

SECONDS = 10
"""How long the service may take to answer."""

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures taken on an identity token: none that a shared secret could forge."""


class Provider:
    """The service as its settings and its discovery document describe it."""

    def __init__(self, settings: Oidc, known: Mapping[str, Any]) -> None:
        self.settings = settings
        self.known = known

    @classmethod
    def discovered(cls, settings: Oidc) -> Provider:
        """The service, which answered for itself.

        Raises:
            Refused: 502, it does not answer, or says it is another.
            StoreError: a library is not installed.
        """
        try:
            import httpx
        except ModuleNotFoundError:
            raise StoreError("web.extra", missing="httpx") from None
        place = settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            answer = httpx.get(place, timeout=SECONDS, follow_redirects=False).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise Refused(502, "web.oidc.silent", name=settings.name, reason=type(error).__name__) from error
        if not isinstance(answer, dict) or answer.get("issuer") != settings.issuer:
            raise Refused(502, "web.oidc.silent", name=settings.name, reason="issuer")
        return cls(settings, answer)

    def begin(self, back: str) -> tuple[str, dict[str, str]]:
        """Where to send the browser, and what must be known when it comes back.

        Args:
            back: address of ours to which it is sent back.
        """
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # it has no types

        kept = {"state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24), "code": _verifier()}
        with self._client(back) as client:
            address, _ = client.create_authorization_url(
                self.known["authorization_endpoint"],
                state=kept["state"],
                nonce=kept["nonce"],
                code_challenge=create_s256_code_challenge(kept["code"]),
                code_challenge_method="S256",
            )
        return address, kept

    def subject(self, back: str, code: str, kept: Mapping[str, str]) -> str:
        """Who signed in there, as "issuer subject": the identity token is fetched, its signature and claims checked.

        Raises:
            Refused: 403, the code is not accepted or the token does not hold; 502, the service does not answer.
        """
        import httpx
        from authlib.integrations.base_client.errors import OAuthError  # type: ignore[import-untyped]  # it has no types
        from authlib.oauth2.rfc6749.errors import OAuth2Error  # type: ignore[import-untyped]  # it has no types

        try:
            with self._client(back) as client:
                token = client.fetch_token(self.known["token_endpoint"], code=code, code_verifier=kept["code"])
            keys = httpx.get(self.known["jwks_uri"], timeout=SECONDS).raise_for_status().json()
        except (OAuthError, OAuth2Error) as error:
            raise Refused(403, "web.oidc.refused", name=self.settings.name) from error
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Refused(502, "web.oidc.silent", name=self.settings.name, reason=type(error).__name__) from error
        claims = self._claims(str(token.get("id_token", "")), keys, kept["nonce"])
        return bound_subject(self.settings, str(claims["sub"]))

    def _claims(self, text: str, keys: Any, nonce: str) -> Mapping[str, Any]:
        """What the identity token says, once everything about it holds (OpenID Connect Core 3.1.3.7)."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            token = jwt.decode(text, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))
            jwt.JWTClaimsRegistry(
                leeway=60,
                iss={"essential": True, "value": self.settings.issuer},
                sub={"essential": True},
                aud={"essential": True, "value": self.settings.client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Refused(403, "web.oidc.refused", name=self.settings.name) from error
        claims: Mapping[str, Any] = token.claims
        if not isinstance(claims["sub"], str) or claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise Refused(403, "web.oidc.refused", name=self.settings.name)
        return claims

    def _client(self, back: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]  # it has no types

        return OAuth2Client(
            self.settings.client_id,
            self.settings.client_secret or None,
            scope="openid",
            redirect_uri=back,
            token_endpoint_auth_method="client_secret_basic" if self.settings.client_secret else "none",
            timeout=SECONDS,
        )


def bound_subject(settings: Oidc | None, subject: str) -> str:
    """How an account names somebody the service vouches for: "issuer subject".

    Raises:
        InputError: no service is set.
    """
    if settings is None:
        raise InputError("web.oidc.none")
    return f"{settings.issuer} {subject}"


def _verifier() -> str:
    """A PKCE code verifier (RFC 7636: 43 to 128 characters)."""
    return secrets.token_urlsafe(48)
