"""Steps of the firm draw: who may be drawn, how many visits of what, and the draw itself."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from inspection.draw.canonical import canonical_json
from inspection.draw.firms import draw_firms, read_months
from inspection.draw.flow import read_flow
from inspection.draw.publication import PublishedCommitment
from inspection.draw.reveal import Reveal
from inspection.draw.table import COLUMNS, parse_table, table_bytes, table_root
from inspection.errors import DrawError, PlanError
from inspection.model import Combination, Pool, Visit
from inspection.planning.additions import falling_chances, keeps_joint_share
from inspection.planning.quotas import Quotas, RegionShortage, Spreader, plan_quotas, region_problems
from inspection.planning.rules import rules_of
from inspection.planning.shortage_words import shortage_words
from inspection.planning.summary import expected_visits
from inspection.registry.frame_tables import FrameTables, PastVisits
from inspection.registry.ranking import rank_firms
from inspection.rules.frame import build_frame, cutoffs
from inspection.steps.draw_steps import Inputs, log_result
from inspection.steps.line import Given, Line, Made
from inspection.store import drawn

POOL_COLUMNS = ("pool", "tier", "region", "kind")
CHANCE_COLUMNS = ("pool", "firms", "flow", "salt")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenFrame:
    """Pools in order, and the frozen firms.csv."""

    pools: tuple[Pool, ...]
    firms: str

    @property
    def size(self) -> int:
        """Live firms, exempt ones included."""
        return sum(pool.size for pool in self.pools)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenQuotas:
    """Combinations with their whole visits, and the files a firm draw is committed to."""

    combinations: tuple[Combination, ...]
    bound: int
    inputs: Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmResult:
    """The visits drawn and the root of visits.csv."""

    visits: tuple[Visit, ...]
    root: str


def frame(line: Line, folder: str) -> FrozenFrame:
    """Every live firm stands in its pool, exempt ones with their reason; firms.csv is frozen."""

    def make() -> Made[FrozenFrame]:
        with tempfile.TemporaryDirectory(prefix="frame-") as scratch:
            target = Path(scratch) / "firms.csv"
            pools = write_frame(line.given, target, line.salt_key(f"{line.name}/{folder}", "firms.csv"))
            firms = line.workspace.frozen.put_file(target)
        frozen = FrozenFrame(pools=pools, firms=firms)
        listed = line.keep(canonical_json([asdict(pool) for pool in pools]))
        return Made(payload={"firms.csv": firms, "pools": listed}, value=frozen)

    def load(payload: Mapping[str, Any]) -> FrozenFrame:
        rows = json.loads(line.read(payload["pools"]))
        pools = tuple(Pool(**{**row, "tasks": tuple(row["tasks"])}) for row in rows)
        return FrozenFrame(pools=pools, firms=payload["firms.csv"])

    return line.step(f"{folder}.frame", make, load)


def write_frame(given: Given, target: Path | None, salt_key: bytes = b"") -> tuple[Pool, ...]:
    """The pools of a snapshot under a policy; firms.csv is written where a target is given.

    Names of pools that are to be committed say nothing of their tier: a firm is shown its row (docs/public-bundle.md).
    """
    policy = given.policy
    history = {
        firm: PastVisits(visits=visits, barred=barred) for firm, (visits, barred) in given.past.counted(policy).items()
    }
    tables = FrameTables(
        given.snapshot.firms, cutoffs(policy), history=history, cluster_towns=policy.timetable.cluster_towns
    )
    with tables.opened() as opened:
        built = build_frame(opened.profiles(), given.tasks, policy)
        pools = built.pools if target is None else _veiled(built.pools, salt_key)
        if target is not None:
            opened.write_firms(target, [pools[pool].pool for pool in built.pool_of], salt_key)
    return pools


def _veiled(pools: Sequence[Pool], key: bytes) -> tuple[Pool, ...]:
    """The pools in their order, under names numbered in an order that only the key tells."""

    def place(pool: Pool) -> bytes:
        return hashlib.sha256(key + f"/pool/{pool.pool}".encode()).digest()

    number = {pool.pool: n for n, pool in enumerate(sorted(pools, key=place), start=1)}
    return tuple(replace(pool, pool=f"{pool.region}-{number[pool.pool]:04d}") for pool in pools)


def quotas(line: Line, folder: str, framed: FrozenFrame, run: Spreader, previous: str | None = None) -> FrozenQuotas:
    """Whole totals and exact fractions are decided and frozen; no seed exists yet.

    Args:
        previous: root of the result this draw builds on, None for the year's own.

    Raises:
        PlanError: the rules cannot all be met; which, by how much, and what would help.
    """

    def make() -> Made[FrozenQuotas]:
        planned = _solve_added(line.given, framed.pools, run) if line.round else solve(line.given, framed.pools, run)
        files = _freeze(line, folder, framed, planned)
        combinations = line.keep(canonical_json([asdict(each) for each in planned.combinations]))
        frozen = FrozenQuotas(
            combinations=planned.combinations,
            bound=planned.bound,
            inputs=Inputs(kind="firms", folder=folder, files=files, previous=previous),
        )
        return Made(payload={"files": files, "combinations": combinations, "bound": planned.bound}, value=frozen)

    def load(payload: Mapping[str, Any]) -> FrozenQuotas:
        return FrozenQuotas(
            combinations=read_combinations(line.read(payload["combinations"])),
            bound=payload["bound"],
            inputs=Inputs(kind="firms", folder=folder, files=payload["files"], previous=previous),
        )

    return line.step(f"{folder}.quotas", make, load)


def solve(given: Given, pools: tuple[Pool, ...], run: Spreader) -> Quotas:
    """The quotas of these pools; PlanError when some region cannot meet its rules."""
    problems = region_problems(pools, given.tasks, given.items, given.inspectors, given.policy, given.past)
    if not problems:
        raise PlanError("plan.no_task")
    planned = plan_quotas(problems, given.policy.coverage_kinds, run)
    if not isinstance(planned, Quotas):
        raise ShortPlan(planned, given)
    return planned


def _solve_added(given: Given, pools: tuple[Pool, ...], run: Spreader) -> Quotas:
    """The quotas of a supplement, which leave the year's joint share and the order of tiers as they must be."""
    planned = solve(given, pools, run)
    share = given.repeated["joint_share"]
    if not keeps_joint_share(share, given.past, planned):
        # A year at its floor stays there when what is added reaches the floor by itself.
        planned = solve(given.with_joint_floor(Fraction(share["numerator"], share["denominator"])), pools, run)
    if falling := falling_chances(pools, planned.flow, given.policy.tier_order):
        raise PlanError("supplement.falling", chances=falling)
    return planned


