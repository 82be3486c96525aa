"""How far a plan's round is: its steps in order, the first that is not stored, and what to do next."""

from __future__ import annotations

from inspection import service
from inspection.beacon.announcing import source_words
from inspection.beacon.ceremony import AttendedCeremony
from inspection.errors import Language, StoreError, message
from inspection.steps.line import Line, step_name
from inspection.steps.reveal_steps import awaited
from inspection.steps.rounds import round_of


def next_words(line: Line) -> tuple[str, dict[str, object]]:
    """Code and parameters of the message that says what to do next."""
    missing = missing_step(line)
    if missing is None:
        return "cli.next.done", {}
    folder, _, part = missing.rpartition(".")
    draw, kind = f"{line.name}/{folder}", folder.partition("-")[2]
    if part == "parties":
        parties = line.given.policy.ceremony.parties
        pairs = " ".join(f"{party}=…" for party in parties)
        return "cli.awaited.parties", {"draw": draw, "kind": kind, "pairs": pairs, "names": ", ".join(parties)}
    return _next_reveal(line, draw) if part == "reveal" else ("cli.next.run", {})


def _next_reveal(line: Line, draw: str) -> tuple[str, dict[str, object]]:
    """What the reveal needs: people and dice, or a public value that is made elsewhere."""
    waiting = awaited(line)
    source = waiting.commitment.public if waiting else None
    if source is None or source.kind == "dice":
        return "cli.awaited.reveal", {"draw": draw}
    return "cli.awaited.public", {"draw": draw, "source": source_words(source), "opens": source.not_before}


def missing_step(line: Line) -> str | None:
    """The first step of the line's round that is not stored."""
    done = {step.name for step in line.workspace.store.steps(line.name)}
    return next((step for step in steps_of(line) if step not in done), None)


def steps_of(line: Line) -> list[str]:
    """The steps of the line's round in their order."""
    current = round_of(line)
    return [
        *(f"{current.firms}.{part}" for part in ("frame", "quotas", "parties", "commit", "reveal", "draw")),
        *(f"{current.inspectors}.{part}" for part in ("chances", "parties", "commit", "reveal", "draw")),
        *(f"{current.firms}.{part}" for part in ("timetable", "check")),
    ]


def finished_year(line: Line, language: Language) -> service.PlannedYear:
    """The planned year, read back from what every step stored.

    Raises:
        StoreError: a step is missing; which, and what to do next, in the language.
    """
    missing = missing_step(line)
    if missing is not None:
        code, params = next_words(line)
        following = message(code, language, **params)
        raise StoreError("cli.plan.unfinished", plan=line.name, step=step_name(missing, language), following=following)
    return service.plan_year(line, AttendedCeremony())
