"""Logs out of order, draws given up, events after the draw, and what cannot be checked here."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from bundle_maker import PLAN, Made, Spec, detail, make, sha, spec, verdicts, write_log

from inspection import verify as checker


def entries_changed(change: Callable[[list[Any]], list[Any]]) -> Callable[[Spec], None]:
    return lambda plan: setattr(plan, "edit_entries", change)


def moved(entries: list[Any], place: int, time: str) -> list[Any]:
    return [{**entry, "time": time} if n == place else entry for n, entry in enumerate(entries)]


VOID = {
    "type": "void",
    "plan": PLAN,
    "draw": f"{PLAN}/0-firms",
    "actor": "bureau",
    "digest": "",
    "time": "2027-01-05T08:50:00+08:00",
}
TRIED = {**VOID, "type": "commit", "digest": "0" * 64, "time": "2027-01-05T08:40:00+08:00"}
LOGS: list[tuple[str, Callable[[Spec], None], set[str]]] = [
    ("result before commit", entries_changed(lambda log: [log[1], log[0], *log[2:]]), {"entries", "in log", "result"}),
    ("two commits", entries_changed(lambda log: [log[0], log[0], *log[1:]]), {"in log"}),
    ("two results", entries_changed(lambda log: [*log, log[3]]), {"in log"}),
    ("no result", entries_changed(lambda log: log[:3]), {"in log"}),
    ("commit of another digest", entries_changed(lambda log: [{**log[0], "digest": "0" * 64}, *log[1:]]), {"in log"}),
    ("result of another digest", entries_changed(lambda log: [*log[:3], {**log[3], "digest": "0" * 64}]), {"result"}),
    ("time running back", entries_changed(lambda log: moved(log, 2, "2027-01-05T09:34:00+08:00")), {"entries"}),
    ("time without offset", entries_changed(lambda log: moved(log, 2, "2027-01-05T09:38:00")), {"entries"}),
    (
        "commit after the public value",
        entries_changed(lambda log: moved(log, 0, "2027-01-05T09:30:00+08:00")),
        {"in log"},
    ),
    (
        "result before the public value",
        entries_changed(lambda log: moved(log, 1, "2027-01-05T09:29:59+08:00")),
        {"in log"},
    ),
    ("hidden draw", entries_changed(lambda log: [TRIED, *log]), {"log draws"}),
    ("void without reason", entries_changed(lambda log: [TRIED, VOID, *log]), {"log draws"}),
    ("a second plan", entries_changed(lambda log: [{**TRIED, "plan": "370828-2027b"}, *log]), {"log draws"}),
    ("no checkpoint between", lambda plan: setattr(plan, "checkpoints", lambda count: [2, 3, 4]), {"in log"}),
    ("end not covered", lambda plan: setattr(plan, "checkpoints", lambda count: [1, 2, 3]), {"checkpoints"}),
    (
        "staffed before it was drawn",
        entries_changed(lambda log: [log[0], log[2], *moved(log[1:2], 0, log[2]["time"]), log[3]]),
        {"result"},
    ),
]


@pytest.mark.parametrize(("change", "steps"), [row[1:] for row in LOGS], ids=[row[0] for row in LOGS])
def test_log_out_of_order_fails_at_its_step(change, steps, tmp_path):
    plan = spec()
    change(plan)
    make(tmp_path / "b", plan)
    assert steps & verdicts(tmp_path / "b")["failed"]


def test_draw_given_up_with_a_reason_is_named_and_counted(tmp_path):
    plan = spec()
    plan.edit_entries = lambda log: [TRIED, {**VOID, "reason": "a party did not come"}, *log]
    make(tmp_path / "b", plan)
    assert not verdicts(tmp_path / "b")["failed"]
    assert "0-firms" in detail(tmp_path / "b", "log draws") and "1 void" in detail(tmp_path / "b", "later events")


def test_draw_given_up_in_the_bundle_needs_no_result(tmp_path):
    made = make(tmp_path / "b", spec())
    root = made.root
    shutil.copytree(root / "draws/2-inspectors", root / "draws/3-inspectors")
    path = root / "draws/3-inspectors/commitment.json"
    value = json.loads(path.read_text()) | {"draw": f"{PLAN}/3-inspectors"}
    path.write_text(json.dumps(value, sort_keys=True, separators=(",", ":")))
    (root / "draws/3-inspectors/assignments.csv").unlink()
    listed = {"protocol": "open-draw/1", "plan": PLAN, "draws": ["1-firms", "2-inspectors", "3-inspectors"]}
    (root / "bundle.json").write_text(json.dumps(listed, sort_keys=True, separators=(",", ":")))
    lines = (root / "log/entries.jsonl").read_text().splitlines()
    late = {"plan": PLAN, "draw": f"{PLAN}/3-inspectors", "actor": "bureau"}
    commit = {**late, "type": "commit", "digest": sha(path.read_bytes()), "time": "2027-01-05T10:00:00+08:00"}
    void = {
        **late,
        "type": "void",
        "digest": "",
        "time": "2027-01-05T10:01:00+08:00",
        "reason": "drawn twice by mistake",
    }
    write_log(made, [*map(json.loads, lines), commit, void])
    assert not verdicts(root)["failed"] | verdicts(root)["not checked"]
    assert "drawn twice by mistake" in detail(root, "in log")


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (
            lambda plan: vars(plan).update(
                public={"kind": "drand", "chain": "0" * 64, "round": 7, "not_before": "2027-01-05T09:30:00+08:00"},
                value="ab" * 32,
            ),
            "randomness",
        ),
        (
            lambda plan: vars(plan).update(
                public={"kind": "lottery", "source": "ssq", "issue": "7", "not_before": "2027-01-05T09:30:00+08:00"},
                value="01 02",
            ),
            "randomness",
        ),
        (lambda plan: vars(plan).update(edit_reveal=lambda value: {**value, "seal": None}), "reveal"),
    ],
    ids=["drand", "lottery", "closed seal"],
)
def test_what_cannot_be_checked_here_exits_3(change, step, tmp_path):
    plan = spec()
    change(plan)
    make(tmp_path / "b", plan)
    found = verdicts(tmp_path / "b")
    assert not found["failed"] and step in found["not checked"]
    done = subprocess.run([sys.executable, "-I", "-S", checker.__file__, str(tmp_path / "b")], capture_output=True)
    assert done.returncode == 3


def test_witness_whose_key_is_not_at_hand_is_not_checked(tmp_path):
    made = make(tmp_path / "b", spec())
    path = made.root / "log/checkpoints/4"
    path.write_text(path.read_text() + "— notary.example AAAA\n")
    assert verdicts(made.root)["not checked"] == {"checkpoints"} and "notary.example" in detail(
        made.root, "checkpoints"
    )


def test_dice_alone_suffice_when_they_carry_128_bits(tmp_path):
    plan = spec()
    plan.parties, plan.value = (), "3141592653" * 4
    plan.public = {**(plan.public or {}), "digits": 40}
    make(tmp_path / "b", plan)
    assert not verdicts(tmp_path / "b")["failed"] | verdicts(tmp_path / "b")["not checked"]


def test_parties_alone_suffice(tmp_path):
    plan = spec()
    plan.public, plan.value, plan.seal = None, None, None
    make(tmp_path / "b", plan)
    assert not verdicts(tmp_path / "b")["failed"] | verdicts(tmp_path / "b")["not checked"]


def replacing(made: Made, rank: int = 0) -> list[dict[str, Any]]:
    visit, firm = made.visits[0][:2]
    pool = next(pool for name, pool, _ in made.spec.firms if name == firm)
    ranked = made.reserve[pool][rank]
    return [{"type": "replace", "draw": f"{PLAN}/1-firms", "visit": visit, "firm": ranked, "reason": "moved away"}]


def substituting(made: Made, rank: int = 0) -> list[dict[str, Any]]:
    visit, agency = made.assignments[0][:2]
    team = [row[2] for row in made.assignments if row[:2] == (visit, agency)]
    others = [row[0] for row in made.spec.inspectors if row[1] == agency and row[0] not in team]
    others.sort(key=lambda name: made.ticket(f"substitute/{visit}/{agency}/0", name))
    return [
        {
            "type": "substitute",
            "draw": f"{PLAN}/2-inspectors",
            "visit": visit,
            "agency": agency,
            "inspector": others[rank],
            "reason": "ill",
        }
    ]


@pytest.mark.parametrize("event", [replacing, substituting])
def test_later_event_by_the_rule_is_counted_and_any_other_fails(event, tmp_path):
    for rank, wrong in ((0, False), (1, True)):
        plan = spec()
        plan.later = lambda made, rank=rank: event(made, rank)
        make(tmp_path / f"b{rank}", plan)
        assert ("later events" in verdicts(tmp_path / f"b{rank}")["failed"]) == wrong
    assert "1 replace" in detail(tmp_path / "b0", "later") or "1 substitute" in detail(tmp_path / "b0", "later")


def test_later_event_without_reason_fails(tmp_path):
    plan = spec()
    plan.later = lambda made: [{**replacing(made)[0], "reason": ""}]
    make(tmp_path / "b", plan)
    assert "later events" in verdicts(tmp_path / "b")["failed"]
