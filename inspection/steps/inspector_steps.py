"""Steps of the inspector draw: what every visit needs, who may go and how likely, and the draw itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from inspection.draw.flow import Arc, read_flow
from inspection.draw.inspectors import draw_inspectors
from inspection.draw.publication import PublishedCommitment
from inspection.draw.reveal import Reveal
from inspection.draw.table import COLUMNS, parse_table, table_bytes, table_root
from inspection.errors import Language, PlanError
from inspection.model import Assignment, Need
from inspection.planning.chances import Fractions, agency_problems, needs_of, plan_chances
from inspection.planning.quotas import Spreader
from inspection.planning.resources import usable_until
from inspection.planning.seat_words import forced_words, seat_words
from inspection.steps.draw_steps import Inputs, log_result
from inspection.steps.firm_steps import FirmResult, FrozenQuotas
from inspection.steps.line import Line, Made
from inspection.store import drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenChances:
    """The needs, the files the draw is committed to, and the largest chance of a pair beside its bound.

    ``warnings`` name, by language, visits at which nothing is left to chance: to be read before the commitment.
    ``flow`` is what flow.csv says where it has just been made; a resumed line reads the file instead.
    """

    needs: tuple[Need, ...]
    largest: Fraction
    bound: Fraction
    inputs: Inputs
    flow: tuple[Arc, ...] = field(default=(), repr=False, compare=False)
    warnings: Mapping[str, list[str]] = field(default_factory=dict)


def chances(line: Line, folder: str, planned: FrozenQuotas, result: FirmResult, run: Spreader) -> FrozenChances:
    """Every eligible inspector's chance for every need is decided and frozen.

    Raises:
        PlanError: an agency cannot staff its visits; how many seats are missing, in which months.
    """

    def make() -> Made[FrozenChances]:
        given = line.given
        visits = {visit.visit: visit for visit in result.visits}
        combinations = {each.combination: each for each in planned.combinations}
        needs = needs_of(result.visits, combinations, given.items, given.policy)
        problems = agency_problems(needs, visits, given.inspectors, given.recusals, given.policy, given.past)
        solved = plan_chances(problems, visits, run)
        if not isinstance(solved, Fractions):
            raise PlanError(
                "plan.seats",
                text_zh="\n".join(seat_words(each, given.agencies, "zh") for each in solved),
                text_en="\n".join(seat_words(each, given.agencies, "en") for each in solved),
            )
        files = _freeze(line, folder, needs, solved)
        languages: tuple[Language, ...] = ("zh", "en")
        warnings: dict[str, list[str]] = {
            language: [t for of, forced in solved.forced for t in forced_words(of, forced, given.agencies, language)]
            for language in languages
        }
        frozen = FrozenChances(
            needs=needs,
            largest=solved.largest,
            bound=solved.bound,
            inputs=Inputs(kind="inspectors", folder=folder, files=files, previous=result.root),
            flow=solved.flow,
            warnings=warnings,
        )
        shares = {"largest": str(solved.largest), "bound": str(solved.bound)}
        return Made(payload={"files": files, **shares, "warnings": warnings}, value=frozen)

    def load(payload: Mapping[str, Any]) -> FrozenChances:
        files = payload["files"]
        rows = parse_table(line.read(files["needs.csv"]), COLUMNS["needs.csv"])[1]
        return FrozenChances(
            needs=tuple(
                Need(
                    visit=visit,
                    agency=agency,
                    officers=int(officers),
                    qualified=int(qualified),
                    qualification=qualification or None,
                )
                for visit, agency, officers, qualified, qualification in rows
            ),
            largest=Fraction(payload["largest"]),
            bound=Fraction(payload["bound"]),
            inputs=Inputs(kind="inspectors", folder=folder, files=files, previous=result.root),
            warnings=payload.get("warnings", {}),
        )

    return line.step(f"{folder}.chances", make, load)


def _freeze(line: Line, folder: str, needs: tuple[Need, ...], solved: Fractions) -> dict[str, str]:
    """The input files of the draw by name (PROTOCOL 3)."""
    given, name = line.given, f"{line.name}/{folder}"
    people = sorted(given.inspectors, key=lambda inspector: inspector.inspector)
    salts = line.salts(name, "inspectors.csv", (person.inspector for person in people))
    staff = (
        (
            person.inspector,
            person.agency,
            usable_until(person, given.policy).isoformat(),
            " ".join(sorted(person.qualifications)),
            salt,
        )
        for person, salt in zip(people, salts, strict=True)
    )
    owed = ((need.visit, need.agency, need.officers, need.qualified, need.qualification or "") for need in needs)
    recusals = sorted((each.inspector, each.firm, each.reason) for each in given.recusals)
    return {
        "needs.csv": line.keep(table_bytes(COLUMNS["needs.csv"], owed)),
        "inspectors.csv": line.keep(table_bytes(COLUMNS["inspectors.csv"], staff)),
        "recusals.csv": line.keep(table_bytes(COLUMNS["recusals.csv"], recusals)),
        "flow.csv": line.keep(table_bytes(COLUMNS["flow.csv"], solved.flow)),
    }


def draw(
    line: Line, published: PublishedCommitment, opened: Reveal, frozen: FrozenChances, firm_draw: str
) -> tuple[Assignment, ...]:
    """The inspectors are drawn, stored, and the root of assignments.csv is in the log."""
    name = published.commitment.draw

    def make() -> Made[tuple[Assignment, ...]]:
        flow = frozen.flow or read_flow(line.read(frozen.inputs.files["flow.csv"]))
        result = draw_inspectors(published, opened, flow, progress=line.watcher.advance)
        salts = line.salts(name, "assignments.csv", (":".join(row) for row in result.assignments))
        rows = ((*row, salt) for row, salt in zip(result.assignments, salts, strict=True))
        data = table_bytes(COLUMNS["assignments.csv"], rows)
        root = table_root(data, published.commitment.digest)
        kept = {"assignments.csv": line.keep(data), "reveal.json": line.keep(opened.canonical)}
        assignments = _assignments(result.assignments)

        def writes(connection: Connection) -> None:
            log_result(line, connection, name, root, kept)
            drawn.add_needs(connection, firm_draw, frozen.needs)
            drawn.add_assignments(connection, firm_draw, assignments)

        return Made(payload={**kept, "root": root}, value=assignments, writes=writes)

    def load(payload: Mapping[str, Any]) -> tuple[Assignment, ...]:
        rows = parse_table(line.read(payload["assignments.csv"]), COLUMNS["assignments.csv"])[1]
        return _assignments(row[:3] for row in rows)

    return line.step(f"{frozen.inputs.folder}.draw", make, load)


def _assignments(rows: Any) -> tuple[Assignment, ...]:
    return tuple(Assignment(visit=visit, agency=agency, inspector=inspector) for visit, agency, inspector in rows)
