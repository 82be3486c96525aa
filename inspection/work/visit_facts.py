"""What a plan's visits are about: their labels, items by agency, tasks, and the firms visited now.

Everything is read once and kept, so one object serves a whole command; the states of visits are not among it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from sqlalchemy import Connection, select

from inspection.errors import InputError, StoreError
from inspection.model import Agency, Combination, Inspector, Item, Task
from inspection.registry.frame_tables import DrawnFirm, drawn_firms
from inspection.registry.snapshot import Snapshot
from inspection.steps.line import Line
from inspection.steps.standing import draw_number
from inspection.store import drawn, tables
from inspection.store.changes import changes
from inspection.store.draws import DrawRecord, draws
from inspection.store.supplements import supplements
from inspection.store.work import PartKey

VisitKey = tuple[str, str]
"""Firm draw, and code of the visit in it."""


class VisitFacts:
    """The visits of one plan."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._combinations: dict[str, dict[str, Combination]] = {}

    @cached_property
    def draws(self) -> Mapping[str, DrawRecord]:
        """Firm draws whose inspectors are drawn too, in order: only their visits can be sent out."""
        with self.line.workspace.store.reading() as connection:
            known = draws(connection, self.line.name)
        staffed = {draw.round for draw in known if draw.kind == "inspectors" and draw.root}
        return {draw.draw: draw for draw in known if draw.kind == "firms" and draw.root and draw.round in staffed}

    @cached_property
    def _snapshots(self) -> Mapping[int, Snapshot]:
        with self.line.workspace.store.reading() as connection:
            added = supplements(connection, self.line.name)
        folder = self.line.workspace.folder
        later = {each.number: Snapshot.open(folder, each.snapshot) for each in added}
        return {0: Snapshot.open(folder, self.line.plan.snapshot)} | later

    def _snapshot(self, draw: str) -> Snapshot:
        return self._snapshots[self.draws[draw].round]

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Items of all rounds by code; a later register's word counts."""
        return {item.item: item for snapshot in self._snapshots.values() for item in snapshot.items()}

    @cached_property
    def tasks(self) -> Mapping[str, Task]:
        """Tasks of all rounds by code."""
        return {task.task: task for snapshot in self._snapshots.values() for task in snapshot.tasks()}

    @cached_property
    def agencies(self) -> Mapping[str, Agency]:
        """Agencies of all rounds by code."""
        return {each.agency: each for snapshot in self._snapshots.values() for each in snapshot.agencies()}

    @cached_property
    def inspectors(self) -> Mapping[str, Inspector]:
        """Inspectors of all rounds by code."""
        return {each.inspector: each for snapshot in self._snapshots.values() for each in snapshot.inspectors()}

    def require_agency(self, code: str) -> Agency:
        """The agency of a code or name.

        Raises:
            InputError: there is none; all codes are listed.
        """
        by_name = {agency.name: agency for agency in self.agencies.values()}
        found = self.agencies.get(code) or by_name.get(code)
        if found is None:
            raise InputError("work.agency", got=code, known=", ".join(sorted(self.agencies)))
        return found

    def combination(self, draw: str, code: str) -> Combination:
        """The tasks done together in the visits of a combination."""
        if draw not in self._combinations:
            with self.line.workspace.store.reading() as connection:
                found = drawn.combinations(connection, draw)
            self._combinations[draw] = {each.combination: each for each in found}
        return self._combinations[draw][code]

    def items_of(self, draw: str, combination: str, agency: str) -> tuple[Item, ...]:
        """What the agency checks at visits of the combination, in order."""
        items = (self.items[item] for item in self.combination(draw, combination).items)
        return tuple(item for item in items if item.agency == agency)

    @property
    def first(self) -> str:
        """The draw whose visits go by their bare codes.

        Raises:
            StoreError: nothing is drawn yet.
        """
        if not self.draws:
            raise StoreError("work.undrawn", plan=self.line.name)
        return next(iter(self.draws))

    def label(self, draw: str, visit: str) -> str:
        """What people call the visit."""
        return visit if draw == self.first else f"{draw_number(draw)}-{visit}"

    def keys(self, labels: Iterable[str]) -> list[VisitKey]:
        """The visits of labels (or ``<folder>/<visit>``), in the order given.

        Raises:
            InputError: some are no visits; all of those are named.
        """
        found = [self._key(label.strip()) for label in labels]
        known = self._known({draw for draw, _ in filter(None, found)})
        wrong = [label for label, key in zip(labels, found, strict=True) if key is None or key not in known]
        if wrong:
            raise InputError(
                "work.visit", got=", ".join(wrong[:20]), count=len(wrong), example=min(known or {("", "V0001")})[1]
            )
        return [key for key in found if key is not None]

    def _key(self, label: str) -> VisitKey | None:
        by_number = {draw_number(draw): draw for draw in self.draws}
        number, separator, visit = label.partition("-")
        if separator and number in by_number and "/" not in label:
            return by_number[number], visit
        folder, separator, visit = label.rpartition("/")
        if separator:
            full = folder if "/" in folder else f"{self.line.name}/{folder}"
            return (full, visit) if full in self.draws else None
        return self.first, label

    def _known(self, of_draws: Collection[str]) -> set[VisitKey]:
        columns = tables.visits.c
        query = select(columns.draw, columns.visit).where(columns.draw.in_(sorted(of_draws)))
        with self.line.workspace.store.reading() as connection:
            return {(draw, visit) for draw, visit in connection.execute(query)}

    def firms_now(self, connection: Connection, visits: Collection[VisitKey]) -> dict[VisitKey, str]:
        """The firm each visit goes to now: the one drawn, or the reserve firm last called."""
        columns = tables.visits.c
        query = select(columns.draw, columns.visit, columns.firm)
        query = query.where(columns.draw.in_(sorted({draw for draw, _ in visits})))
        wanted = set(visits)
        if len(wanted) <= 200:
            query = query.where(columns.visit.in_(sorted({visit for _, visit in wanted})))
        found = {(draw, visit): firm for draw, visit, firm in connection.execute(query) if (draw, visit) in wanted}
        approved = changes(connection, self.line.name, ("approved",))
        for change in sorted(approved, key=lambda change: (change.decided_at or change.requested_at, change.number)):
            key = change.wish.draw, change.wish.visit
            if change.wish.kind == "replace" and key in found and change.successor:
                found[key] = change.successor
        return found

    def firms(self, draw: str, codes: Collection[str]) -> Mapping[str, DrawnFirm]:
        """What people read about firms of a draw's register."""
        if not codes:
            return {}
        return drawn_firms(
            self._snapshot(draw).firms, self.line.kept(self.draws[draw].files["firms.csv"]), sorted(codes)
        )

    def firms_of(self, firm_of: Mapping[VisitKey, str]) -> dict[VisitKey, DrawnFirm]:
        """What people read about the firm of each visit."""
        found: dict[VisitKey, DrawnFirm] = {}
        for draw in sorted({draw for draw, _ in firm_of}):
            own = {key: firm for key, firm in firm_of.items() if key[0] == draw}
            known = self.firms(draw, set(own.values()))
            found |= {key: known[firm] for key, firm in own.items()}
        return found

    def checks(self, key: PartKey, combination: str, item: str) -> bool:
        """Whether the agency checks the item at the visit."""
        return any(each.item == item for each in self.items_of(key.draw, combination, key.agency))
