"""The plan's line as people follow it: every step with its time, what is next, and whether that can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from inspection import service
from inspection.errors import StoreError
from inspection.office import Office, missing_registers
from inspection.pledge_steps import is_revealed
from inspection.questions.plan_status import missing_step, steps_of
from inspection.steps.line import Line
from inspection.steps.supplements import present_line
from inspection.store.draws import DrawRecord, draws

Next = Literal["registers", "run", "commit", "parties", "reveal", "draw", "done"]
"""``registers``: a plan lacks some; ``run``: the machine can go on, nothing is final; ``commit``, ``draw``: it can go
on, and what follows is final; ``parties``, ``reveal``: people are awaited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedStep:
    """A step of the line; ``at`` is None until it is stored."""

    step: str
    folder: str
    part: str
    at: datetime | None
    is_next: bool

    @property
    def is_final(self) -> bool:
        """Whether what it does stands in the public log for good."""
        return self.part in ("commit", "reveal", "draw")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReport:
    """How far the plan is.

    Attributes:
        plan: its code; '' before there is one, and ``steps`` is then empty.
        is_stale: the draft is of other rules or registers than those at hand; taken further, it begins anew.
        next: what can be done.
        draw: full name of the draw that is next or that is waited for; '' where none is.
        draws: all draws of the plan by folder.
    """

    plan: str
    code: str
    name: str
    round: int
    is_stale: bool
    is_rehearsal: bool
    steps: tuple[ReportedStep, ...]
    next: Next
    draw: str
    draws: Mapping[str, DrawRecord]


def line_report(office: Office) -> LineReport:
    """How far the plan of the policy's year is.

    Raises:
        InputError, RuleError: there is no policy that can be used.
    """
    policy = office.policy()
    code = service.plan_code(policy)
    known = {plan.plan: plan for plan in office.workspace.store.plans()}
    is_rehearsal = office.workspace.origin.endswith("/rehearsal")
    fresh = _fresh(office)
    if code not in known:
        return LineReport(
            plan="",
            code=code,
            name=policy.plan.name,
            round=0,
            is_stale=False,
            is_rehearsal=is_rehearsal,
            steps=(),
            next="run" if fresh else "registers",
            draw="",
            draws={},
        )
    line = present_line(office.line())
    committed = office.is_committed(code)
    is_stale = not committed and (known[code].policy, known[code].snapshot) != (policy.canonical(), fresh)
    with line.workspace.store.reading() as connection:
        found = {draw.folder: draw for draw in draws(connection, line.name)}
    missing = missing_step(line)
    return LineReport(
        plan=line.name,
        code=code,
        is_rehearsal=is_rehearsal,
        name=line.plan.name,
        round=line.round,
        is_stale=is_stale,
        steps=_steps(line, missing),
        next="run" if is_stale else _next(line, missing),
        draw=f"{line.name}/{missing.partition('.')[0]}" if missing else "",
        draws=found,
    )


def _fresh(office: Office) -> str:
    """Digest of the registers at hand; '' where a plan cannot be made from them."""
    try:
        snapshot = office.snapshot()
    except StoreError:
        return ""
    return "" if missing_registers(snapshot) else snapshot.digest


def _steps(line: Line, missing: str | None) -> tuple[ReportedStep, ...]:
    done = {step.name: step.finished_at for step in line.workspace.store.steps(line.name)}
    return tuple(
        ReportedStep(
            step=step,
            folder=step.partition(".")[0],
            part=step.rpartition(".")[2],
            at=done.get(step),
            is_next=step == missing,
        )
        for step in steps_of(line)
    )


def _next(line: Line, missing: str | None) -> Next:
    if missing is None:
        return "done"
    part = missing.rpartition(".")[2]
    if part in ("parties", "commit"):
        return "parties" if part == "parties" else "commit"
    if part == "reveal":
        return "draw" if is_revealed(line) else "reveal"
    return "draw" if part == "draw" else "run"
