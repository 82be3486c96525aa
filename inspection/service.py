"""The product in one function: from registers to a drawn and proven plan.

``plan_year`` is the straight line of ARCHITECTURE; every step is stored before the next begins, so it can be called
again after a crash, or after a party has handed in what the line was waiting for, and goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from inspection.beacon.ceremony import AttendedCeremony, Ceremony, HandedIn, UnattendedCeremony
from inspection.changes.change_report import change_lines, count_changes
from inspection.draw.commitment import Kind, Party
from inspection.errors import BeaconError, Language, StoreError, message
from inspection.model import PlanRow, Pool, Summary
from inspection.planning.days import Days
from inspection.planning.quotas import Quotas, Spreader
from inspection.planning.recusal_gaps import gap_words
from inspection.planning.recusal_gaps import recusal_gaps as gaps_of
from inspection.planning.summary import Circumstances, summarise
from inspection.publish.bundle import DrawFolder, LogFiles, write_bundle
from inspection.registry.frame_tables import DrawnFirm
from inspection.registry.snapshot import Snapshot
from inspection.rules.drawn_plan import DrawnPlan, RuleResult
from inspection.rules.frame import NO_TASK
from inspection.rules.policy import Policy
from inspection.rules.workdays import workdays
from inspection.steps import day_steps, draw_steps, firm_steps, inspector_steps
from inspection.steps.line import Clock, Given, Line, Silent, Watcher, step_name
from inspection.steps.plan_rows import standing_rows
from inspection.steps.rounds import round_of
from inspection.steps.standing import standing_visits
from inspection.steps.workers import Crew, code_mark, spreading
from inspection.store import draws
from inspection.store.answers import Answers
from inspection.store.changes import changes
from inspection.store.plans import Plan
from inspection.store.supplements import supplements
from inspection.store.workspace import Workspace

ANSWERS = "answers"
"""Folder of a workspace where answers wait until their plan is stored."""
MOST_FORCED = 10
"""Warnings of visits without a choice of officers on the one screen."""

FIRMS, INSPECTORS = "1-firms", "2-inspectors"
"""Folders of the year's two draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedYear:
    """A drawn plan with its days, rule results and the people and places it speaks of."""

    drawn: day_steps.DrawnYear
    plan: DrawnPlan
    days: Days
    firms: Mapping[str, DrawnFirm]
    rules: tuple[RuleResult, ...]


def plan_year(
    line: Line,
    ceremony: Ceremony,
    *,
    processes: int = 1,
    cluster: Crew | None = None,
    when_drawn: Callable[[], None] | None = None,
) -> PlannedYear:
    """The line's round, the year's own or a supplement, is planned, drawn, proven and has its days.

    Args:
        processes: of this machine that solve regions and agencies beside each other.
        cluster: other machines that do so instead.
        when_drawn: called once all that the proof holds is stored; the days, which it does not hold, come after.

    Raises:
        PlanError: the rules cannot be met; nothing was committed.
        BeaconError: a party has not handed in or revealed yet; call again when it has.
        DrawError: something was refused: order in time, a wrong secret.
    """
    spread = spreading(
        processes,
        len(line.given.policy.regions),
        cluster=cluster,
        answers=Answers(line.workspace.folder / ANSWERS, code_mark()),
        progress=line.watcher.advance,
    )
    with line.workspace.lock(line.name), spread as run:
        drawn = draw_round(line, ceremony, run)
        if when_drawn:
            when_drawn()
        return date_round(line, drawn)


def draw_round(line: Line, ceremony: Ceremony, run: Spreader) -> day_steps.DrawnYear:
    """One round of the plan is drawn, the year's own or a supplement: firms, then inspectors."""
    current = round_of(line)
    frame = firm_steps.frame(line, current.firms)
    quotas = firm_steps.quotas(line, current.firms, frame, run, current.previous)
    secrets = draw_steps.hand_in(line, quotas.inputs, ceremony)
    published = draw_steps.commit(line, quotas.inputs, secrets)
    opened = draw_steps.reveal(line, published, secrets, ceremony)
    visits = firm_steps.draw(line, published, opened, quotas)

    chances = inspector_steps.chances(line, current.inspectors, quotas, visits, run)
    secrets = draw_steps.hand_in(line, chances.inputs, ceremony)
    published = draw_steps.commit(line, chances.inputs, secrets)
    opened = draw_steps.reveal(line, published, secrets, ceremony)
    assignments = inspector_steps.draw(line, published, opened, chances, f"{line.name}/{current.firms}")
    chances = replace(chances, flow=())  # drawn from, and large
    return day_steps.DrawnYear(frame=frame, quotas=quotas, firms=visits, chances=chances, assignments=assignments)


