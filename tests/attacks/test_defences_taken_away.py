"""The other half of the proof: with its defence taken away, each of these attacks passes unseen at its step.

So the tests of the attacks fail when a defence is lost, and do not pass for another reason.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attack_scene import FIRMS, INSPECTORS, Checkers, edit_lines, forged, honest, log_again, rewrite
from bundle_maker import Spec
from log_bureau import Bureau, Witness
from midyear_office import MidYear
from sqlalchemy.exc import IntegrityError
from test_policy_tricks import split, starved
from test_tables import CSVS, JSONS, written_otherwise
from test_the_log import rewritten
from test_the_office import committed, secret_of
from test_verify_log import TRIED, replacing
from test_verify_rules import left_out, recused_yet_drawn, swapped_inspector, swapped_visit

from inspection import verify as checker
from inspection.steps import public_log, reveal_steps
from inspection.store import changes


def without(monkeypatch: pytest.MonkeyPatch, *reasons: str) -> None:
    """verify.py overlooks faults of these reasons."""
    real = checker.need

    def need(holds: object, reason: str, *values: object) -> None:
        if not any(each in reason for each in reasons):
            real(holds, reason, *values)

    monkeypatch.setattr(checker, "need", need)


def remade(change: Callable[[Spec], None]) -> Callable[[Path], Path]:
    return lambda folder: forged(folder, change)


def edited(file: str, edit: Callable[[list[str]], list[str]]) -> Callable[[Path], Path]:
    def attack(folder: Path) -> Path:
        root = honest(folder).root
        edit_lines(root / file, edit)
        return root

    return attack


def opened(party: str) -> Callable[[Path], Path]:
    def attack(folder: Path) -> Path:
        root = honest(folder).root
        rewrite(root / FIRMS / "reveal.json", lambda value: value | {"parties": value["parties"] | {party: "x"}})
        return root

    return attack


def relogged(edit: Callable[[list[Any]], list[Any]]) -> Callable[[Path], Path]:
    def attack(folder: Path) -> Path:
        made = honest(folder)
        log_again(made, edit)
        return made.root

    return attack


def otherwise(draw: str, file: str, edit: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def attack(folder: Path) -> Path:
        made = honest(folder)
        written_otherwise(made, draw, file, edit)
        return made.root

    return attack


def left_out_of_bundle(folder: Path) -> Path:
    root = honest(folder).root
    shutil.rmtree(root / INSPECTORS)
    rewrite(root / "bundle.json", lambda value: value | {"draws": ["1-firms"]})
    return root


def linked(folder: Path) -> Path:
    root = honest(folder).root
    (root / FIRMS / "pools.csv").rename(folder / "elsewhere")
    (root / FIRMS / "pools.csv").symlink_to(folder / "elsewhere")
    return root


LATE = "2027-01-05T09:31:00+08:00"
NEEDLES: dict[str, tuple[str, tuple[str, ...], Callable[[Path], Path]]] = {
    "register edited": (
        "inputs",
        ("not the file committed to",),
        edited(f"{FIRMS}/firms.csv", lambda rows: [*rows[:1], *rows[2:]]),
    ),
    "result edited": (
        "result",
        ("not the result in the log",),
        edited(f"{INSPECTORS}/assignments.csv", lambda rows: [*rows[:-1], rows[-1][:-2] + "00"]),
    ),
    "another secret": ("reveal", ("not the one committed to",), opened("notary")),
    "drawn firm exchanged": ("replay", ("rows drawn",), remade(swapped_visit)),
    "inspector exchanged": ("replay", ("rows drawn",), remade(swapped_inspector)),
    "eligible inspector left out": ("eligibility", ("eligible",), remade(left_out)),
    "recused inspector kept": ("eligibility", ("eligible",), remade(recused_yet_drawn)),
    "pool starved": ("chances", ("firms, not",), remade(starved)),
    "pool left nothing": ("chances", ("and exemption",), remade(lambda plan: split(plan, 0))),
    "commitment after the dice": (
        "in log",
        ("public value",),
        relogged(lambda told: [{**told[0], "time": LATE}, *told[1:]]),
    ),
    "no checkpoint between": (
        "in log",
        ("no checkpoint before",),
        remade(lambda plan: setattr(plan, "checkpoints", lambda count: [2, 3, 4])),
    ),
    "a try hidden": (
        "log draws",
        ("neither here nor",),
        remade(lambda plan: setattr(plan, "edit_entries", lambda told: [TRIED, *told])),
    ),
    "a draw left out": ("log draws", ("neither here nor",), left_out_of_bundle),
    "reserve skipped": (
        "later events",
        ("must be by",),
        remade(lambda plan: setattr(plan, "later", lambda made: replacing(made, 1))),
    ),
    "rehearsal": (
        "checkpoints",
        ("logs a rehearsal",),
        remade(lambda plan: setattr(plan, "origin", plan.origin + "/rehearsal")),
    ),
    "a key twice": (
        "tables",
        ("no canonical JSON",),
        otherwise("1-firms", "rules.json", JSONS["a key twice"]),
    ),
    "a line end that only some see": (
        "tables",
        ("has not its form",),
        otherwise("2-inspectors", "inspectors.csv", CSVS["a line end that only some see"]),
    ),
    "a link": ("inputs", ("a link, no file",), linked),
}


@pytest.mark.parametrize("needle", NEEDLES)
def test_attack_is_seen_by_the_named_defence_alone(
    needle: str, checkers: Checkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the attack of the same words; caught with the defence, unseen at that step without it."""
    step, reasons, attack = NEEDLES[needle]
    bundle = attack(tmp_path)
    assert step in checkers.failed(bundle)
    without(monkeypatch, *reasons)
    assert step not in checkers.failed(bundle)


def test_rewritten_history_is_seen_by_nothing_but_a_memory_outside(
    bureau: Bureau, witness: Witness, tmp_path: Path
) -> None:
    """Keeper with the key, and a witness who lost its memory: nobody sees the rewritten history any more."""
    witness.watch(bureau.publish(tmp_path / "public"))
    forged_log = rewritten(bureau, '"aaaa', '"baaa')
    public_log.publish(forged_log, tmp_path / "other")
    witness.watch(tmp_path / "other", 1)
    witness.state.unlink()
    witness.watch(tmp_path / "other")
    forged_log.store.close()


def test_dice_after_the_secrets_are_stopped_by_that_check_alone(
    office: Callable[[Path], MidYear], undrawn_year: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the order of dice and secrets, whoever types the dice has heard them all."""
    line = committed(office(undrawn_year))
    monkeypatch.setattr(reveal_steps, "_require_thrown", reveal_steps.require_awaited)
    for party in line.given.policy.ceremony.parties:
        reveal_steps.reveal_secret(line, party, secret_of(party))
    assert reveal_steps.require_awaited(line).public is None


def test_one_person_twice_is_stopped_by_program_and_database_both(
    office: Callable[[Path], MidYear], drawn_year: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program's comparison taken away, the database still refuses the very same name."""
    from inspection.changes import change_steps

    line = office(drawn_year).line()
    asked = change_steps.request(line, change_steps.close_wish(line, "V0001", "moved"), "张三")
    monkeypatch.setattr(changes, "is_same_person", lambda one, other: False)
    with pytest.raises(IntegrityError):
        change_steps.approve(line, asked.number, "张三")
