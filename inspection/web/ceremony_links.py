"""Where a party sits down at a draw with a device of its own: a link that names plan, round and party, signed."""

from __future__ import annotations

from dataclasses import dataclass

from inspection.errors import PublishError
from inspection.publish.qr_code import qr_picture
from inspection.web.desk import Desk

PURPOSE = "seat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a link names."""

    plan: str
    round: int
    party: str


def seat_token(desk: Desk, plan: str, round: int, party: str) -> str:
    """The last part of the party's link: who has it sits in the party's place, so it is shown to nobody else."""
    return desk.sign(PURPOSE, f"{plan}\n{round}\n{party}")


def place_of(desk: Desk, token: str) -> Place | None:
    """What a link names; None when it is none of ours."""
    text = desk.signed(PURPOSE, token)
    parts = text.split("\n") if text is not None else []
    if len(parts) != 3 or not parts[1].isdecimal():
        return None
    return Place(plan=parts[0], round=int(parts[1]), party=parts[2])


def picture(text: str) -> str:
    """The text as a QR code, as an address of an image; '' where the extra that draws it is not installed."""
    try:
        return qr_picture(text)
    except PublishError:
        return ""
