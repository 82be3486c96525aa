"""Officials inside the office, against a whole workspace: the service refuses, or what they did shows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attack_scene import Checkers
from midyear_office import MidYear, ceremony, with_reserve
from test_the_log import by_hand

from inspection import service
from inspection.beacon.ceremony import AttendedCeremony
from inspection.changes import change_steps
from inspection.draw.reveal import party_commitment
from inspection.errors import BeaconError, DrawError, InputError, StoreError
from inspection.steps.line import Line
from inspection.steps.reveal_steps import keep_public, open_escrow, reveal_secret
from inspection.store.draws import draws

Office = Callable[[Path], MidYear]
DICE = "0123456789" * 4


def committed(made: MidYear) -> Line:
    """The firm draw is committed, and waits for dice and secrets."""
    line = made.start()
    parties = line.given.policy.ceremony.parties
    for kind, folder in (("firms", "1-firms"), ("inspectors", "2-inspectors")):
        name = f"{line.name}/{folder}"
        given = {party: party_commitment("sha256", name, party, secret_of(party)) for party in parties}
        service.hand_in(line, "firms" if kind == "firms" else "inspectors", given)
    with pytest.raises(BeaconError):
        service.plan_year(line, AttendedCeremony())
    return line


def secret_of(party: str) -> str:
    return f"a secret of {party}"


def kept(made: MidYear, folder: str, file: str) -> Path:
    """A frozen file of a draw on the server's disk."""
    line = made.line()
    with line.workspace.store.reading() as connection:
        record = next(draw for draw in draws(connection, line.name) if draw.folder == folder)
    return line.kept(record.files[file])


def refused(error: type[Exception], act: Callable[[], Any]) -> str:
    with pytest.raises(error) as refusal:
        act()
    return str(getattr(refusal.value, "code", ""))


def test_secret_heard_before_the_dice_fall_is_refused(office: Office, undrawn_year: Path) -> None:
    """Who types the dice; first hears all secrets, then chooses dice that suit. Caught: beacon.reveal.dice_first."""
    line = committed(office(undrawn_year))
    party = line.given.policy.ceremony.parties[0]
    assert refused(BeaconError, lambda: reveal_secret(line, party, secret_of(party))) == "beacon.reveal.dice_first"


def test_dice_typed_again_after_a_secret_are_refused(office: Office, undrawn_year: Path) -> None:
    """Who types the dice; exchanges them once secrets are known. Caught by the store: one value is kept for ever."""
    line = committed(office(undrawn_year))
    keep_public(line, DICE)
    party = line.given.policy.ceremony.parties[0]
    reveal_secret(line, party, secret_of(party))
    assert refused(StoreError, lambda: keep_public(line, DICE[::-1])).startswith("store.")


def test_secret_other_than_committed_is_refused(office: Office, undrawn_year: Path) -> None:
    """Party; steers as the last to reveal. Caught: beacon.secret.other."""
    line = committed(office(undrawn_year))
    keep_public(line, DICE)
    party = line.given.policy.ceremony.parties[-1]
    assert refused(BeaconError, lambda: reveal_secret(line, party, "another secret of mine")) == "beacon.secret.other"


def test_envelope_opened_where_the_rules_say_void_is_refused(office: Office, undrawn_year: Path) -> None:
    """Bureau; opens an absent party's envelope where a void draw was promised. Caught: beacon.escrow.rule."""
    line = committed(office(undrawn_year))
    keep_public(line, DICE)
    party = line.given.policy.ceremony.parties[0]
    opening = {"opened_by": "张三", "reason": "absent"}
    code = refused(BeaconError, lambda: open_escrow(line, party, secret_of(party), **opening))
    assert code == "beacon.escrow.rule"


def test_commitments_exchanged_after_they_were_handed_in_are_refused(office: Office, undrawn_year: Path) -> None:
    """Bureau; exchanges a party's commitment for one whose secret it knows. Caught: beacon.parties.kept."""
    line = office(undrawn_year).start()
    parties = line.given.policy.ceremony.parties
    service.hand_in(line, "firms", dict.fromkeys(parties, "a" * 64))
    again = dict.fromkeys(parties, "a" * 64) | {parties[0]: "b" * 64}
    assert refused(BeaconError, lambda: service.hand_in(line, "firms", again)) == "beacon.parties.kept"


def test_party_left_out_of_the_ceremony_is_missed(office: Office, undrawn_year: Path) -> None:
    """Bureau; draws without the notary. Caught: beacon.parties.missing."""
    line = office(undrawn_year).start()
    bureau = {line.given.policy.ceremony.parties[0]: "a" * 64}
    assert refused(BeaconError, lambda: service.hand_in(line, "firms", bureau)) == "beacon.parties.missing"


def test_register_exchanged_between_commitment_and_draw_is_refused(office: Office, undrawn_year: Path) -> None:
    """Administrator of the server; edits the frozen register. Caught before anything is drawn: store.frozen.*."""
    made = office(undrawn_year)
    line = committed(made)
    firms = kept(made, "1-firms", "firms.csv")
    firms.chmod(0o644)
    firms.write_bytes(firms.read_bytes()[:-33] + b"0" * 32 + b"\n")
    keep_public(line, DICE)
    for party in line.given.policy.ceremony.parties:
        reveal_secret(line, party, secret_of(party))
    code = refused(Exception, lambda: service.plan_year(made.line(), AttendedCeremony()))
    assert code.startswith(("store.frozen", "draw.inputs")), code