def date_round(line: Line, drawn: day_steps.DrawnYear) -> PlannedYear:
    """The visits of a drawn round have their days, and every rule is counted again."""
    firms = day_steps.look_up(line, drawn)
    days = day_steps.timetable(line, drawn, firms)
    plan = day_steps.drawn_plan(line, drawn, firms, days)
    rules = day_steps.check(line, drawn, plan)
    return PlannedYear(drawn=drawn, plan=plan, days=days, firms=firms, rules=rules)


def plan_code(policy: Policy) -> str:
    """What the plan of a division's year is called."""
    return f"{policy.plan.division}-{policy.plan.year}"


def new_plan(workspace: Workspace, policy: Policy, snapshot: Snapshot, now: datetime) -> None:
    """A plan of the policy's division and year exists, from this snapshot; the same again changes nothing.

    Raises:
        StoreError: the division's year has a plan from another policy or snapshot.
    """
    workspace.store.create_plan(as_plan(policy, snapshot), now=now)


def as_plan(policy: Policy, snapshot: Snapshot) -> Plan:
    """The plan of the policy's division and year."""
    return Plan(
        plan=plan_code(policy),
        division=policy.plan.division,
        year=policy.plan.year,
        name=policy.plan.name,
        policy=policy.canonical(),
        snapshot=snapshot.digest,
    )


def renew_plan(workspace: Workspace, policy: Policy, snapshot: Snapshot, now: datetime) -> bool:
    """As ``new_plan``, but a draft from another policy or snapshot is set aside; True when one was.

    A plan all of whose draws were given up is a draft again; what the log says of it stays.

    Raises:
        StoreError: a draw of the plan is committed: it stays as it is.
    """
    try:
        new_plan(workspace, policy, snapshot, now)
    except StoreError as error:
        if plan_code(policy) not in {plan.plan for plan in workspace.store.plans()}:
            raise error
        with workspace.store.reading() as connection:
            known = draws.draws(connection, plan_code(policy))
        if any(draw.void for draw in known):
            workspace.store.rebase_plan(as_plan(policy, snapshot))
        else:
            workspace.store.discard_plan(plan_code(policy))
            new_plan(workspace, policy, snapshot, now)
        return True
    return False


def open_line(workspace: Workspace, plan: str | None, clock: Clock, watcher: Watcher | None = None) -> Line:
    """The plan of this code, or the workspace's only one.

    Raises:
        StoreError: there is none, or several and none was named.
    """
    if plan is not None:
        return Line(workspace, workspace.store.plan(plan), clock, watcher or Silent())
    plans = workspace.store.plans()
    if not plans:
        raise StoreError("line.plan.none")
    if len(plans) > 1:
        raise StoreError("line.plan.several", plans=", ".join(each.plan for each in plans))
    return Line(workspace, plans[0], clock, watcher or Silent())


def check_feasible(
    policy: Policy, snapshot: Snapshot, *, processes: int = 1, cluster: Crew | None = None
) -> tuple[tuple[Pool, ...], Quotas]:
    """The pools and quotas a plan would have; nothing is stored or committed.

    Raises:
        PlanError: which rule is short, by how much, and which change would make it possible.
    """
    given = Given(policy, snapshot)
    pools = firm_steps.write_frame(given, None)
    with spreading(processes, len(policy.regions), cluster=cluster) as run:
        return pools, firm_steps.solve(given, pools, run)


def recusal_gaps(policy: Policy, snapshot: Snapshot, language: Language) -> list[str]:
    """Firms that, for recusals, could not be staffed if drawn; a sentence each, to be read before committing."""
    given = Given(policy, snapshot)
    gaps = gaps_of(given.tasks, given.items, given.inspectors, given.recusals, policy)
    return [gap_words(gap, given.agencies, language) for gap in gaps]


def unattended(policy: Policy) -> UnattendedCeremony:
    """The policy's parties, played by the system's generator."""
    rules = policy.ceremony
    return UnattendedCeremony(parties=rules.parties, algorithm=rules.digest, is_sealed=rules.seal)


