"""Fewer officer-days by annealing: a visit tries the day of another visit of its town that shares an officer.

What keeps an officer's visits of a town apart is that each has other officers with visits of their own; exact search
sees that on a few visits at a time and gains nothing, a million cheap moves do.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from solver.day_board import DayBoard

if TYPE_CHECKING:
    from solver.timetable import TimetableProblem

WARM, COLD = 0.45, 0.12
"""Temperature at the first and the last move, in officer-days."""
TOWARDS = 0.9
"""Share of moves that try a partner's day; the others try any day of the window."""
ROUND = 1_000
"""Moves of one temperature."""


def anneal_days(problem: TimetableProblem, board: DayBoard, moves: int) -> None:
    """The board has no more officer-days than before, no officer in more second towns, no busier busiest day.

    Same input, same days. Every hard rule is kept at every move.

    1. Lift a visit from its day a, try it on day b: the difference is the officers new on b less those free of a.
    2. Take the move when it costs nothing, or with chance exp(−difference / temperature); the temperature falls.
    3. Where all moves together made it worse, take them back.

    Args:
        moves: tried in all, about 200 000 a second.
    """
    search = _Search(problem, board)
    if search.movable:
        search.run(moves)
        if search.officer_days < board.officer_days():
            search.write(board)


class _Search:
    """Plain lists, so that a move costs microseconds; ``at`` is officer · n_days + day."""

    def __init__(self, problem: TimetableProblem, board: DayBoard) -> None:
        n_days = problem.day_ordinal.size
        self.n_days = n_days
        self.day: list[int] = board.day.tolist()
        self.town: list[int] = problem.town.tolist()
        self.rows: list[list[int]] = [(n_days * row).tolist() for row in board.officers]
        self.agencies: list[list[int]] = [row.tolist() for row in board.agencies]
        if not problem.agency_daily.size:
            self.agencies = [[]] * len(self.day)
        self.visits_at: list[list[int]] = [[] for _ in range(problem.n_inspectors * n_days)]
        most = np.full((problem.n_inspectors, n_days), problem.visits_per_officer_day)
        if problem.blocked is not None:
            most[problem.blocked] = 0
        self.most: list[int] = most.ravel().tolist()
        self.agency_room = [[bound] * n_days for bound in problem.agency_daily.tolist()]
        self.load = [board.load(day) for day in range(n_days)]
        self.busiest = board.busiest()
        for visit, day in enumerate(self.day):
            if day >= 0:
                self._put(visit, day)
        self.officer_days = sum(map(bool, self.visits_at))
        self.open_days = [self._open_days(board, visit) for visit in range(len(self.day))]
        self.partners = self._partners()
        self.movable = [visit for visit, days in enumerate(self.open_days) if self.day[visit] >= 0 and len(days) > 1]

    def _open_days(self, board: DayBoard, visit: int) -> list[int]:
        first, last = board.window(visit)
        near = board.too_near(visit)
        return [day for day in range(first, last) if near is None or not near[day - first]]

    def _partners(self) -> list[list[int]]:
        """By visit, the placed visits of its town that share an officer, once for each officer shared."""
        crews: dict[tuple[int, int], list[int]] = defaultdict(list)
        for visit, row in enumerate(self.rows):
            for officer in row if self.day[visit] >= 0 else ():
                crews[officer, self.town[visit]].append(visit)
        found: list[list[int]] = [[] for _ in self.day]
        windows = [(days[0], days[-1]) if days else (1, 0) for days in self.open_days]
        for crew in crews.values():
            for visit in crew:
                first, last = windows[visit]
                found[visit] += [v for v in crew if v != visit and windows[v][0] <= last and first <= windows[v][1]]
        return found

    def _put(self, visit: int, day: int) -> None:
        for row in self.rows[visit]:
            self.visits_at[row + day].append(visit)
        for agency in self.agencies[visit]:
            self.agency_room[agency][day] -= 1

    def _take(self, visit: int, day: int) -> None:
        for row in self.rows[visit]:
            self.visits_at[row + day].remove(visit)
        for agency in self.agencies[visit]:
            self.agency_room[agency][day] += 1

    def difference(self, visit: int, old: int, new: int) -> int | None:
        """Officer-days more when the visit goes from day to day; None where a rule or a second town forbids it."""
        visits_at, most, town = self.visits_at, self.most, self.town
        here, more = town[visit], 0
        for row in self.rows[visit]:
            others = visits_at[row + new]
            if len(others) >= most[row + new]:
                return None
            if not others:
                more += 1
            elif town[others[0]] != here or town[others[-1]] != here:
                return None
            if len(visits_at[row + old]) == 1:
                more -= 1
        for agency in self.agencies[visit]:
            if self.agency_room[agency][new] <= 0:
                return None
        return more

    def run(self, moves: int) -> None:
        """Try so many moves."""
        # Not for secrets: the same moves each time are the point.
        chance = random.Random(0)
        uniform, day, load = chance.random, self.day, self.load
        movable, partners, open_days = self.movable, self.partners, self.open_days
        rounds = -(-moves // ROUND)
        for number in range(rounds):
            warmth = WARM * (COLD / WARM) ** (number / max(rounds - 1, 1))
            accept = [math.exp(-more / warmth) for more in range(32)]
            for _ in range(ROUND):
                visit = movable[int(uniform() * len(movable))]
                friends, days = partners[visit], open_days[visit]
                if friends and uniform() < TOWARDS:
                    new = day[friends[int(uniform() * len(friends))]]
                else:
                    new = days[int(uniform() * len(days))]
                old = day[visit]
                if new == old or load[new] >= self.busiest or not days[0] <= new <= days[-1]:
                    continue
                more = self.difference(visit, old, new)
                if more is None or (more > 0 and uniform() >= accept[min(more, 31)]) or new not in days:
                    continue
                self._take(visit, old)
                self._put(visit, new)
                load[old] -= 1
                load[new] += 1
                day[visit] = new
                self.officer_days += more

    def write(self, board: DayBoard) -> None:
        """The board stands as the search ended."""
        moved = [visit for visit in self.movable if self.day[visit] != board.day[visit]]
        for visit in moved:
            board.remove(visit)
        for visit in moved:
            board.place(visit, self.day[visit])
