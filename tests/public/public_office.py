"""A sealed year with everything that must not become public: a void draw, a replaced firm, a substituted officer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import inspection
from inspection import service
from inspection.beacon.ceremony import AttendedCeremony
from inspection.changes import change_steps
from inspection.draw.canonical import canonical_json
from inspection.draw.reveal import party_commitment
from inspection.errors import BeaconError
from inspection.office import Office
from inspection.steps.line import Line, Silent
from inspection.steps.public_proof import past_visits, prove, public_bundle

PLANNER, APPROVER = "钱提请", "孙审批"
MIDYEAR, AFTERWARDS = datetime(2027, 6, 15, tzinfo=UTC), datetime(2028, 2, 1, tzinfo=UTC)
CHECKER = Path(inspection.__file__).parent / "verify_public.py"


@dataclass
class Year:
    """A planned office and what tests ask of it."""

    office: Office
    folder: Path
    ticks: int = 0

    def clock(self) -> datetime:
        self.ticks += 1
        return datetime(2027, 1, 5, tzinfo=UTC) + timedelta(milliseconds=2 * self.ticks)

    def line(self) -> Line:
        return service.open_line(self.office.workspace, None, self.clock, Silent())

    @property
    def drawn(self) -> str:
        """The folder of the firm draw with a result."""
        (path,) = (self.folder / "full/draws").glob("*/visits.csv")
        return path.parent.name

    def rows(self, file: str, folder: str = "*") -> list[list[str]]:
        """The rows of a table of the auditors' bundle, split."""
        (path,) = (self.folder / "full/draws").glob(f"{folder}/{file}")
        return [row.split(",") for row in path.read_text(encoding="utf-8").splitlines()[1:]]

    def do(self, wish: Any) -> Any:
        line = self.line()
        return change_steps.approve(line, change_steps.request(line, wish, PLANNER).number, APPROVER)

    def public(self, name: str, now: datetime, **options: Any) -> Path:
        return public_bundle(self.line(), self.folder / name, now, **options)

    def proof(self, firm: str, now: datetime) -> Path:
        path = self.folder / f"{firm}-{now:%Y%m}.json"
        path.write_bytes(prove(self.line(), firm, now))
        return path

    def opened(self, now: datetime) -> set[str]:
        return {visit for _, visit in past_visits(self.line(), now.date())}


def checked(*paths: Path, checker: Path = CHECKER) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit code, and verdict and detail of each step by name and draw, of the checker in a process of its own."""
    command = [sys.executable, "-I", "-S", str(checker), *map(str, paths), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stdout, done.stderr
    rows = json.loads(done.stdout)
    return done.returncode, {f"{row['step'].rpartition(' ')[0]} {row['draw']}".strip(): row for row in rows}


def verdicts(rows: dict[str, dict[str, str]], verdict: str) -> set[str]:
    return {name for name, row in rows.items() if row["verdict"] == verdict}


def plan(county: Any, folder: Path, *changes: tuple[str, str]) -> Year:
    """A sealed year whose first draw is void, with a replacement and a substitution, and its auditors' bundle."""
    office = county.office()
    text = office.policy_file.read_text(encoding="utf-8")
    for old, new in (("seal = false", "seal = true"), ('unreachable = "close"', 'unreachable = "replace"'), *changes):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    office.policy_file.write_text(text, encoding="utf-8")
    year = Year(office=office, folder=folder)
    commit(year)
    year.do(change_steps.void_wish(year.line(), "1-firms", "party-absent"))
    line = year.line()
    service.plan_year(line, service.unattended(line.given.policy))
    service.bundle(year.line(), folder / "full")
    visit = _with_reserve(year)
    year.do(change_steps.replace_wish(year.line(), visit, "unreachable"))
    team = change_steps.standing(year.line())[0]
    year.do(change_steps.substitute_wish(year.line(), "V0001", team.team[0], "sick"))
    service.bundle(year.line(), folder / "full")
    return year


def commit(year: Year) -> Line:
    """The firm draw is committed and awaits its reveal."""
    service.renew_plan(year.office.workspace, year.office.policy(), year.office.snapshot(), year.clock())
    line = year.line()
    rules = line.given.policy.ceremony
    for kind, name in (("firms", "1-firms"), ("inspectors", "2-inspectors")):
        draw = f"{line.name}/{name}"
        given = {party: party_commitment(rules.digest, draw, party, f"secret of {party}") for party in rules.parties}
        service.hand_in(line, kind, given)
    with pytest.raises(BeaconError):
        service.plan_year(line, AttendedCeremony())
    return line


def _with_reserve(year: Year) -> str:
    """A visit late in the year whose pool has a firm in reserve."""
    visits = year.rows("visits.csv")
    pool_of = {row[0]: row[1] for row in year.rows("firms.csv", year.drawn)}
    taken, size = Counter(pool_of[row[1]] for row in visits), Counter(pool_of.values())
    late = sorted(visits, key=lambda row: row[3], reverse=True)
    return next(row[0] for row in late if size[pool_of[row[1]]] > 2 * taken[pool_of[row[1]]])


def rewrite(path: Path, edit: Any) -> None:
    """The canonical JSON file with its value edited."""
    value = json.loads(path.read_bytes())
    edit(value)
    path.write_bytes(canonical_json(value))
