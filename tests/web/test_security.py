"""Who gets in, what a stranger's site can make a browser do, and what the trail says of it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from web_house import House

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ROOT = Path(__file__).parents[2]


def test_every_answer_bears_a_strict_content_policy(bare: House):
    for path in ("/sign-in", "/nowhere", "/static/house.css", "/api/v1/", "/api/v1/plan", "/api/openapi.json"):
        headers = bare.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_answer_to_a_failure_nobody_foresaw_bears_the_headers_and_no_trace(bare: House, monkeypatch: Any):
    from inspection.web.api import log

    def fail(request: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(log, "_copy", fail)
    answer = bare.client.get("/api/v1/log")
    assert answer.status_code == 500
    assert "content-security-policy" in answer.headers
    assert "secret detail" not in answer.text and "Traceback" not in answer.text
    assert answer.json()["code"] == "web.error.500"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "inspection/web/templates").rglob("*.html")), ids=lambda path: path.name
)
def test_template_has_no_inline_script_or_style(path: Path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or "application/json" in script


def test_first_view_loads_at_most_a_hundred_kilobytes_of_script(bare: House):
    page = bare.client.get("/sign-in").text
    scripts = re.findall(r'<script src="([^"]+)"', page)
    assert scripts
    assert sum(len(bare.client.get(path).content) for path in scripts) <= 100_000
    assert not re.search(r'(src|href)="(https?:)?//', page)


@pytest.mark.parametrize("name", ["verify.js", "folder.mjs", "house.css", "icon.svg"])
def test_static_file_has_the_media_type_that_nosniff_needs(bare: House, name: str):
    kinds = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    answer = bare.client.get(f"/static/{name}")
    assert answer.headers["content-type"].startswith(kinds[Path(name).suffix])
    again = bare.client.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"])
def test_static_files_lead_nowhere_else(bare: House, path: str):
    assert bare.client.get(path).status_code == 404


def test_first_page_sends_a_stranger_to_sign_in_and_back(bare: House):
    answer = bare.client.get("/?a=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/%3Fa%3D1")


def test_sign_in_opens_a_session_that_sign_out_ends(bare: House):
    answer = bare.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("od_session="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    stolen = bare.client.cookies["od_session"]
    assert bare.client.get("/", follow_redirects=False).status_code == 200
    bare.client.post("/sign-out", data={"csrf": bare.token("/")})
    bare.client.cookies.set("od_session", stolen)
    assert bare.client.get("/", follow_redirects=False).status_code == 303


def test_page_that_does_not_exist_still_knows_who_is_signed_in(bare: House):
    bare.sign_in()
    answer = bare.client.get("/nowhere")
    assert answer.status_code == 404 and "planner 某" in answer.text
    assert "set-cookie" not in answer.headers
    assert (
        bare.client.post("/sign-out", data={"csrf": bare.token("/nowhere")}, follow_redirects=False).status_code == 303
    )


def test_cookies_travel_over_tls_alone_where_that_is_set(tmp_path: Path):
    from web_house import open_house

    from inspection.office import Office

    office = Office.found(tmp_path / "w", origin="open-draw.example/web")
    house = open_house(office, "SC", "SC-1", secure=True)
    answer = house.client.get("/sign-in")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
    office.workspace.store.close()


@pytest.mark.parametrize("span", [{"minutes": 121}, {"hours": 13}])
def test_session_ends_by_time(bare: House, span: dict[str, float]):
    bare.sign_in()
    bare.clock.pass_by(**span)
    assert bare.client.get("/", follow_redirects=False).status_code == 303


def test_session_in_use_lasts_beyond_its_idle_time(bare: House):
    bare.sign_in()
    for _ in range(4):
        bare.clock.pass_by(minutes=100)
        assert bare.client.get("/", follow_redirects=False).status_code == 200


def test_session_cookie_altered_or_made_up_opens_nothing(bare: House):
    bare.sign_in()
    cookie = bare.client.cookies["od_session"]
    text, _, signature = cookie.rpartition(".")
    other = "B" if signature[0] == "A" else "A"
    for forged in (f"{text}.{other}{signature[1:]}", f"{text[:-2]}AA.{signature}", text, "x", ""):
        bare.client.cookies.set("od_session", forged)
        assert bare.client.get("/", follow_redirects=False).status_code == 303


def test_session_before_signing_in_is_not_carried_on(bare: House):
    bare.sign_in()
    first = bare.client.cookies["od_session"]
    bare.client.post("/sign-out", data={"csrf": bare.token("/")})
    bare.sign_in()
    assert bare.client.cookies["od_session"] != first


def test_database_holds_neither_password_nor_token_nor_key(bare: House):
    bare.sign_in()
    store = bare.office.workspace.store
    with store.reading() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())
    assert "correct horse battery" not in dump
    assert "$argon2id$" in dump
    for key in bare.keys.values():
        assert key.split("_")[2] not in dump
    desk = bare.client.app.state.desk  # type: ignore[attr-defined]  # our own application
    token = desk.signed("od_session", bare.client.cookies["od_session"])
    assert token and token not in dump


def test_secret_of_cookies_is_for_its_owner_alone(bare: House):
    path = bare.office.workspace.folder / "keys" / "web"
    assert path.stat().st_mode & 0o777 == 0o600 and len(path.read_bytes()) == 32


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {}),
        ({"csrf": "0" * 64}, {}),
        ({}, {"X-CSRF-Token": "0" * 64}),
        ({"csrf": "ä"}, {}),
    ],
)
def test_form_without_its_token_is_refused_and_nothing_is_done(bare: House, form: dict[str, str], headers: Any):
    bare.sign_in()
    answer = bare.client.post("/sign-out", data=form, headers=headers, follow_redirects=False)
    assert answer.status_code == 403
    assert bare.client.get("/", follow_redirects=False).status_code == 200


def test_form_sent_from_another_site_is_refused_even_with_its_token(bare: House):
    bare.sign_in()
    form = {"csrf": bare.token("/")}
    answer = bare.client.post("/sign-out", data=form, headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=False)
    assert answer.status_code == 403


def test_token_of_one_session_is_none_of_another(bare: House):
    bare.sign_in("planner")
    foreign = bare.token("/")
    bare.client.cookies.clear()
    bare.sign_in("clerk")
    assert bare.client.post("/sign-out", data={"csrf": foreign}, follow_redirects=False).status_code == 403


def test_api_called_with_a_session_needs_the_header_that_htmx_sends(bare: House):
    bare.sign_in()
    body = {"text": "x"}
    assert bare.api("POST", "/policy/check", None, json=body).json()["code"] == "web.form"
    page = bare.client.get("/").text
    sent = json.loads(re.search(r"hx-headers='([^']+)'", page)[1])  # type: ignore[index]  # a page without fails
    assert bare.api("POST", "/policy/check", None, json=body, headers=sent).status_code == 200


def test_cookie_does_not_help_a_request_with_a_wrong_key(bare: House):
    bare.sign_in()
    answer = bare.api("GET", "/me", None, headers={"Authorization": "Bearer od_0_0"})
    assert (answer.status_code, answer.json()["code"]) == (401, "web.key")


@pytest.mark.parametrize(
    "next", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1", "/\n/x"]
)
def test_sign_in_leads_to_this_site_alone(bare: House, next: str):
    form = {"account": "planner", "password": "correct horse battery", "csrf": bare.token(), "next": next}
    assert bare.client.post("/sign-in", data=form, follow_redirects=False).headers["location"] == "/"


def test_wrong_passwords_are_refused_after_five_until_time_has_passed(bare: House):
    for _ in range(5):
        assert bare.sign_in(password="wrong wrong wrong").status_code == 401
    answer = bare.sign_in()
    assert answer.status_code == 429
    bare.clock.pass_by(minutes=16)
    assert bare.sign_in().status_code == 303


def test_one_address_cannot_try_many_accounts(bare: House):
    statuses = [bare.sign_in(f"nobody{number}", "wrong wrong wrong").status_code for number in range(31)]
    assert statuses == [401] * 30 + [429]


def test_wrong_passwords_from_many_workers_add_up_in_the_trail(bare: House):
    desk = bare.client.app.state.desk  # type: ignore[attr-defined]  # our own application
    for _ in range(50):
        desk.record("planner", "sign_in.failed", "planner", "web.sign_in.wrong")
    assert bare.sign_in().status_code == 429
    bare.clock.pass_by(minutes=61)
    assert bare.sign_in().status_code == 303


def test_writes_beyond_the_limit_are_told_when_to_come_again(tmp_path: Path):
    from web_house import open_house

    from inspection.office import Office

    office = Office.found(tmp_path / "w", origin="open-draw.example/web")
    house = open_house(office, "SC", "SC-1", writes_a_minute=3)
    answers = [house.api("POST", "/policy/check", json={"text": ""}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert house.api("POST", "/policy/check", "auditor", json={"text": ""}).status_code == 200
    office.workspace.store.close()


def test_limit_counts_names_apart_and_forgets_them(bare: House):
    from inspection.web.limits import MOST_KNOWN, Limit

    limit = Limit(most=2, span=timedelta(seconds=10))
    now = bare.clock()
    assert [limit.seconds_to_wait("a", now) for _ in range(3)] == [0, 0, 10]
    assert limit.seconds_to_wait("b", now) == 0
    assert limit.seconds_to_wait("a", now + timedelta(seconds=10)) == 0
    for number in range(MOST_KNOWN + 50):
        limit.seconds_to_wait(str(number), now + timedelta(seconds=11))
    assert len(limit._times) <= MOST_KNOWN


def test_account_disabled_is_out_at_once_everywhere(bare: House):
    bare.sign_in()
    assert bare.api("GET", "/me").status_code == 200
    assert bare.api("POST", "/accounts/planner/disable", "admin").status_code == 200
    assert bare.client.get("/", follow_redirects=False).status_code == 303
    assert bare.api("GET", "/me").status_code == 401
    assert bare.sign_in().status_code == 401


def test_key_disabled_is_refused_and_another_of_the_account_is_not(bare: House):
    made = bare.api("POST", "/accounts/planner/keys", "admin", headers={"Idempotency-Key": "k"}).json()["key"]
    with bare.office.workspace.store.reading() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())
    assert made.split("_")[2] not in dump
    old = bare.keys["planner"].split("_")[1]
    assert bare.api("POST", f"/accounts/planner/keys/{old}/disable", "admin").status_code == 200
    assert bare.api("GET", "/me").status_code == 401
    bare.keys["planner"] = made
    assert bare.api("GET", "/me").status_code == 200


def test_password_changed_ends_the_sessions_of_the_old_one(bare: House):
    bare.sign_in()
    form = {"csrf": bare.token("/password"), "old": "correct horse battery", "new": "staple correct 9"}
    assert bare.client.post("/password", data=form, follow_redirects=False).status_code == 303
    assert bare.client.get("/", follow_redirects=False).status_code == 303
    assert bare.sign_in(password="staple correct 9").status_code == 303


def test_passwords_cost_an_attacker_memory_and_time(monkeypatch: Any):
    from inspection.web import accounts

    monkeypatch.undo()
    assert accounts.hash_password("planner", "correct horse battery").startswith("$argon2id$v=19$m=65536,t=3,p=1$")


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "my planner 99", "x" * 201])
def test_weak_password_is_refused_with_the_reason(bare: House, password: str):
    from inspection.errors import InputError
    from inspection.web.accounts import change_password

    with pytest.raises(InputError, match="password"):
        change_password(bare.office.workspace.store, "planner", password)


ALLOWED = {
    ("GET", "/accounts"): {"admin"},
    ("GET", "/trail"): {"admin", "auditor"},
    ("GET", "/policy"): {"planner", "clerk", "reviewer", "auditor"},
    ("POST", "/plan/run"): {"planner"},
    ("POST", "/policy/proposals"): {"planner"},
    ("POST", "/policy/proposals/1/approve"): {"reviewer"},
    ("POST", "/changes/1/approve"): {"reviewer"},
    ("POST", "/changes/void"): {"planner"},
    ("POST", "/changes/close"): {"planner", "clerk"},
    ("POST", "/draws/1-firms/secrets"): {"planner"},
    ("POST", "/findings"): {"clerk", "inspector"},
    ("POST", "/findings/review"): {"reviewer"},
    ("POST", "/disclose"): {"planner"},
    ("POST", "/publishing/drop"): {"planner"},
    ("GET", "/bundle"): {"planner", "auditor"},
    ("GET", "/firms"): {"planner", "auditor"},
}


@pytest.mark.parametrize(("method", "path"), ALLOWED)
def test_role_that_may_not_is_refused_whatever_it_sends(bare: House, method: str, path: str):
    for role in bare.keys:
        answer = bare.api(method, path, role)
        assert (answer.status_code != 403) == (role in ALLOWED[method, path]), (role, answer.text)


def test_role_of_one_region_may_not_decide_for_the_whole_plan():
    from inspection.store.accounts import Grant
    from inspection.web.roles import is_allowed

    regional = [Grant(role="planner", region="370828")]
    assert is_allowed(regional, "visits.read", "X", "370828")
    assert not is_allowed(regional, "visits.read", "X", "370829")
    assert not is_allowed(regional, "plan.run")
    assert not is_allowed([Grant(role="owner")], "plan.run")


def test_trail_tells_every_write_by_account_and_holds_no_secret(bare: House):
    bare.sign_in(password="hunter2 hunter2")
    bare.sign_in("correct horse battery", "planner")
    bare.sign_in()
    bare.api("POST", "/policy/proposals", json={"text": "no toml ["})
    deeds = [(deed.actor, deed.action, deed.outcome) for deed in reversed(bare.deeds())]
    assert deeds == [
        ("planner", "sign_in.failed", "web.sign_in.wrong"),
        ("", "sign_in.failed", "web.sign_in.wrong"),
        ("planner", "sign_in", "done"),
        ("planner", "propose", "policy.syntax"),
    ]
    told = " ".join(f"{deed.object} {deed.outcome}" for deed in bare.deeds())
    assert "hunter2" not in told and "horse" not in told and "某" not in told


def test_trail_only_grows(bare: House):
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    bare.sign_in()
    for change in ("UPDATE trail SET actor = 'x'", "DELETE FROM trail"):
        with pytest.raises(DBAPIError, match="only grows"), bare.office.workspace.store.writing() as connection:
            connection.execute(text(change))


@pytest.mark.parametrize("size", [3_000_000, 65_537])
def test_body_beyond_its_bound_is_refused_before_it_is_read(bare: House, size: int):
    kind = "application/json" if size > 1_000_000 else "application/x-www-form-urlencoded"
    answer = bare.client.post("/api/v1/policy/check", content=b" " * size, headers={"Content-Type": kind})
    assert answer.status_code == 413


def test_stranger_cannot_send_files(bare: House):
    answer = bare.client.post("/api/v1/registers", files={"files": ("a.csv", b"x" * 70_000)}, data={"kinds": "firms"})
    assert answer.status_code == 413


def test_body_that_says_it_is_short_is_cut_off_all_the_same(bare: House):
    def endless() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * 100_000

    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bare.keys['planner']}"}
    answer = bare.client.post("/api/v1/policy/check", content=endless(), headers=headers)
    assert answer.status_code in (400, 413)


def test_language_is_switched_by_a_form_and_kept(bare: House):
    assert 'lang="zh-CN"' in bare.client.get("/sign-in").text
    bare.client.post("/language", data={"csrf": bare.token(), "language": "en", "next": "/sign-in"})
    page = bare.client.get("/sign-in")
    assert '<html lang="en">' in page.text and page.headers["content-language"] == "en"


def test_proxy_is_believed_only_where_that_is_asked_for(bare: House):
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    from inspection.console.serving import server_options

    assert server_options(None)["proxy_headers"] is False
    believed = server_options("10.0.0.1")
    assert (believed["proxy_headers"], believed["forwarded_allow_ips"]) == (True, "10.0.0.1")
    assert ProxyHeadersMiddleware(bare.client.app, trusted_hosts="10.0.0.1").trusted_hosts


def test_serving_without_the_extra_says_which_to_install(monkeypatch: Any):
    from inspection.console import serving
    from inspection.errors import StoreError

    monkeypatch.setattr(serving, "find_spec", lambda name: None if name in ("fastapi", "argon2") else object())
    with pytest.raises(StoreError) as refusal:
        serving.require_web()
    assert "open-draw[web]" in refusal.value.text("zh") and "fastapi, argon2" in refusal.value.text("en")


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
