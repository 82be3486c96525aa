"""The straight line on a small county: planned, drawn, proven; resumed after kills; refused out of order."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inspection import service
from inspection.beacon.ceremony import AttendedCeremony
from inspection.draw.reveal import party_commitment
from inspection.errors import BeaconError, DrawError, StoreError
from inspection.office import Office
from inspection.rules.plan_check import is_sound
from inspection.steps.line import Silent, refusals

ROOT = Path(__file__).parents[1]

PLANNER = """
import hashlib, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from inspection import service
from inspection.beacon.ceremony import UnattendedCeremony
from inspection.office import Office

office = Office.opened(Path(sys.argv[1]))
policy = office.policy()
rules = policy.ceremony

def clock():
    # An hour passes with each entry of the log, so that a second try sees the times of the first.
    return datetime(2027, 1, 5, tzinfo=UTC) + timedelta(hours=len(office.workspace.log.lines()))

ceremony = UnattendedCeremony(
    parties=rules.parties,
    algorithm=rules.digest,
    is_sealed=rules.seal,
    token=lambda: hashlib.sha256(b"secret").hexdigest(),
    die=lambda: 4,
)
service.renew_plan(office.workspace, policy, office.snapshot(), clock())
service.plan_year(service.open_line(office.workspace, None, clock), ceremony)
"""


def verified(bundle: Path) -> int:
    command = [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_a_planned_county_keeps_every_rule_and_its_bundle_verifies(planned):
    broken = [rule.text("en") for rule in planned.year.rules if not rule.ok]
    assert is_sound(planned.year.rules) and not broken
    assert not planned.year.days.unplaced
    assert verified(planned.bundle) == 0


def test_a_finished_plan_is_read_back_and_never_made_again(planned):
    line = planned.office.line()
    before = line.workspace.log.lines()
    again = service.plan_year(line, AttendedCeremony())
    assert again == planned.year
    assert line.workspace.log.lines() == before


def test_the_screen_counts_what_was_drawn(planned):
    summary = service.summary(planned.office.line(), planned.year, "en")
    assert summary.visits == len(planned.year.plan.visits) == sum(count for _, count in summary.visits_per_month)
    assert summary.checks >= summary.visits >= summary.visits_bound > 0
    assert summary.coverage.is_met and summary.joint_by_visits.is_met
    assert sum(tier.firms for tier in summary.tiers) == summary.firms_in_frame
    means = [tier.mean for tier in summary.tiers]
    assert means == sorted(means) and means[0] > 0


def test_every_row_of_the_plan_names_people_and_places(planned):
    rows = service.plan_rows(planned.office.line(), planned.year)
    assert len(rows) == len(planned.year.plan.visits)
    for row in rows:
        assert row.day is not None and row.firm_name and row.address and row.items
        assert len(row.officers) >= 2 * len(row.agencies)


def run_planner(script: Path, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(script), str(folder)], cwd=ROOT)


def results(folder: Path) -> dict[str, str]:
    line = Office.opened(folder).line()
    payloads = {step.name: dict(step.payload) for step in line.workspace.store.steps(line.name)}
    return {name: json.dumps(payload, sort_keys=True) for name, payload in payloads.items()}


@pytest.mark.slow
def test_a_planner_killed_again_and_again_ends_with_the_same_plan(county, tmp_path):
    script = tmp_path / "planner.py"
    script.write_text(PLANNER, encoding="utf-8")
    office = county.office()
    office.workspace.store.close()
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for copy in (whole, killed):
        shutil.copytree(office.workspace.folder, copy)
    assert run_planner(script, whole).wait() == 0
    kills = 0
    for delay in itertools.count(6):
        planner = run_planner(script, killed)
        time.sleep(delay * 0.1)
        if planner.poll() is not None:
            assert planner.wait() == 0
            break
        os.kill(planner.pid, signal.SIGKILL)
        planner.wait()
        kills += 1
    assert kills >= 3
    assert results(killed) == results(whole)


def attended(office: Office, moment: datetime):
    ticks = itertools.count()
    policy = office.policy()
    service.renew_plan(office.workspace, policy, office.snapshot(), moment)
    return service.open_line(office.workspace, None, lambda: moment + timedelta(milliseconds=2 * next(ticks)), Silent())


def test_parties_hand_in_and_reveal_one_by_one(county):
    line = attended(county.office(), datetime(2027, 1, 5, tzinfo=UTC))
    parties = line.given.policy.ceremony.parties
    secrets = {party: f"a long secret of {party}" for party in parties}
    with pytest.raises(BeaconError) as waiting:
        service.plan_year(line, AttendedCeremony())
    assert waiting.value.code == "beacon.parties.waiting"
    assert not line.workspace.log.lines()
    for kind, folder in (("firms", service.FIRMS), ("inspectors", service.INSPECTORS)):
        draw = f"{line.name}/{folder}"
        given = {party: party_commitment("sha256", draw, party, secrets[party]) for party in parties}
        assert service.hand_in(line, kind, given) == draw
    with pytest.raises(BeaconError) as waiting:
        service.plan_year(line, AttendedCeremony())
    assert waiting.value.code == "beacon.reveal.waiting"
    assert len(line.workspace.log.lines()) == 1
    asked = []

    def ask(kind, name, accept):
        asked.append((kind, name))
        if kind == "dice":
            return "7" * int(name)
        with pytest.raises(BeaconError):
            accept("not the secret of anybody")
        accept(secrets[name])
        return secrets[name]

    year = service.plan_year(line, AttendedCeremony(ask=ask))
    assert is_sound(year.rules)
    assert [name for kind, name in asked if kind == "party"] == [*parties, *parties]


def test_a_missing_party_is_named(county):
    line = attended(county.office(), datetime(2027, 1, 5, tzinfo=UTC))
    with pytest.raises(BeaconError) as missing:
        service.hand_in(line, "firms", {"notary": "0" * 64})
    assert "fire-rescue" in missing.value.text("zh")


def test_a_reveal_before_its_time_is_refused(county):
    office = county.office()
    policy = office.policy()
    now = datetime(2027, 1, 5, tzinfo=UTC)
    service.renew_plan(office.workspace, policy, office.snapshot(), now)

    class Rewound:
        calls = 0

        def __call__(self):
            self.calls += 1
            committed = bool(office.workspace.log.lines())
            return now - timedelta(hours=1) if committed else now

    line = service.open_line(office.workspace, None, Rewound())
    with pytest.raises(DrawError) as early:
        service.plan_year(line, service.unattended(policy))
    assert early.value.code == "line.reveal.early"


def test_a_committed_plan_cannot_be_made_anew(planned):
    policy = planned.office.policy()
    other = policy.model_copy(update={"joint": policy.joint.model_copy(update={"counted_by": "firms"})})
    with pytest.raises(StoreError) as refused:
        service.renew_plan(planned.office.workspace, other, planned.office.snapshot(), datetime.now(UTC))
    assert refused.value.code == "store.plan.logged"


def test_impossible_rules_are_named_before_anything_is_committed(county):
    from inspection.errors import PlanError

    office = county.office()
    text = office.policy_file.read_text(encoding="utf-8").replace('floor = "5%"', 'floor = "60%"')
    office.policy_file.write_text(text, encoding="utf-8")
    with refusals(), pytest.raises(PlanError) as short:
        service.check_feasible(office.policy(), office.snapshot())
    assert "覆盖" in short.value.text("zh") and "Coverage" in short.value.text("en")
    assert not office.workspace.log.lines()


def test_a_register_exchanged_after_the_commitment_is_refused(county):
    from dataclasses import replace

    from inspection.steps import draw_steps, firm_steps

    office = county.office()
    line, _ = office.start(Silent())
    frame = firm_steps.frame(line, service.FIRMS)
    quotas = firm_steps.quotas(line, service.FIRMS, frame, map)
    ceremony = service.unattended(line.given.policy)
    secrets = draw_steps.hand_in(line, quotas.inputs, ceremony)
    published = draw_steps.commit(line, quotas.inputs, secrets)
    opened = draw_steps.reveal(line, published, secrets, ceremony)
    rows = line.read(frame.firms).splitlines(keepends=True)
    shorter = line.keep(b"".join(rows[:-1]))
    exchanged = replace(quotas.inputs, files={**quotas.inputs.files, "firms.csv": shorter})
    with pytest.raises(DrawError) as refused:
        firm_steps.draw(line, published, opened, replace(quotas, inputs=exchanged))
    assert refused.value.code == "draw.inputs.changed"
