"""The public bundle: what it proves, what it does not tell, and that a seal keeps the list closed."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import itertools
import json
import lzma
import shutil
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from public_office import AFTERWARDS, APPROVER, MIDYEAR, PLANNER, Year, checked, plan, rewrite, verdicts

from inspection.draw.canonical import canonical_json
from inspection.draw.commitment import Commitment
from inspection.draw.merkle import leaf_hash
from inspection.draw.reveal import Reveal, seed
from inspection.errors import PublishError, StoreError
from inspection.publish.bundle import LogFiles
from inspection.publish.public_bundle import public_log

NAMES = {
    "public-bundle.json", "verify_public.py", "commitment.json", "reveal.json", "visits.part", "entries.part", "key",
}  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def every_form(text: str) -> list[bytes]:
    return [text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode().hex().encode()]


def is_told(text: str, data: bytes) -> bool:
    return any(form in data for form in every_form(text))


def test_in_midyear_nothing_fails_and_what_is_closed_is_named(sealed: Year):
    code, rows = checked(sealed.folder / "mid", checker=sealed.folder / "mid/verify_public.py")
    drawn = sealed.drawn
    assert code == 3 and not verdicts(rows, "failed")
    assert verdicts(rows, "not checked") == {"withheld", "in log 1-firms", f"reveal {drawn}", "reveal 4-inspectors"}
    opened = len(sealed.opened(MIDYEAR))
    assert 0 < opened < len(sealed.rows("visits.csv"))
    assert rows[f"visits {drawn}"]["detail"].startswith(f"{opened} of {len(sealed.rows('visits.csv'))} visits are open")


def test_after_the_year_the_seed_is_open_and_the_list_whole(sealed: Year):
    code, rows = checked(sealed.folder / "end")
    assert code == 3 and verdicts(rows, "not checked") == {"withheld", "in log 1-firms"}
    home = sealed.folder / "full/draws" / sealed.drawn
    commitment = Commitment.parse((home / "commitment.json").read_bytes())
    drawn_with = seed(commitment, Reveal.parse((home / "reveal.json").read_bytes()))
    assert drawn_with in rows[f"reveal {sealed.drawn}"]["detail"]
    shown = (sealed.folder / "end/draws" / sealed.drawn / "visits.part").read_bytes()
    assert shown == (home / "visits.csv").read_bytes()


def test_the_auditors_replay_everything_with_the_seal(sealed: Year):
    full = sealed.folder / "full"
    code, rows = checked(full, checker=full / "verify.py")
    assert code == 0 and {"replay " + sealed.drawn, "replay 4-inspectors"} <= verdicts(rows, "passed")


def test_an_auditors_bundle_without_its_seal_is_not_all_checked(sealed: Year, tmp_path: Path):
    full = shutil.copytree(sealed.folder / "full", tmp_path / "full")
    for draw in (sealed.drawn, "4-inspectors"):
        rewrite(full / "draws" / draw / "reveal.json", lambda value: value.update(seal=None))
    code, rows = checked(full, checker=full / "verify.py")
    assert code == 3 and not verdicts(rows, "failed")
    assert {f"reveal {sealed.drawn}", f"replay {sealed.drawn}"} <= verdicts(rows, "not checked")


def test_without_the_seal_no_outsider_computes_the_seed(sealed: Year):
    """Everything the bundle tells goes into the formula; all that is missing is the seal, of 256 bits."""
    for folder in (sealed.drawn, "4-inspectors"):
        full, home = sealed.folder / "full/draws" / folder, sealed.folder / "mid/draws" / folder
        commitment = Commitment.parse((home / "commitment.json").read_bytes())
        opened, told = (Reveal.parse((each / "reveal.json").read_bytes()) for each in (full, home))
        assert told.seal is None and (told.parties, told.public) == (opened.parties, opened.public)
        assert opened.seal is not None and len(opened.seal) == 64
        secret = seed(commitment, opened)
        for name, data in files(sealed.folder / "mid").items():
            assert not is_told(opened.seal, data) and not is_told(secret, data), name
        lines = ["open-draw/1/seed", commitment.hex, *(f"{p.name}:{told.parties[p.name]}" for p in commitment.parties)]
        for guess in ("", "null", str(commitment.seal), str(told.public)):
            text = "".join(f"{line}\n" for line in [*lines, f"public:{told.public}", f"seal:{guess}"])
            assert hashlib.sha256(text.encode()).hexdigest() != secret


def test_without_a_seal_the_secrets_wait_for_the_last_visit(planned: Any, tmp_path: Path):
    from inspection.steps.line import Silent
    from inspection.steps.public_proof import public_bundle

    line, _ = planned.office.start(Silent())
    mid = public_bundle(line, tmp_path / "mid", MIDYEAR)
    assert not list(mid.rglob("reveal.json"))
    code, rows = checked(mid)
    assert code == 3 and verdicts(rows, "not checked") == {"reveal 1-firms", "reveal 2-inspectors"}
    assert checked(public_bundle(line, tmp_path / "end", AFTERWARDS))[0] == 0


def test_no_tier_inspector_salt_or_closed_visit_is_told(sealed: Year):
    data = b"\n".join(files(sealed.folder / "mid").values())
    opened = sealed.opened(MIDYEAR)
    visits = sealed.rows("visits.csv")
    named = {row[1] for row in visits if row[0] in opened}
    firms = sealed.rows("firms.csv", sealed.drawn)
    assert all(is_told(firm, data) for firm in named)
    closed = {row[0] for row in firms} - named
    assert {row[1] for row in visits if row[0] not in opened} <= closed
    salts = {row[-1] for row in visits if row[0] not in opened} | {row[-1] for row in firms}
    salts |= {row[-1] for file in ("inspectors.csv", "assignments.csv") for row in sealed.rows(file)}
    staff = {text for each in sealed.line().given.inspectors for text in (each.inspector, each.name)}
    pools = {row[1] for row in firms}
    private = closed | salts | staff | pools | {PLANNER, APPROVER, "tier", "Tier", "等级", "信用", "分类"}
    assert not {text for text in private if is_told(text, data)}


def test_only_known_plain_files_are_in_it(sealed: Year):
    """Nothing is packed: every file is text of a known name, and no part of one unpacks."""
    for name, data in files(sealed.folder / "mid").items():
        assert Path(name).name in NAMES or Path(name).parent.name == "checkpoints", name
        text = data.decode()
        assert text.isprintable() or "\n" in text
        for unpack in (zlib.decompress, gzip.decompress, bz2.decompress, lzma.decompress):
            with pytest.raises((zlib.error, OSError, EOFError, lzma.LZMAError)):
                unpack(data)
        assert not [mark for mark in (b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ") if mark in data]


def test_names_of_pools_tell_nothing_of_their_tier(sealed: Year):
    tier_of = {row[0]: row[1] for row in sealed.rows("pools.csv", sealed.drawn)}
    assert {name.rpartition("-")[0] for name in tier_of} == {"370828"}
    in_order = [tier for _, tier in sorted(tier_of.items())]
    runs = sum(1 for _ in itertools.groupby(in_order))
    assert runs > len(in_order) / 4, "pools are numbered by tier"


def test_numbers_of_pools_change_with_the_key_alone(sealed: Year):
    from inspection.model import Pool
    from inspection.steps.firm_steps import _veiled

    pools = [Pool(pool=f"R-A-{n:04d}", tier="A", region="R", kind="branch", tasks=("T",), size=1) for n in range(1, 9)]
    one, same, other = ([each.pool for each in _veiled(pools, key)] for key in (b"k", b"k", b"other"))
    assert one == same != other and set(one) == set(other) == {f"R-{n:04d}" for n in range(1, 9)}


def test_the_table_of_chances_is_the_flow_and_the_register(sealed: Year):
    sizes = [row[1] for row in sealed.rows("firms.csv", sealed.drawn)]
    flow = [row for row in sealed.rows("flow.csv", sealed.drawn) if row[1].startswith("task:")]
    for pool, firms, visits, _salt in sealed.rows("chances.csv", sealed.drawn):
        assert int(firms) == sizes.count(pool)
        assert int(visits) == sum(int(row[2]) for row in flow if row[0] == f"pool:{pool}")


@pytest.mark.parametrize(
    ("more", "is_shown"),
    [
        ({"type": "disclose", "batch": 1, "records": 20}, True),
        ({"type": "disclose", "batch": 1, "firm": "91370828MA0000000X"}, False),
        ({"type": "disclose", "actor": "张三"}, False),
        ({"type": "result", "escrow": "notary"}, True),
        ({"type": "void", "reason": "party-absent"}, False),
        ({"type": "replace", "reason": "moved", "firm": "x", "visit": "V0001"}, False),
    ],
)
def test_an_entry_is_shown_only_when_it_names_nobody(more: dict[str, Any], is_shown: bool):
    entry = {"plan": "370828-2027", "draw": "370828-2027/1-firms", "digest": "0" * 64, "actor": "370828"}
    line = canonical_json({**entry, "time": "2027-01-05T09:00:00+08:00", **more}).decode()
    shown, withheld = public_log(LogFiles(lines=[line], key="", checkpoints={}), "370828")
    assert (list(shown.lines) == [line]) == is_shown == (withheld == {})
    assert is_shown or shown.lines[0] == f"leaf {leaf_hash(line.encode()).hex()}"


def test_who_says_what_is_open_is_believed(sealed: Year, tmp_path: Path):
    draw = f"370828-2027/{sealed.drawn}"
    visit = sealed.rows("visits.csv")[4]
    one = sealed.public("one", AFTERWARDS, opened={(draw, visit[0])})
    lines = (one / "draws" / sealed.drawn / "visits.part").read_text().splitlines()
    assert [line for line in lines if not line.startswith("leaf ")] == ["visit,firm,task,month,salt", ",".join(visit)]
    assert json.loads((one / "draws" / sealed.drawn / "reveal.json").read_bytes())["seal"] is None


def test_a_seed_kept_back_stays_closed_when_all_is_open(sealed: Year):
    kept = sealed.public("kept", AFTERWARDS, keep_sealed=True)
    code, rows = checked(kept)
    assert code == 3 and f"reveal {sealed.drawn}" in verdicts(rows, "not checked")
    assert "the list is whole" in rows[f"visits {sealed.drawn}"]["detail"]


def test_a_public_bundle_replaces_only_its_like(sealed: Year, tmp_path: Path):
    with pytest.raises(PublishError) as refused:
        sealed.public("full", MIDYEAR)
    assert refused.value.code == "public.bundle.occupied" and (sealed.folder / "full/bundle.json").is_file()
    before = files(sealed.folder / "mid")
    sealed.public("mid", MIDYEAR)
    assert files(sealed.folder / "mid") == before


def test_before_any_commitment_there_is_nothing_public(county: Any, tmp_path: Path):
    office = county.office()
    from inspection import service
    from inspection.office import now
    from inspection.steps.public_proof import public_bundle

    service.renew_plan(office.workspace, office.policy(), office.snapshot(), now())
    line = service.open_line(office.workspace, None, now)
    with pytest.raises(StoreError) as refused:
        public_bundle(line, tmp_path / "public", MIDYEAR)
    assert refused.value.code == "line.plan.unfinished"


@pytest.mark.slow
def test_a_year_in_sm3_is_checked_alike(county: Any, tmp_path: Path):
    year = plan(county, tmp_path, ('digest = "sha256"', 'digest = "sm3"'))
    firm = year.rows("visits.csv")[0][1]
    for name, now in (("mid", MIDYEAR), ("end", AFTERWARDS)):
        code, rows = checked(year.proof(firm, now), year.public(name, now))
        assert code == 3 and not verdicts(rows, "failed")
    assert rows[f"outcome {year.drawn}"]["detail"].startswith("drawn: V0001")


def test_a_committed_draw_is_public_before_its_result(county: Any, tmp_path: Path):
    from public_office import commit

    from inspection.steps.public_proof import public_bundle

    year = Year(office=county.office(), folder=tmp_path)
    line = commit(year)
    bundle = public_bundle(line, tmp_path / "public", datetime.fromisoformat("2027-01-06T00:00:00+08:00"))
    code, rows = checked(bundle)
    assert code == 0 and "result None" in rows["in log 1-firms"]["detail"]
