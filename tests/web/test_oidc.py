"""Sign-in through a bureau's own OpenID Connect service, played by a small one here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from web_house import House

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class _Provider(BaseHTTPRequestHandler):
    """A tiny OpenID provider: it remembers the request it was sent and signs one identity token for it."""

    server: Any

    def do_GET(self) -> None:
        base = f"http://127.0.0.1:{self.server.server_port}"
        if self.path == "/.well-known/openid-configuration":
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            self._send({"issuer": base, **{name: f"{base}/{name}" for name in names}})
        else:
            self._send({"keys": [self.server.key.as_dict(private=False)]})

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.form = form
        self._send({"access_token": "a", "token_type": "Bearer", "id_token": self.server.make_token(form)})

    def _send(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Any]:
    from joserfc.jwk import RSAKey

    server: Any = HTTPServer(("127.0.0.1", 0), _Provider)
    server.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"}, auto_kid=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()


def _oidc_house(provider: Any, tmp_path: Path) -> House:
    from web_house import open_house

    from inspection.office import Office
    from inspection.store.accounts import Account, Grant
    from inspection.web.accounts import new_account

    issuer = f"http://127.0.0.1:{provider.server_port}"
    office = Office.found(tmp_path / "w", origin="open-draw.example/web")
    house = open_house(office, "SC", "SC-1", oidc={"issuer": issuer, "client_id": "draw", "client_secret": "s"})
    account = Account(
        account="li", name="李", created_at=house.clock(), subject=f"{issuer} 42", grants=(Grant(role="auditor"),)
    )
    new_account(office.workspace.store, account)
    return house


def _through(provider: Any, house: House, **claims: Any) -> Any:
    """From the button to our callback, with the identity token a test wants."""
    from joserfc import jwt

    sent = house.client.get("/oidc/start?next=/password", follow_redirects=False)
    query = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert query["code_challenge_method"] == "S256" and query["client_id"] == "draw"
    import time

    right = {
        "iss": f"http://127.0.0.1:{provider.server_port}",
        "sub": "42",
        "aud": "draw",
        "nonce": query["nonce"],
        "iat": int(time.time()),
        "exp": int(time.time()) + 300,
    } | claims
    key = claims.pop("_key", provider.key)
    right = {name: value for name, value in right.items() if value is not None and name != "_key"}
    provider.make_token = lambda form: jwt.encode({"alg": "RS256", "kid": key.kid}, right, key)
    state = claims.get("_state", query["state"])
    return house.client.get(f"/oidc/back?code=abc&state={state}", follow_redirects=False)


def test_sign_in_through_a_provider_opens_the_bound_account(provider: Any, tmp_path: Path):
    house = _oidc_house(provider, tmp_path)
    assert "/oidc/start" in house.client.get("/sign-in").text
    answer = _through(provider, house)
    assert (answer.status_code, answer.headers["location"]) == (303, "/password"), answer.text
    assert provider.form["code_verifier"][0]
    assert "李" in house.client.get("/").text
    assert ("li", "sign_in.oidc") in [(deed.actor, deed.action) for deed in house.deeds()]
    house.office.workspace.store.close()


def _other_key() -> Any:
    from joserfc.jwk import RSAKey

    return RSAKey.generate_key(2048, {"kid": "k1"})


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "43"},
        {"aud": "another"},
        {"iss": "http://127.0.0.1:1"},
        {"nonce": "replayed"},
        {"nonce": None},
        {"exp": 1},
        {"_state": "forged"},
        {"_key": "other"},
        {"azp": "another"},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_identity_that_does_not_hold_opens_nothing(provider: Any, tmp_path: Path, claims: dict[str, Any]):
    house = _oidc_house(provider, tmp_path)
    if "_key" in claims:
        claims = {"_key": _other_key()}
    answer = _through(provider, house, **claims)
    assert answer.status_code == 403
    assert house.client.get("/", follow_redirects=False).status_code == 303
    house.office.workspace.store.close()


def test_callback_without_a_beginning_of_ours_is_refused(provider: Any, tmp_path: Path):
    house = _oidc_house(provider, tmp_path)
    assert house.client.get("/oidc/back?code=abc&state=", follow_redirects=False).status_code == 403
    house.office.workspace.store.close()


def test_provider_that_is_silent_is_told_so(tmp_path: Path):
    from web_house import open_house

    from inspection.office import Office

    office = Office.found(tmp_path / "w", origin="open-draw.example/web")
    house = open_house(office, "SC", "SC-1", oidc={"issuer": "http://127.0.0.1:9", "client_id": "draw"})
    assert house.client.get("/oidc/start", follow_redirects=False).status_code == 502
    office.workspace.store.close()
