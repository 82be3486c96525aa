"""An insider who makes bundles at will: draws made twice, before the commitment, or from other inputs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from attack_scene import (
    FIRMS,
    INSPECTORS,
    Checkers,
    commit_again,
    edit_lines,
    forged,
    honest,
    log_again,
    refit,
    rewrite,
)
from bundle_maker import PLAN, Spec, make, sha, spec
from test_verify_log import TRIED, VOID, replacing, substituting
from test_verify_rules import expired, left_out, month_not_allowed, recused_yet_drawn, swapped_inspector, swapped_visit


def test_redraw_after_the_result_shows_as_a_second_result(checkers: Checkers, tmp_path: Path) -> None:
    """Planner with the key; draws again under the same name until it suits. Caught by verify: in log."""
    made = honest(tmp_path)
    again = {"type": "result", "digest": "0" * 64, "time": "2027-01-05T09:36:00+08:00"}
    log_again(made, lambda told: [told[0], told[1], {**told[1], **again}, *told[2:]])
    checkers.caught(made.root, "in log", "it must be a commit, then a result or void")


def test_redraw_of_which_only_the_last_is_handed_over_shows_in_the_log(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; tries under other names, hands over the one that suits. Caught by verify: log draws."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "edit_entries", lambda told: [TRIED, *told]))
    checkers.caught(bundle, "log draws", "neither here nor given up")


def test_try_given_up_without_a_reason_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; voids tries and keeps silent why. Caught by verify: log draws."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "edit_entries", lambda told: [TRIED, VOID, *told]))
    checkers.caught(bundle, "log draws", "neither here nor given up")


def test_draw_before_the_commitment_is_out_of_order(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; logs the result first and commits to what gave it. Caught by verify: in log."""
    made = honest(tmp_path)
    times = [f"2027-01-05T09:0{n}:00+08:00" for n in range(2)]
    log_again(made, lambda told: [{**told[1], "time": times[0]}, {**told[0], "time": times[1]}, *told[2:]])
    checkers.caught(made.root, "in log", "it must be a commit, then a result or void")


def test_commitment_shown_to_nobody_before_the_result_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; keeps the commit unpublished, to exchange it after the dice. Caught by verify: in log."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "checkpoints", lambda count: [2, 3, 4]))
    checkers.caught(bundle, "in log", "no checkpoint before the result")


def test_commitment_after_the_dice_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; commits when the public value can be known. Caught by verify: in log."""
    made = honest(tmp_path)
    log_again(made, lambda told: [{**told[0], "time": "2027-01-05T09:31:00+08:00"}, *told[1:]])
    checkers.caught(made.root, "in log", "public value")


def test_result_logged_before_the_dice_could_fall_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; makes up the value before its announced time. Caught by verify: in log."""
    made = honest(tmp_path)
    log_again(made, lambda told: [told[0], {**told[1], "time": "2027-01-05T09:29:59+08:00"}, *told[2:]])
    checkers.caught(made.root, "in log", "public value")


def test_name_of_a_draw_used_twice_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; commits twice under one name and opens the better. Caught by verify: in log."""
    made = honest(tmp_path)
    log_again(made, lambda told: [told[0], {**told[0], "digest": "1" * 64}, *told[1:]])
    checkers.caught(made.root, "in log", "it must be a commit, then a result or void")


def test_party_that_opens_another_secret_is_named(checkers: Checkers, tmp_path: Path) -> None:
    """Last party to reveal; opens a secret that gives a better seed. Caught by verify: reveal."""
    made = honest(tmp_path)
    rewrite(made.root / FIRMS / "reveal.json", lambda value: value | {"parties": value["parties"] | {"notary": "x"}})
    checkers.caught(made.root, "reveal", "secret of notary is not the one committed to")


def test_reveal_withheld_leaves_no_draw(checkers: Checkers, tmp_path: Path) -> None:
    """Party; does not reveal, and the bureau draws without it. Caught by verify: reveal."""
    made = honest(tmp_path)
    rewrite(
        made.root / FIRMS / "reveal.json", lambda value: value | {"parties": {"bureau": value["parties"]["bureau"]}}
    )
    checkers.caught(made.root, "reveal", "not what was announced")


def test_reveal_of_an_older_draw_is_not_taken_again(checkers: Checkers, tmp_path: Path) -> None:
    """Bureau; replays the secrets everybody heard at the first draw. Caught by verify: reveal."""
    made = honest(tmp_path)
    shutil.copy(made.root / FIRMS / "reveal.json", made.root / INSPECTORS / "reveal.json")
    checkers.caught(made.root, "reveal", "not the one committed to")


def test_commitment_of_a_party_is_not_good_for_a_second_draw(checkers: Checkers, tmp_path: Path) -> None:
    """Bureau; reuses the parties' commitments, whose secrets it knows since. Caught by verify: reveal."""
    plan, kept = spec(), dict[str, Any]()

    def reuse(value: dict[str, Any]) -> dict[str, Any]:
        kept.setdefault("parties", value["parties"])
        return {**value, "parties": kept["parties"]}

    def replay(value: dict[str, Any]) -> dict[str, Any]:
        kept.setdefault("secrets", value["parties"])
        return {**value, "parties": kept["secrets"]}

    plan.edit_commitment, plan.edit_reveal = reuse, replay
    checkers.caught(forged(tmp_path, plan=plan), "reveal", "not the one committed to")


