"""The plan as it stands: stored, or made from the policy file and the latest registers. Only read here."""

from __future__ import annotations

from dataclasses import dataclass

from inspection import service
from inspection.draw.flow import read_flow
from inspection.office import Office, now
from inspection.planning.forecast import Planned
from inspection.planning.quotas import Quotas
from inspection.steps import firm_steps
from inspection.steps.line import Given, Line
from inspection.steps.rounds import round_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a plan is made from, and the plan's line with its quotas where they are stored."""

    given: Given
    line: Line | None = None
    stored: Planned | None = None
    is_committed: bool = False


def standing(office: Office) -> Standing:
    """The committed plan; before a commitment the policy file and the latest registers, with a draft made from them.

    Raises:
        InputError, StoreError: there is no policy, no registers, or they do not fit each other.
    """
    policy = office.policy()
    code = service.plan_code(policy)
    kept = {plan.plan: plan for plan in office.workspace.store.plans()}
    if office.is_committed(code):
        line = service.open_line(office.workspace, code, now)
        return Standing(given=line.given, line=line, stored=_stored(line), is_committed=True)
    snapshot = office.snapshot()
    draft = kept.get(code)
    if draft is not None and (draft.policy, draft.snapshot) == (policy.canonical(), snapshot.digest):
        line = service.open_line(office.workspace, code, now)
        return Standing(given=line.given, line=line, stored=_stored(line))
    return Standing(given=Given(policy, snapshot))


def _stored(line: Line) -> Planned | None:
    """Pools and quotas as frozen, None while a step is missing; these steps only read what is stored."""
    store, folder = line.workspace.store, round_of(line).firms
    if any(store.step(line.name, f"{folder}.{step}") is None for step in ("frame", "quotas")):
        return None
    framed = firm_steps.frame(line, folder)
    frozen = firm_steps.quotas(line, folder, framed, map)
    flow = tuple(read_flow(line.read(frozen.inputs.files["flow.csv"])))
    quotas = Quotas(combinations=frozen.combinations, flow=flow, bound=frozen.bound)
    return Planned(pools=framed.pools, quotas=quotas)