class ShortPlan(PlanError):
    """The rules of some region cannot all be met; ``shortages`` has them in numbers."""

    def __init__(self, shortages: tuple[RegionShortage, ...], given: Given) -> None:
        super().__init__(
            "plan.short",
            text_zh="\n".join(shortage_words(each, given.agencies, "zh") for each in shortages),
            text_en="\n".join(shortage_words(each, given.agencies, "en") for each in shortages),
        )
        self.shortages = shortages


def _freeze(line: Line, folder: str, framed: FrozenFrame, planned: Quotas) -> dict[str, str]:
    """The input files of the draw by name (PROTOCOL 3), and chances.csv, of which a firm is shown its pool's row."""
    given = line.given
    rules = rules_of(line.name, given.policy, framed.pools, planned.combinations, given.inspectors)
    rules |= given.repeated
    pools = sorted((pool.pool, pool.tier, pool.region, pool.kind) for pool in framed.pools)
    months = sorted(
        (each.combination, month, count) for each in planned.combinations for month, count in each.visits.items()
    )
    expected = expected_visits(planned.flow)
    salts = line.salts(f"{line.name}/{folder}", "chances.csv", (row[0] for row in pools))
    size = {pool.pool: pool.size for pool in framed.pools}
    chances = ((row[0], size[row[0]], expected.get(row[0], 0), salt) for row, salt in zip(pools, salts, strict=True))
    return {
        "chances.csv": line.keep(table_bytes(CHANCE_COLUMNS, chances)),
        "firms.csv": framed.firms,
        "pools.csv": line.keep(table_bytes(POOL_COLUMNS, pools)),
        "flow.csv": line.keep(table_bytes(COLUMNS["flow.csv"], planned.flow)),
        "months.csv": line.keep(table_bytes(COLUMNS["months.csv"], months)),
        "rules.json": line.keep(canonical_json(rules)),
    }


def read_combinations(data: bytes) -> tuple[Combination, ...]:
    """The combinations as ``quotas`` froze them."""
    return tuple(
        Combination(
            combination=row["combination"],
            tasks=tuple(row["tasks"]),
            agencies=tuple(row["agencies"]),
            items=tuple(row["items"]),
            visits=row["visits"],
        )
        for row in json.loads(data)
    )


def draw(line: Line, published: PublishedCommitment, opened: Reveal, planned: FrozenQuotas) -> FirmResult:
    """The visits are drawn, stored, and their root is in the log."""
    folder, name, committed = planned.inputs.folder, published.commitment.draw, published.commitment.inputs

    def make() -> Made[FirmResult]:
        files = planned.inputs.files
        # The draw compares the tables it is handed with the commitment; firms.csv it only sees ranked.
        if table_root(line.kept(files["firms.csv"]), published.commitment.digest) != committed["firms.csv"]:
            raise DrawError("draw.inputs.changed", draw=name, file="firms.csv")
        result = draw_firms(
            published,
            opened,
            read_flow(line.read(files["flow.csv"])),
            read_months(line.read(files["months.csv"])),
            partial(_ranked, line.kept(files["firms.csv"])),
            progress=line.watcher.advance,
        )
        salts = line.salts(name, "visits.csv", (row.visit for row in result.visits))
        data = table_bytes(
            COLUMNS["visits.csv"], ((*row, salt) for row, salt in zip(result.visits, salts, strict=True))
        )
        root = table_root(data, published.commitment.digest)
        kept = {"visits.csv": line.keep(data), "reveal.json": line.keep(opened.canonical)}
        visits = _visits(result.visits)

        def writes(connection: Connection) -> None:
            log_result(line, connection, name, root, kept)
            drawn.add_combinations(connection, name, planned.combinations)
            drawn.add_visits(connection, name, visits)

        return Made(payload={**kept, "root": root}, value=FirmResult(visits=visits, root=root), writes=writes)

    def load(payload: Mapping[str, Any]) -> FirmResult:
        rows = parse_table(line.read(payload["visits.csv"]), COLUMNS["visits.csv"])[1]
        return FirmResult(visits=_visits(row[:4] for row in rows), root=payload["root"])

    return line.step(f"{folder}.draw", make, load)


def _visits(rows: Any) -> tuple[Visit, ...]:
    return tuple(
        Visit(visit=visit, firm=firm, combination=combination, month=month) for visit, firm, combination, month in rows
    )


def _ranked(firms: Path, tickets: Any, take: Mapping[str, int]) -> Mapping[str, Any]:
    """The port of ``draw_firms``, served by one columnar pass over firms.csv."""
    return rank_firms(firms, tickets.seed, take, tickets.algorithm)
