"""What a stranger's site can make a browser do, what each role may, and what the trail says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
