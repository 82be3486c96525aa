from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from bundle_maker import PLAN, make, spec

from inspection.errors import InputError
from inspection.history.examine import Asked, examine
from inspection.history.read import find_bundles, read_bundles
from inspection.history.replays import replayed

VECTORS = Path(__file__).parents[1] / "vectors"


def test_the_golden_bundle_is_read_whole():
    history = read_bundles([VECTORS / "county-small"])
    (draw,), (seats,) = history.draws, history.seats
    assert (draw.year, seats.year, history.commits) == (2027, 2027, 2)
    assert len(draw.firms) == 240 and len(draw.drawn) == 18
    assert draw.expected.sum() == pytest.approx(18) and (draw.counts >= np.floor(draw.expected)).all()
    assert int(seats.taken.sum()) == 54 and seats.chance[seats.taken].min() > 0
    by_need = np.bincount(seats.way_need, weights=seats.chance)
    assert by_need == pytest.approx(seats.officers)
    assert not history.notes and not history.happenings


def test_replays_of_a_read_bundle_keep_every_need_and_every_load():
    (seats,) = read_bundles([VECTORS / "county-small"]).seats
    loads = np.bincount(seats.way_inspector, weights=seats.chance, minlength=len(seats.inspectors))
    for taken in replayed(seats, np.random.default_rng(1), 20):
        assert (np.bincount(seats.way_need[taken]) == seats.officers).all()
        counts = np.bincount(seats.way_inspector[taken], minlength=len(seats.inspectors))
        assert (np.abs(counts - loads) < 1).all()


def test_a_folder_of_years_is_one_history(tmp_path):
    shutil.copytree(VECTORS / "county-small", tmp_path / "2027" / "bundle")
    made = make(tmp_path / "2028", spec())
    for path in [made.root / "bundle.json", *made.root.glob("log/entries.jsonl")]:
        path.write_text(path.read_text().replace(PLAN, "370828-2028"))
    months = made.root / "draws" / "1-firms" / "visits.csv"
    months.write_text(months.read_text().replace("2027-", "2028-"))
    history = read_bundles(find_bundles(tmp_path))
    assert history.years == [2027, 2028] and history.commits == 4
    assert not examine(history, Asked(replays=8)).alarms


def test_one_draw_given_twice_is_refused(tmp_path):
    shutil.copytree(VECTORS / "county-small", tmp_path / "copy")
    with pytest.raises(InputError) as caught:
        read_bundles([VECTORS / "county-small", tmp_path / "copy"])
    assert caught.value.code == "audit.draw.twice" and "370828-2027/1-firms" in caught.value.text("en")


def test_a_folder_without_bundles_is_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        find_bundles(tmp_path)
    assert caught.value.code == "audit.folder.empty"


def test_a_public_bundle_is_told_from_no_bundle(tmp_path):
    (tmp_path / "public-bundle.json").write_text("{}")
    with pytest.raises(InputError) as caught:
        find_bundles(tmp_path)
    assert caught.value.code == "audit.folder.public"


def broken_flow(root: Path) -> None:
    (root / "draws" / "1-firms" / "flow.csv").write_text("tail,head,flow\npool:?,task:T1,x\n")


def broken_head(root: Path) -> None:
    (root / "bundle.json").write_bytes(b"\x00\xff")


def no_log(root: Path) -> None:
    (root / "log" / "entries.jsonl").unlink()


def stranger_sits(root: Path) -> None:
    path = root / "draws" / "2-inspectors" / "assignments.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace(lines[1].split(",")[2], "NOBODY")
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("harm", [broken_flow, broken_head, no_log, stranger_sits])
def test_broken_bundles_are_named_all_at_once(tmp_path, harm):
    for name in ("a", "b"):
        shutil.copytree(VECTORS / "county-small", tmp_path / name)
        harm(tmp_path / name)
    with pytest.raises(InputError) as caught:
        read_bundles([tmp_path / "a", tmp_path / "b"])
    assert caught.value.code == "audit.bundle.malformed"
    assert all(str(tmp_path / name) in caught.value.text("zh") for name in ("a", "b"))


def test_a_bundle_without_some_tables_is_read_as_far_as_it_goes(tmp_path):
    shutil.copytree(VECTORS / "county-small", tmp_path / "part")
    (tmp_path / "part" / "draws" / "1-firms" / "pools.csv").unlink()
    history = read_bundles([tmp_path / "part"])
    assert not history.draws and not history.seats and history.commits == 2
    assert [code for code, _ in history.notes] == ["audit.note.tables", "audit.note.tables"]


def test_changes_and_a_draw_given_up_are_read_from_the_log(tmp_path):
    plan = spec()

    def later(made):
        visit = made.visits[0][0]
        told = {
            "draw": f"{PLAN}/1-firms",
            "type": "replace",
            "reason": "moved",
            "visit": visit,
            "firm": "F",
            "replaces": "G",
        }
        swapped = {"draw": f"{PLAN}/2-inspectors", "type": "substitute", "reason": "sick", "visit": visit}
        swapped |= {"agency": "fire", "inspector": "fire-01", "replaces": "fire-02", "approved_by": "boss"}
        return [told, swapped]

    plan.later = later
    tried = {"plan": PLAN, "draw": f"{PLAN}/0-firms", "actor": "planner", "digest": "0" * 64}
    tries = [
        {**tried, "type": "commit", "time": "2027-01-05T08:40:00+08:00"},
        {**tried, "type": "void", "reason": "technical", "time": "2027-01-05T08:50:00+08:00"},
    ]
    plan.edit_entries = lambda entries: tries + entries
    made = make(tmp_path / "bundle", plan)
    history = read_bundles([made.root])
    void, replaced, substituted = history.happenings
    town = next(town for firm, _, town in plan.firms if firm == made.visits[0][1])
    assert (void.actor, void.reason, history.commits) == ("planner", "technical", 3)
    assert (replaced.town, replaced.firm, replaced.replaces) == (town, "F", "G")
    assert (substituted.approved_by, substituted.inspector) == ("boss", "fire-01")
    (redraw,) = history.redraws
    assert (redraw.given_up, redraw.then, redraw.is_unchanged) == (f"{PLAN}/0-firms", f"{PLAN}/1-firms", None)


@pytest.mark.parametrize(("changed", "expected"), [(False, True), (True, False)])
def test_a_draw_repeated_with_nothing_changed_is_told_from_one_corrected(tmp_path, changed, expected):
    made = make(tmp_path / "bundle", spec())
    folder = made.root / "draws" / "0-firms"
    folder.mkdir()
    commitment = json.loads((made.root / "draws" / "1-firms" / "commitment.json").read_text())
    if changed:
        commitment["inputs"]["firms.csv"] = "0" * 64
    text = json.dumps(commitment, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    (folder / "commitment.json").write_text(text)
    log = made.root / "log" / "entries.jsonl"
    first = json.loads(log.read_text().splitlines()[0])
    tries = [{**first, "draw": f"{PLAN}/0-firms"}, {**first, "draw": f"{PLAN}/0-firms", "type": "void", "reason": "x"}]
    lines = [json.dumps(entry, sort_keys=True, separators=(",", ":")) for entry in tries]
    log.write_text("\n".join([*lines, log.read_text()]))
    (redraw,) = read_bundles([made.root]).redraws
    assert redraw.is_unchanged is expected