def test_seal_exchanged_after_the_dice_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Bureau; opens another seal of its own, the last free choice it has. Caught by verify: reveal."""
    made = honest(tmp_path)
    rewrite(made.root / FIRMS / "reveal.json", lambda value: value | {"seal": "another sealed secret"})
    checkers.caught(made.root, "reveal", "not the one committed to")


def test_dice_written_down_otherwise_give_another_list(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk; one die is written down otherwise afterwards. Caught by verify: replay."""
    made = honest(tmp_path)
    rewrite(made.root / FIRMS / "reveal.json", lambda value: value | {"public": "41415926535897932384"})
    checkers.caught(made.root, "replay", "published")


def test_too_few_dice_do_not_count(checkers: Checkers, tmp_path: Path) -> None:
    """Bureau without parties; few dice, so that thousands of commitments can be tried. Caught by verify: randomness."""

    def alone(plan: Spec) -> None:
        plan.parties, plan.value = (), "3141592653"
        plan.public = {**(plan.public or {}), "digits": 10}

    checkers.caught(forged(tmp_path, alone), "randomness", "fewer than 39 dice")


def test_register_edited_after_the_commitment_is_another_file(checkers: Checkers, tmp_path: Path) -> None:
    """Registrar with the server; moves a firm into a luckier pool. Caught by verify: inputs."""
    made = honest(tmp_path)
    edit_lines(
        made.root / FIRMS / "firms.csv", lambda rows: [rows[0], rows[1].replace(",A-east,", ",A-west,"), *rows[2:]]
    )
    checkers.caught(made.root, "inputs", "firms.csv is not the file committed to")


def test_firm_dropped_after_the_commitment_is_another_file(checkers: Checkers, tmp_path: Path) -> None:
    """Registrar; strikes a friend from the frozen register. Caught by verify: inputs."""
    made = honest(tmp_path)
    edit_lines(made.root / FIRMS / "firms.csv", lambda rows: [rows[0], *rows[2:]])
    checkers.caught(made.root, "inputs", "firms.csv is not the file committed to")


def test_register_edited_and_committed_to_anew_needs_another_draw(checkers: Checkers, tmp_path: Path) -> None:
    """The same with the key: commitment and log are made to fit. The seed changed; caught by verify: replay."""
    made = honest(tmp_path)
    firms = made.root / FIRMS / "firms.csv"
    edit_lines(firms, lambda rows: [rows[0], *rows[2:]])
    refit(made, "1-firms", "firms.csv")
    assert not {"inputs", "in log", "checkpoints"} & checkers.failed(made.root)
    checkers.caught(made.root, "replay", "published")


