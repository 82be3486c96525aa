"""What the page and the API refuse by themselves, with the status of HTTP that says so."""

from __future__ import annotations

from inspection.errors import InspectionError

STATUS = {
    "InputError": 422,
    "RuleError": 409,
    "DrawError": 409,
    "BeaconError": 409,
    "PlanError": 409,
    "StoreError": 409,
    "PublishError": 409,
}
"""The domain says no: 409, what was handed in cannot be used: 422."""

NOT_FOUND = (
    "change.visit",
    "change.draw",
    "line.plan.none",
    "cli.workspace.nosnapshot",
    "store.draw.unknown",
    "store.change.unknown",
    "store.account.unknown",
    "store.account.key",
    "store.plan.unknown",
    "store.proposal.unknown",
    "registers.snapshot.missing",
)
"""Errors that mean: there is none."""

BUSY = ("store.database.busy", "store.database.unreachable")


class Refused(InspectionError):
    """A request that is not carried out; ``status`` is HTTP's."""

    def __init__(self, status: int, code: str, **params: object) -> None:
        super().__init__(code, **params)
        self.status = status


class NotSignedIn(Refused):
    """Nobody is signed in, and what was asked for is not for everybody."""

    def __init__(self) -> None:
        super().__init__(401, "web.anonymous")


def not_found(what: str) -> Refused:
    """There is no such thing."""
    return Refused(404, "web.missing", what=what)


def status_of(error: InspectionError) -> int:
    """HTTP's status for an error of the domain."""
    if isinstance(error, Refused):
        return error.status
    if error.code in NOT_FOUND:
        return 404
    if error.code in BUSY:
        return 503
    return next((STATUS[each.__name__] for each in type(error).__mro__ if each.__name__ in STATUS), 409)