def hand_in(line: Line, kind: Kind, commitments: Mapping[str, str]) -> str:
    """The parties' commitments to a draw are stored; its name is returned. The seal is the bureau's own.

    Raises:
        BeaconError: a party is missing, or not of the policy, or other commitments to this draw are kept already.
    """
    expected = line.given.policy.ceremony.parties
    known = ", ".join(expected)
    if unknown := sorted(commitments.keys() - set(expected)):
        raise BeaconError("beacon.parties.unknown", parties=", ".join(unknown), expected=known)
    if missing := [party for party in expected if party not in commitments]:
        raise BeaconError("beacon.parties.missing", parties=", ".join(missing), expected=known)
    current = round_of(line)
    folder = current.firms if kind == "firms" else current.inspectors
    name = f"{line.name}/{folder}"
    sealing = unattended(line.given.policy).hand_in(name)
    handed = HandedIn(
        parties=tuple(Party(name=party, commitment=commitments[party]) for party in expected),
        seal=sealing.seal,
        seal_secret=sealing.seal_secret,
    )
    inputs = draw_steps.Inputs(kind=kind, folder=folder, files={})
    kept = draw_steps.hand_in(line, inputs, _Brought(handed))
    if others := [had.name for had, brought in zip(kept.parties, handed.parties, strict=True) if had != brought]:
        raise BeaconError("beacon.parties.kept", draw=name, parties=", ".join(others))
    return name


@dataclass(frozen=True, slots=True)
class _Brought(AttendedCeremony):
    """A ceremony whose commitments are at hand."""

    handed: HandedIn | None = None

    def hand_in(self, draw: str) -> HandedIn:
        """What was brought."""
        return self.handed or super(_Brought, self).hand_in(draw)


def bundle(line: Line, target: Path) -> Path:
    """The proof of the plan stands in ``target``: every draw with a result, those given up, the log, the checker."""
    store, log = line.workspace.store, line.workspace.log
    with store.reading() as connection:
        known = draws.draws(connection, line.name)
    if all(draw.root is None for draw in known):
        raise StoreError("line.plan.unfinished", plan=line.name, step="draw")
    finished = [draw for draw in known if draw.root or (draw.void and draw.commitment)]
    folders = [
        DrawFolder(folder=draw.folder, files={name: line.kept(kept) for name, kept in draw.files.items()})
        for draw in finished
    ]
    files = LogFiles(lines=log.lines(), key=log.key.text, checkpoints=log.checkpoints(), timestamps=log.timestamps())
    write_bundle(target, line.name, folders, files)
    return target


def summary(line: Line, year: PlannedYear, language: Language) -> Summary:
    """The one screen of a planned year."""
    steps = line.workspace.store.steps(line.name)
    known = Circumstances(
        name=line.name,
        registered=line.given.snapshot.counts["firms"],
        bound=year.drawn.quotas.bound,
        largest=year.drawn.chances.largest,
        officer_days=year.days.officer_days,
        officer_days_two_towns=year.days.officer_days_two_towns,
        seconds=tuple(
            (step_name(step.name, language), (step.finished_at - step.started_at).total_seconds())
            for step in steps
            if step.started_at
        ),
        warnings=tuple(_warnings(line, year, language)),
    )
    return summarise(year.plan, known, line.given.agencies)


def _warnings(line: Line, year: PlannedYear, language: Language) -> list[str]:
    """What a planner must know beside the figures."""
    policy = line.given.policy
    found = [workdays(policy.plan.year, policy).warning(language)]
    idle = sum(pool.size for pool in year.plan.pools if pool.exemption == NO_TASK)
    if idle:
        found.append(message("plan.warning.no_task_firms", language, count=idle))
    if year.days.unplaced:
        found.append(
            message("plan.warning.unplaced", language, count=len(year.days.unplaced), first=year.days.unplaced[0][0])
        )
    found += year.drawn.chances.warnings.get(language, [])[:MOST_FORCED]
    found += [
        message("plan.warning.rule", language, text=rule.text(language)) for rule in year.rules if rule.ok is False
    ]
    found += after_the_draws(line, language)
    return [each for each in found if each]


def plan_rows(line: Line, year: PlannedYear) -> list[PlanRow]:
    """A row per visit as people read it, of the year and its supplements, by day, then visit."""
    return standing_rows(line, year.firms)


def after_the_draws(line: Line, language: Language) -> list[str]:
    """What was added and changed since the year's own draw, a sentence each; nothing where nothing was."""
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
        made = changes(connection, line.name)
        added = supplements(connection, line.name)
        results = [draw for draw in draws.draws(connection, line.name) if draw.kind == "firms" and draw.root]
    folders = {draw.round: draw for draw in results}
    lines = [
        message(
            "supplement.line",
            language,
            folder=folders[each.number].folder,
            start=each.start,
            tasks=len(each.tasks),
            visits=sum(1 for visit in visits if visit.draw == folders[each.number].draw),
            total=len(visits),
        )
        for each in added
        if each.number in folders
    ]
    return lines + change_lines(count_changes(visits, made), line.given.policy, language)
