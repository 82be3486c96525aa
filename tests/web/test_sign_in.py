"""Passwords, sessions, keys and their limits: who gets in, and for how long."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from web_house import House

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


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
