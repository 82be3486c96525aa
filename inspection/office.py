"""A bureau's desk: one workspace with its policy file and latest snapshot, as the commands use it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from importlib import resources
from pathlib import Path

from inspection import service
from inspection.errors import InputError, StoreError
from inspection.registry.importer import import_registers
from inspection.registry.report import ImportReport
from inspection.registry.settings import ImportSettings, Progress, RegisterKind
from inspection.registry.snapshot import Snapshot
from inspection.rules.policy import Policy, load_policy
from inspection.steps.line import Line, Watcher
from inspection.steps.supplements import begin_supplement
from inspection.store.draws import draws
from inspection.store.workspace import Workspace

CHINA = timezone(timedelta(hours=8))
"""Official time; a fixed offset, because the country has one and containers may lack a time-zone table."""

LATEST = "snapshots/latest"

NEEDED: tuple[RegisterKind, ...] = ("agencies", "items", "inspectors", "firms", "tasks")
"""Registers a plan cannot do without; nobody may have to be recused."""


def now() -> datetime:
    """The present time with the official offset."""
    return datetime.now(UTC).astimezone(CHINA)


class Office:
    """What a command works on."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @classmethod
    def found(cls, folder: Path, *, origin: str, policy: Path | None = None, url: str | None = None) -> Office:
        """A workspace stands in the folder, with a policy file to edit.

        Raises:
            StoreError: the folder is taken.
            InputError: the policy given cannot be used.
        """
        if policy is not None:
            load_policy(policy)
        office = cls(Workspace.create(folder, url=url, origin=origin))
        if policy is not None:
            shutil.copyfile(policy, office.policy_file)
        else:
            office.policy_file.write_bytes((resources.files("inspection_data") / "policy.toml").read_bytes())
        return office

    @classmethod
    def opened(cls, folder: Path) -> Office:
        """The workspace in the folder; StoreError when there is none."""
        return cls(Workspace.open(folder))

    @property
    def policy_file(self) -> Path:
        """The bureau's rules; ``load_policy`` reads them anew each time."""
        return self.workspace.folder / "policy.toml"

    def policy(self) -> Policy:
        """The rules as they stand in the file."""
        if not self.policy_file.is_file():
            raise InputError("cli.workspace.nopolicy", path=self.policy_file)
        return load_policy(self.policy_file)

    def import_files(
        self,
        files: Mapping[RegisterKind, Sequence[Path]],
        *,
        mappings: Mapping[RegisterKind, Path],
        as_of: date,
        strict: bool,
        progress: Progress | None = None,
    ) -> ImportReport:
        """The registers are frozen in a snapshot; bad rows wait in quarantine.

        The snapshot is the latest from now on where nothing is missing that a plan needs: some registers brought alone
        do not replace the whole set of an earlier import.
        """
        settings = replace(import_settings(self.policy(), as_of), mappings=mappings, strict=strict)
        report = import_registers(files, self.workspace.folder, settings, progress)
        if report.snapshot is not None and not missing_registers(report.snapshot):
            (self.workspace.folder / LATEST).write_text(report.snapshot.digest + "\n", encoding="utf-8")
        return report

    def snapshot(self) -> Snapshot:
        """The registers imported last, which must be of the year, divisions and tiers of the policy file.

        Raises:
            StoreError: there are none, or they were imported under other rules.
        """
        snapshot = self.latest_snapshot()
        refuse_other_rules(self.policy(), snapshot)
        return snapshot

    def latest_snapshot(self) -> Snapshot:
        """The registers imported last, whatever the policy file says by now; StoreError when there are none."""
        latest = self.workspace.folder / LATEST
        if not latest.is_file():
            raise StoreError("cli.workspace.nosnapshot")
        return Snapshot.open(self.workspace.folder, latest.read_text(encoding="utf-8").strip())

    def start(self, watcher: Watcher) -> tuple[Line, bool]:
        """The line of this year's plan, and whether an earlier draft was set aside for it.

        A draft of which the log knows nothing follows the policy file and the latest registers; once committed, a
        plan stays as it is and is merely taken up again.
        """
        policy = self.policy()
        code = service.plan_code(policy)
        if self.is_committed(code):
            return service.open_line(self.workspace, code, now, watcher), False
        discarded = service.renew_plan(self.workspace, policy, self.snapshot(), now())
        return service.open_line(self.workspace, code, now, watcher), discarded

    def line(self, watcher: Watcher | None = None) -> Line:
        """The line of the plan there is; of several, the one the policy file is about.

        Raises:
            StoreError: there is none, or the policy file is about none of several.
        """
        plans = {plan.plan for plan in self.workspace.store.plans()}
        code = service.plan_code(self.policy()) if len(plans) > 1 else None
        return service.open_line(self.workspace, code if code in plans else None, now, watcher)

    def supplement(self, start: date | None, watcher: Watcher) -> Line:
        """The line of a supplement from the latest registers; see ``begin_supplement``."""
        return begin_supplement(self.line(watcher), self.snapshot(), start)

    def is_committed(self, code: str) -> bool:
        """Whether a draw of the plan that counts is in the log: from then on the plan stays as it is."""
        with self.workspace.store.reading() as connection:
            return any(draw.commitment is not None and draw.void is None for draw in draws(connection, code))


def import_settings(policy: Policy, as_of: date) -> ImportSettings:
    """What an import under the policy is asked to do; certificates must be valid on the day."""
    return ImportSettings(
        year=policy.plan.year,
        regions=frozenset(policy.regions),
        tiers=policy.tier_order,
        as_of=as_of,
        blank_tier=policy.registers.blank_tier,
    )


def missing_registers(snapshot: Snapshot) -> tuple[RegisterKind, ...]:
    """Registers without a usable row that a plan cannot do without."""
    return tuple(kind for kind in NEEDED if not snapshot.counts.get(kind))


def refuse_other_rules(policy: Policy, snapshot: Snapshot) -> None:
    """What the importer checked against the policy of that day still holds.

    Raises:
        StoreError: year, divisions or tiers are others now.
    """
    tasks = snapshot.tasks()
    found = {
        "plan.year": ({month[:4] for task in tasks for month in task.months}, {str(policy.plan.year)}),
        "plan.regions": (set(snapshot.firm_counts["region"]), set(policy.regions)),
        "tiers": (set(snapshot.firm_counts["tier"]), set(policy.tier_order)),
    }
    for rule, (got, expected) in found.items():
        if others := got - expected:
            raise StoreError(
                "cli.workspace.stale", rule=rule, got=", ".join(sorted(others)), expected=", ".join(sorted(expected))
            )
