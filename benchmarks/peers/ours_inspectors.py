"""Us: the chances of planning.chances, then the fair rounding of the draw, exactly as the product runs them."""

from __future__ import annotations

from datetime import date

import numpy as np
from exchange import Agency, Array, Clock, answer, asked, read_agencies

from inspection.draw.flow import round_arcs
from inspection.draw.ticket import Tickets
from inspection.model import Inspector, Need, Visit
from inspection.planning.chances import AgencyProblem, AgencyShortage, plan_chances
from solver.chances import ChanceProblem


def problem_of(index: int, agency: Agency, visits: dict[str, Visit]) -> AgencyProblem:
    """The agency with the names the product gives; its needs are visits of their own."""
    name = f"A{index:02d}"
    months = tuple(f"2027-{m + 1:02d}" for m in range(agency.capacity.shape[1]))
    needs = []
    for n, month in enumerate(agency.month):
        visit = f"V{index:02d}-{n:05d}"
        visits[visit] = Visit(visit=visit, firm="F", combination="C", month=months[month])
        qualified = int(agency.qualified[n])
        needs.append(
            Need(
                visit=visit,
                agency=name,
                officers=int(agency.officers[n]),
                qualified=qualified,
                qualification="Q" if qualified else None,
            )
        )
    people = tuple(
        Inspector(
            inspector=f"{name}-{h:03d}",
            name="",
            agency=name,
            certificate="",
            valid_until=date(2030, 1, 1),
            qualifications=frozenset(),
        )
        for h in range(agency.capacity.shape[0])
    )
    numbers = ChanceProblem(**{field: getattr(agency, field) for field in Agency.__dataclass_fields__})
    return AgencyProblem(agency=name, needs=tuple(needs), months=months, inspectors=people, problem=numbers)


def main() -> None:
    given = asked()
    agencies = read_agencies(given.instance)
    visits: dict[str, Visit] = {}
    problems = [problem_of(i, agency, visits) for i, agency in enumerate(agencies)]
    clock = Clock()
    fractions = plan_chances(problems, visits)
    prepared = clock.spent()
    if isinstance(fractions[0] if isinstance(fractions, tuple) else None, AgencyShortage):
        raise SystemExit("an agency cannot staff its visits")
    pairs = [
        (arc, tail.split(":"), head.split(":"))
        for arc, (tail, head, _) in enumerate(fractions.flow)
        if head.startswith("duty:")
    ]
    place = [
        (arc, int(tail[2][1:]), int(tail[1].rpartition("-")[2]), int(head[1].rpartition("-")[2]))
        for arc, tail, head in pairs
    ]
    arc, agency, need, person = (np.array(column) for column in zip(*place, strict=True))

    def tables(values: Array) -> list[Array]:
        made = []
        for i, each in enumerate(agencies):
            table = np.zeros(each.may_go.shape, values.dtype)
            mine = agency == i
            table[need[mine], person[mine]] = values[arc[mine]]
            made.append(table)
        return made

    stated = tables(np.array([flow for _, _, flow in fractions.flow]) / 1e6)

    def draw(seed: int) -> list[Array]:
        return tables(np.array(round_arcs(fractions.flow, Tickets(f"{seed:064x}", "sha256"))))

    answer(given, draw, prepared=prepared, chance=stated)


if __name__ == "__main__":
    main()