def test_policy_changed_after_the_commitment_is_refused(office: Office, undrawn_year: Path) -> None:
    """Planner; lowers a quota once the commitment is out. Caught: store.plan.logged."""
    made = office(undrawn_year)
    committed(made)
    policy = made.office.policy_file
    policy.write_text(policy.read_text("utf-8").replace("weight = 10", "weight = 9"), "utf-8")
    workspace = made.office.workspace
    renew = lambda: service.renew_plan(workspace, made.office.policy(), made.office.snapshot(), made.clock())  # noqa: E731
    assert refused(StoreError, renew) == "store.plan.logged"


def test_draw_given_up_once_it_is_revealed_is_refused(
    office: Office, undrawn_year: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planner; knows the seed, dislikes the list, pleads a procedural error. Caught: change.void.revealed."""
    made = office(undrawn_year)
    line = made.start()
    with monkeypatch.context() as patched:
        patched.setattr("inspection.steps.firm_steps.draw_firms", None)
        with pytest.raises(TypeError):
            service.plan_year(line, ceremony(line))
    assert refused(DrawError, lambda: change_steps.void_wish(line, "1-firms", "procedure")) == "change.void.revealed"


def test_draw_given_up_once_it_has_a_result_is_refused(office: Office, drawn_year: Path) -> None:
    """Planner; redraws until it suits. Caught: store.draw.finished."""
    line = office(drawn_year).line()
    assert refused(StoreError, lambda: change_steps.void_wish(line, "1-firms", "technical")) == "store.draw.finished"


def test_plan_run_again_gives_the_same_draw(office: Office, drawn_year: Path) -> None:
    """Planner; runs the line again with other secrets. Nothing is drawn: the kept steps are returned."""
    made = office(drawn_year)
    before = made.line().workspace.log.lines(), kept(made, "1-firms", "visits.csv").read_bytes()
    service.plan_year(made.line(), ceremony(made.line(), seed="other secrets"))
    assert (made.line().workspace.log.lines(), kept(made, "1-firms", "visits.csv").read_bytes()) == before


@pytest.mark.parametrize("second", ["张三", " 张三 ", "张 三", "张\u3000三"])
def test_change_approved_by_who_asked_for_it_is_refused(second: str, office: Office, drawn_year: Path) -> None:
    """One official alone; approves under a name that only looks like another. Caught: store.change.same_person."""
    line = office(drawn_year).line()
    asked = change_steps.request(line, change_steps.close_wish(line, "V0001", "moved"), "张三")
    code = refused(StoreError, lambda: change_steps.approve(line, asked.number, second))
    assert code == "store.change.same_person"


def test_change_without_a_reason_of_the_list_is_refused(office: Office, drawn_year: Path) -> None:
    """Official; a visit vanishes for a reason of his own. Caught: reasons.* of the service."""
    line = office(drawn_year).line()
    assert refused(InputError, lambda: change_steps.close_wish(line, "V0001", "because"))


def test_successor_is_nobodys_choice(office: Office, drawn_year: Path) -> None:
    """Two officials; wish for a certain firm in a visit. The service has no such wish: ticket order decides, and the
    bundle of it verifies, with the replacement counted.
    """
    made = office(drawn_year)
    line = made.line()
    wish = change_steps.replace_wish(line, with_reserve(made)[0], "unreachable")
    change_steps.approve(line, change_steps.request(line, wish, "张三").number, "李四")
    told = json.loads(made.line().workspace.log.lines()[-1])
    assert (told["actor"], told["approved_by"], told["reason"]) == ("张三", "李四", "unreachable")
    assert "1 replace" in Checkers(None).passes(made.bundle())["later events"][1]


def test_assignment_edited_in_the_database_does_not_reach_the_bundle(office: Office, drawn_year: Path) -> None:
    """Administrator of the database; exchanges an inspector in the living tables. The bundle is made from frozen files,
    so it still shows who was drawn; the paper that differs from it convicts.
    """
    made = office(drawn_year)
    drawn = kept(made, "2-inspectors", "assignments.csv").read_bytes()
    _, agency, inspector, *_ = drawn.decode().splitlines()[1].split(",")
    folder = made.office.workspace.folder
    made.office.workspace.store.close()
    database = sqlite3.connect(folder / "inspection.db")
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {name: [row[1] for row in database.execute(f'PRAGMA table_info("{name}")')] for name in tables}
    table = next(name for name in tables if {"draw", "visit", "agency", "inspector"} <= {*columns[name]})
    database.close()
    by_hand(folder, f"UPDATE {table} SET inspector = inspector || 'x' WHERE inspector = '{inspector}'")
    bundle = made.bundle()
    assert (bundle / "draws/2-inspectors/assignments.csv").read_bytes() == drawn and agency
    Checkers(None).passes(bundle)


def test_frozen_result_edited_on_disk_makes_no_bundle(office: Office, drawn_year: Path) -> None:
    """Administrator of the server; edits the kept list of visits. Caught when it is read: store.frozen.*."""
    made = office(drawn_year)
    path = kept(made, "1-firms", "visits.csv")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"V0001", b"V0000", 1))
    assert refused(StoreError, made.bundle).startswith("store.frozen")
