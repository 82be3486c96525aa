"""The API as a program uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from web_house import House

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

READS = (
    "/registers",
    "/firms?limit=3",
    "/policy",
    "/policy/proposals",
    "/plan",
    "/plan/chances",
    "/plan/summary",
    "/draws",
    "/draws/1-firms",
    "/draws/1-firms/rows?limit=2",
    "/visits?limit=2",
    "/changes",
    "/changes/counts",
    "/findings/categories",
    "/due",
    "/log",
)


@pytest.mark.parametrize("path", READS)
def test_planner_reads_everything_of_the_plan(shared: House, path: str):
    answer = shared.api("GET", path)
    assert answer.status_code == 200, answer.text
    assert answer.json()


@pytest.mark.parametrize("path", [path for path in READS if path != "/log"])
def test_nobody_reads_without_a_key(shared: House, path: str):
    answer = shared.api("GET", path, role=None)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "web.anonymous"


def walk(house: House, path: str, limit: int) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = house.api("GET", path, params=params).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize(("path", "key"), [("/firms", "firm"), ("/visits", "label"), ("/log", "position")])
def test_pages_joined_are_the_whole_list_in_order_without_doubles(shared: House, path: str, key: str):
    whole = walk(shared, path, 1000)
    assert len(whole) > 3
    pages = walk(shared, path, max(1, len(whole) // 7))
    assert pages == whole
    assert len({row[key] for row in whole}) == len(whole)


def test_cursor_of_another_list_is_refused(shared: House):
    cursor = shared.api("GET", "/firms", params={"limit": 1}).json()["next"]
    answer = shared.api("GET", "/visits", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "web.cursor")


def test_problem_is_told_in_the_language_asked_for(shared: House):
    chinese = shared.api("GET", "/draws/9-firms")
    english = shared.api("GET", "/draws/9-firms", headers={"Accept-Language": "fr, en;q=0.8, zh;q=0.1"})
    assert chinese.status_code == english.status_code == 404
    assert chinese.json()["code"] == english.json()["code"] == "store.draw.unknown"
    assert chinese.json()["detail"] != english.json()["detail"]
    assert chinese.headers["content-language"] == "zh-CN"
    assert english.headers["content-language"] == "en"


def test_agency_sees_its_own_visits_once_they_are_sent_out(house: House):
    assert house.api("GET", "/visits", "clerk").json()["items"] == []
    month = house.api("GET", "/visits", params={"limit": 1}).json()["items"][0]["month"]
    assert house.api("POST", "/visits/dispatch", json={"month": month}).json()["dispatched"] > 0
    seen = house.api("GET", "/visits", "clerk").json()["items"]
    assert seen
    assert {part["agency"] for row in seen for part in row["parts"]} == {house.agency}
    others = next(a.agency for a in house.office.line().given.agencies.values() if a.agency != house.agency)
    assert house.api("GET", "/visits", "clerk", params={"agency": others}).status_code == 403


def test_visit_of_others_is_as_if_it_did_not_exist(house: House):
    rows = house.api("GET", "/visits", params={"limit": 1000}).json()["items"]
    foreign = next(row for row in rows if house.agency not in {part["agency"] for part in row["parts"]})
    house.api("POST", "/visits/dispatch", json={"month": foreign["month"]})
    assert house.api("GET", f"/visits/{foreign['label']}").status_code == 200
    for role in ("clerk", "inspector"):
        assert house.api("GET", f"/visits/{foreign['label']}", role).status_code == 404


def test_visit_goes_from_dispatch_to_review_through_the_api(house: House):
    rows = house.api("GET", "/visits", params={"limit": 1000}).json()["items"]
    row = next(row for row in rows if house.agency in {part["agency"] for part in row["parts"]})
    label, agency = row["label"], house.agency
    house.api("POST", "/visits/dispatch", json={"month": row["month"]})
    share = {"agency": agency, "visits": [label]}
    assert house.api("POST", "/visits/accept", "clerk", json=share).status_code == 200
    house.clock.time = house.clock.time.replace(month=12, day=1)
    done = house.api("POST", "/visits/carry-out", "clerk", json={**share, "finished": "2027-11-30"})
    assert done.status_code == 200, done.text
    cleared = house.api("POST", "/findings/all-clear", "clerk", json=share)
    assert cleared.status_code == 200 and cleared.json()["complete"] == 1, cleared.text
    assert house.api("POST", "/findings/review", "clerk", json=share).status_code == 403
    assert house.api("POST", "/findings/review", "reviewer", json=share).json() == {"reviewed": 1}
    shown = house.api("GET", f"/visits/{label}").json()
    assert {each["reviewed_by"] for each in shown["findings"]} == {"reviewer"}
    due = house.api("GET", "/due", "clerk").json()["due"]
    assert any(each["visit"] == label for each in due)


def test_change_needs_another_account_to_approve_it(house: House):
    label = house.api("GET", "/visits", params={"limit": 1}).json()["items"][0]["label"]
    wish = {"visit": label, "reason": "deregistered"}
    asked = house.api("POST", "/changes/close", json=wish)
    assert asked.status_code == 201, asked.text
    number = asked.json()["changes"][0]["number"]
    assert house.api("POST", f"/changes/{number}/approve").status_code == 403
    decided = house.api("POST", f"/changes/{number}/approve", "reviewer")
    assert decided.status_code == 200, decided.text
    assert (decided.json()["requested_by"], decided.json()["decided_by"]) == ("planner", "reviewer")
    again = house.api("POST", f"/changes/{number}/approve", "reviewer")
    assert (again.status_code, again.json()["code"]) == (409, "store.change.decided")


def test_one_account_with_both_roles_cannot_approve_its_own_wish(house: House):
    from inspection.store.accounts import Account, Grant
    from inspection.web.accounts import new_account, new_key

    store = house.office.workspace.store
    grants = (Grant(role="planner"), Grant(role="reviewer"))
    new_account(store, Account(account="both", name="both", created_at=house.clock(), grants=grants))
    house.keys["both"] = new_key(store, "both", house.clock())
    label = house.api("GET", "/visits", params={"limit": 1}).json()["items"][0]["label"]
    asked = house.api("POST", "/changes/close", "both", json={"visit": label, "reason": "deregistered"})
    number = asked.json()["changes"][0]["number"]
    refused = house.api("POST", f"/changes/{number}/approve", "both")
    assert (refused.status_code, refused.json()["code"]) == (409, "store.change.same_person")


def test_policy_changes_only_when_a_second_account_approves(house: House):
    before = house.api("GET", "/policy").json()["text"]
    after = before + "\n# 修订\n"
    made = house.api("POST", "/policy/proposals", json={"text": after})
    assert made.status_code == 201, made.text
    assert house.api("GET", "/policy").json()["text"] == before
    number = made.json()["number"]
    assert house.api("POST", f"/policy/proposals/{number}/approve").status_code == 403
    assert house.api("POST", f"/policy/proposals/{number}/approve", "reviewer").status_code == 200
    assert house.api("GET", "/policy").json()["text"] == after


def test_proposal_is_refused_when_the_file_changed_meanwhile(house: House):
    before = house.api("GET", "/policy").json()["text"]
    number = house.api("POST", "/policy/proposals", json={"text": before + "\n# 甲\n"}).json()["number"]
    house.office.policy_file.write_text(before + "\n# 乙\n", encoding="utf-8")
    answer = house.api("POST", f"/policy/proposals/{number}/approve", "reviewer")
    assert (answer.status_code, answer.json()["code"]) == (409, "store.proposal.overtaken")
    pending = house.api("GET", "/policy/proposals").json()["items"][0]
    assert pending["state"] == "pending"


def test_policy_with_faults_names_them_all_with_their_lines(shared: House):
    text = shared.api("GET", "/policy").json()["text"].replace("[coverage]", "[coverage]\nnonsense = 1\n[joint]", 1)
    answer = shared.api("POST", "/policy/check", json={"text": text}).json()
    assert answer["usable"] is False and answer["faults"]
    assert all(fault["text"] for fault in answer["faults"])


def test_repeat_with_the_same_key_gets_the_first_answer_and_does_nothing(house: House):
    label = house.api("GET", "/visits", params={"limit": 1}).json()["items"][0]["label"]
    wish = {"visit": label, "reason": "deregistered"}
    headers = {"Idempotency-Key": "a-1"}
    first = house.api("POST", "/changes/close", json=wish, headers=headers)
    again = house.api("POST", "/changes/close", json=wish, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(house.api("GET", "/changes").json()["items"]) == 1
    other = house.api("POST", "/changes/close", json={**wish, "reason": "moved"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "web.idempotency.other")


def test_key_of_a_refused_request_may_be_used_again(house: House):
    headers = {"Idempotency-Key": "a-2"}
    wrong = house.api("POST", "/changes/close", json={"visit": "V9999", "reason": "deregistered"}, headers=headers)
    assert wrong.status_code == 404
    label = house.api("GET", "/visits", params={"limit": 1}).json()["items"][0]["label"]
    right = house.api("POST", "/changes/close", json={"visit": label, "reason": "deregistered"}, headers=headers)
    assert right.status_code == 201, right.text


def test_keys_of_two_accounts_do_not_meet(house: House):
    headers = {"Idempotency-Key": "same"}
    text = house.api("GET", "/policy").json()["text"]
    one = house.api("POST", "/policy/proposals", json={"text": text + "\n# 1\n"}, headers=headers)
    number = one.json()["number"]
    other = house.api("POST", f"/policy/proposals/{number}/refuse", "reviewer", headers=headers)
    assert (one.status_code, other.status_code) == (201, 200)


def test_registers_are_taken_in_and_bad_rows_are_named(house: House, county: Any, tmp_path: Any):
    files = [(kind, path) for kind, paths in county.files.registers.items() for path in paths]
    bad = tmp_path / "recusals.csv"
    bad.write_text("人员编号,统一社会信用代码,回避原因\n没有这个人,911,亲属\n", encoding="utf-8")
    files = [each for each in files if each[0] != "recusals"] + [("recusals", bad)]
    answer = house.api(
        "POST",
        "/registers",
        files=[("files", (path.name, path.read_bytes())) for _, path in files],
        data={"kinds": [kind for kind, _ in files], "as_of": "2027-01-01"},
    )
    assert answer.status_code == 200, answer.text
    facts = answer.json()
    assert facts["registers"]["recusals"]["rejected"] == 1
    assert facts["examples"][0]["remedy"] and facts["examples"][0]["row"] == 2
    workbook = house.client.get(facts["rejects"], headers={"Authorization": f"Bearer {house.keys['planner']}"})
    assert workbook.status_code == 200 and workbook.content[:2] == b"PK"


def test_what_if_compares_and_touches_nothing(shared: House):
    before = shared.api("GET", "/plan/summary").json()
    answer = shared.api("POST", "/plan/whatif", json={"cases": [{"name": "少", "settings": ["coverage.floor=4%"]}]})
    assert answer.status_code == 200, answer.text
    assert [case["feasible"] for case in answer.json()["cases"]] == [True, True]
    assert shared.api("GET", "/plan/summary").json() == before


def test_firm_is_explained_with_its_chance_and_proofs(shared: House):
    firm = shared.api("GET", "/visits", params={"limit": 1}).json()["items"][0]["firm"]
    facts = shared.api("GET", f"/firms/{firm}").json()
    assert 0 < facts["chance"] <= 1
    assert facts["draws"][0]["is_drawn"] is True


def test_auditor_takes_a_bundle_that_verifies(shared: House, tmp_path: Any):
    import subprocess
    import sys
    import zipfile

    answer = shared.api("GET", "/bundle", "auditor")
    assert answer.status_code == 200
    (tmp_path / "bundle.zip").write_bytes(answer.content)
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path)
    folder = next(path.parent for path in tmp_path.glob("*/bundle.json"))
    checked = subprocess.run([sys.executable, "-I", "-S", folder / "verify.py", folder], capture_output=True)
    assert checked.returncode in (0, 3), checked.stdout
    assert any(deed.action == "bundle.read" and deed.actor == "auditor" for deed in shared.deeds())


def test_log_is_served_as_tiles_that_a_witness_can_check(shared: House):
    from inspection.draw.note import VerifierKey, open_note
    from inspection.store.keys import verify

    get = shared.client.get
    key = VerifierKey.parse(get("/api/v1/log/key").text.strip())
    note = get("/api/v1/log/checkpoint").text
    size = int(open_note(note, [key], verify).text.splitlines()[1])
    entries = get(f"/api/v1/log/tile/entries/000.p/{size}")
    hashes = get(f"/api/v1/log/tile/0/000.p/{size}")
    assert entries.status_code == hashes.status_code == 200
    assert len(hashes.content) == 32 * size
    assert "immutable" in hashes.headers["cache-control"]
    assert get("/api/v1/log/tile/0/999").status_code == 404


def test_parties_hand_in_and_reveal_through_the_api(county: Any, tmp_path: Any):
    from web_house import open_house

    from inspection.console.planning import make_secret
    from inspection.web.errands import main

    office = county.office()
    line_of = office.line
    house = open_house(office, "SC", "SC-1", writes_a_minute=1000)
    sent = house.api("POST", "/plan/check")
    assert sent.json()["feasible"] is True, sent.text
    policy = office.policy()
    code = f"{policy.plan.division}-{policy.plan.year}"
    parties = policy.ceremony.parties
    for folder, kind in (("1-firms", "firms"), ("2-inspectors", "inspectors")):
        secrets = {party: make_secret(f"{code}/{folder}", party, policy.ceremony.digest) for party in parties}
        given = {party: commitment for party, (_, commitment) in secrets.items()}
        answer = house.api("POST", f"/draws/{kind}/commitments", json={"commitments": given})
        assert answer.status_code == 200, answer.text
        _errand(house, main)
        waiting = house.api("GET", "/draws").json()["awaited"]
        assert (waiting["folder"], waiting["has_public"]) == (folder, False)
        guess = {"party": parties[0], "secret": "0" * 64}
        early = house.api("POST", f"/draws/{folder}/secrets", json=guess)
        assert (early.status_code, early.json()["code"]) == (409, "beacon.reveal.dice_first")
        count = int(waiting["public"]["digits"])
        brought = house.api("POST", f"/draws/{folder}/public", json={"value": "4" * count})
        assert brought.status_code == 200, brought.text
        wrong = house.api("POST", f"/draws/{folder}/secrets", json=guess)
        assert (wrong.status_code, wrong.json()["code"]) == (409, "beacon.secret.other")
        for party, (secret, _) in secrets.items():
            body = {"party": party, "secret": secret}
            assert house.api("POST", f"/draws/{folder}/secrets", json=body).status_code == 200
        state = _errand(house, main)
    assert state == "done"
    assert house.api("GET", "/plan").json()["missing"] is None
    assert line_of().name == code
    office.workspace.store.close()


def _errand(house: House, main: Any) -> str:
    """Do in this process what ``POST /plan/run`` hands to another."""
    from inspection.store import errands

    name = f"e{len(house.deeds())}"
    at = house.clock()
    errand = errands.Errand(
        errand=name, kind="run", account="planner", state="running", outcome={}, begun_at=at, alive_at=at
    )
    with house.office.workspace.store.writing() as connection:
        errands.begin(connection, errand)
    main(str(house.office.workspace.folder), name, "run")
    return str(house.api("GET", f"/errands/{name}").json()["state"])


@pytest.mark.slow
def test_run_sent_over_http_is_done_by_a_process_of_its_own(county: Any):
    import time

    from web_house import open_house

    from inspection.office import now

    office = county.office()
    house = open_house(office, "SC", "SC-1")
    house.clock.time = now()
    sent = house.api("POST", "/plan/run")
    assert sent.status_code == 202, sent.text
    assert house.api("POST", "/plan/run").json()["code"] == "web.errand.running"
    for _ in range(200):
        found = house.api("GET", sent.json()["href"].removeprefix("/api/v1")).json()
        if found["state"] != "running":
            break
        time.sleep(0.2)
    assert (found["state"], found["outcome"]["code"]) == ("waiting", "beacon.parties.waiting")
    office.workspace.store.close()


def test_errand_that_fell_silent_is_told_as_interrupted(bare: House):
    from inspection.store import errands

    at = bare.clock()
    errand = errands.Errand(
        errand="gone", kind="run", account="planner", state="running", outcome={}, begun_at=at, alive_at=at
    )
    with bare.office.workspace.store.writing() as connection:
        errands.begin(connection, errand)
    bare.clock.pass_by(minutes=2)
    assert bare.api("GET", "/errands/gone").json()["state"] == "interrupted"