def test_months_moved_after_the_commitment_are_another_file(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk; moves visits out of a month. Caught by verify: inputs."""
    made = honest(tmp_path)
    edit_lines(made.root / FIRMS / "months.csv", lambda rows: [rows[0], rows[1][:-1] + "1", *rows[2:]])
    checkers.caught(made.root, "inputs", "months.csv is not the file committed to")


def test_month_outside_the_task_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner before the commitment; visits fall where the task has no month. Caught by verify: flow."""
    checkers.caught(forged(tmp_path, month_not_allowed), "flow", "may not be in")


def test_drawn_firm_exchanged_is_named(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk with the key; exchanges one drawn firm and signs its table. Caught by verify: replay."""
    checkers.caught(forged(tmp_path, swapped_visit), "replay", "published")


def test_inspector_exchanged_is_named(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk with the key; sends a friend of the firm, signs the table. Caught by verify: replay."""
    checkers.caught(forged(tmp_path, swapped_inspector), "replay", "published")


def test_inspector_who_had_no_chance_is_named(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk with the key; sits somebody down who is in no register. Caught by verify: officers."""

    def stranger(plan: Spec) -> None:
        plan.edit_assignments = lambda rows: sorted([(*rows[0][:2], "market-ghost", rows[0][3]), *rows[1:]])

    checkers.caught(forged(tmp_path, stranger), "officers", "market-ghost is not eligible")


def test_eligible_inspector_left_out_is_named(checkers: Checkers, tmp_path: Path) -> None:
    """Planner before the commitment; an awkward inspector gets no chance. Caught by verify: eligibility."""
    checkers.caught(forged(tmp_path, left_out), "eligibility", "eligible and left out")


def test_recused_inspector_who_may_go_is_named(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; a kinsman keeps his chance in spite of the recusal. Caught by verify: eligibility."""
    checkers.caught(forged(tmp_path, recused_yet_drawn), "eligibility", "is not eligible")


def test_expired_certificate_is_named(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; somebody whose certificate ends in the month has a chance. Caught by verify: eligibility."""
    checkers.caught(forged(tmp_path, expired), "eligibility", "is not eligible")


def test_recusal_forged_after_the_commitment_is_another_file(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk; enters a recusal to explain who did not go. Caught by verify: inputs."""
    made = honest(tmp_path)
    firm = made.visits[0][1]
    edit_lines(made.root / INSPECTORS / "recusals.csv", lambda rows: [*rows, f"market-00,{firm},kinship"])
    checkers.caught(made.root, "inputs", "recusals.csv is not the file committed to")


def test_inspectors_drawn_for_another_list_are_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; the second draw builds on a list that never was a result. Caught by verify: result."""
    plan = spec()
    plan.edit_commitment = lambda value: value if value["kind"] == "firms" else {**value, "previous": "ab" * 32}
    checkers.caught(forged(tmp_path, plan=plan), "result", "builds on no result")


def test_draws_that_build_on_each_other_are_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; the first draw names the later one as what it builds on, a circle. Caught by verify: result."""
    made = honest(tmp_path)
    last = [one["digest"] for one in map(json.loads, (made.root / "log/entries.jsonl").read_text().splitlines())][-1]
    rewrite(made.root / FIRMS / "commitment.json", lambda value: value | {"previous": last})
    commit_again(made, "1-firms")
    checkers.caught(made.root, "result", "builds on no result")


def test_draw_left_out_of_the_bundle_is_missed(checkers: Checkers, tmp_path: Path) -> None:
    """Whoever hands over the bundle; leaves the second draw out. Caught by verify: log draws."""
    made = honest(tmp_path)
    shutil.rmtree(made.root / INSPECTORS)
    rewrite(made.root / "bundle.json", lambda value: value | {"draws": ["1-firms"]})
    checkers.caught(made.root, "log draws", "neither here nor given up")


def test_second_plan_in_the_same_log_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; draws two plans of the year and shows the better. Caught by verify: log draws."""
    other = {**TRIED, "plan": f"{PLAN}b"}
    bundle = forged(tmp_path, lambda plan: setattr(plan, "edit_entries", lambda told: [other, *told]))
    checkers.caught(bundle, "log draws", "is of plan")


def test_rehearsal_is_not_taken_for_a_plan(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; rehearses until it suits and hands that over. Caught by verify: checkpoints."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "origin", plan.origin + "/rehearsal"))
    checkers.caught(bundle, "checkpoints", "rehearsal")


@pytest.mark.parametrize("event", [replacing, substituting], ids=["reserve skipped", "substitute picked"])
def test_successor_picked_by_hand_is_refused(event: Any, checkers: Checkers, tmp_path: Path) -> None:
    """Two officials with the key; call the second in ticket order, who suits. Caught by verify: later events."""
    bundle = forged(tmp_path, lambda plan: setattr(plan, "later", lambda made: event(made, 1)))
    checkers.caught(bundle, "later events", "must be by")


def test_successor_called_before_there_is_a_result_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk; exchanges a firm between commitment and result. Caught by verify: later events."""
    made = honest(tmp_path)
    early = {
        **replacing(made)[0],
        "plan": PLAN,
        "actor": "clerk",
        "digest": sha("x"),
        "time": "2027-01-05T09:10:00+08:00",
    }
    log_again(made, lambda told: [told[0], early, *told[1:]])
    checkers.caught(made.root, "later events")


def test_void_after_the_result_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner; sees the list, gives it up, draws again. Caught by verify: in log."""
    made = honest(tmp_path)
    void = {**VOID, "draw": f"{PLAN}/1-firms", "reason": "technical", "time": "2027-01-06T09:00:00+08:00"}
    log_again(made, lambda told: [*told, void])
    checkers.caught(made.root, "in log", "it must be a commit, then a result or void")


def test_bundle_of_two_half_bundles_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Planner with two complete drawings; firms of one, inspectors of the other. Caught by verify: result."""
    made = honest(tmp_path)
    plan = spec()
    plan.value = "98765432109876543210"
    other = make(tmp_path / "other", plan)
    for file in (made.root / INSPECTORS).iterdir():
        shutil.copy(other.root / INSPECTORS / file.name, file)
    theirs = [json.loads(line) for line in (other.root / "log/entries.jsonl").read_text().splitlines()]
    log_again(made, lambda told: [*told[:2], *theirs[2:]])
    checkers.caught(made.root, "result", "builds on no result")
