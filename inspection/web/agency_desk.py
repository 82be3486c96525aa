"""What the pages of agencies share: whose page it is, the doors between them, how a page is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from inspection.model import Agency
from inspection.steps.line import Line
from inspection.web.desk import Visitor
from inspection.web.refusal import Refused
from inspection.web.roles import Permission
from inspection.web.view import page

PLACES: tuple[tuple[str, str], ...] = (
    ("/agency", "agency.visits"),
    ("/agency/due", "agency.due"),
    ("/agency/sheets", "agency.sheets"),
    ("/agency/figures", "agency.figures"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyDesk:
    """The agency whose page is shown, of those the visitor may choose from."""

    agency: Agency
    choices: tuple[Agency, ...]

    @property
    def code(self) -> str:
        """Of the agency shown."""
        return self.agency.agency


def agency_desk(line: Line, visitor: Visitor, asked: str | None, permission: Permission = "visits.read") -> AgencyDesk:
    """The agency asked for, or the visitor's first.

    Raises:
        Refused: 403, it is not the visitor's; an officer alone has the own visits, not the agency's.
    """
    own = visitor.agencies(permission, line.given.agencies.values())
    choices = tuple(agency for code, agency in line.given.agencies.items() if code in own)
    chosen = next((each for each in choices if each.agency == (asked or each.agency)), None)
    if chosen is None or visitor.roles == ("inspector",):
        raise Refused(403, "web.agency", agencies=asked or "-")
    return AgencyDesk(agency=chosen, choices=choices)


def agency_page(
    request: Request, template: str, here: str, desk: AgencyDesk, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of the agency's work with the doors to the others."""
    return page(request, f"clerk/{template}", status, places=PLACES, here=here, desk=desk, **values)
