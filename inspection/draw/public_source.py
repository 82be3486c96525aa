"""The public value of a draw: something nobody could know before the commitment was logged (PROTOCOL 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from inspection.draw.refusal import DrawRefusal

PublicKind = Literal["dice", "drand", "lottery", "nist"]

PUBLIC_FIELDS: Final[Mapping[PublicKind, Mapping[str, type]]] = {
    "dice": {"digits": int},
    "drand": {"chain": str, "round": int},
    "lottery": {"source": str, "issue": str},
    "nist": {"time": str},
}
"""What a public source names beside its kind and ``not_before``."""

_HEX = re.compile(r"[0-9a-f]{64}")
_PULSE = re.compile(r"[0-9A-Fa-f]{128}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def parse_time(text: object) -> datetime:
    """The aware time of an RFC 3339 text with offset.

    >>> parse_time("2027-01-05T09:30:00+08:00").isoformat()
    '2027-01-05T09:30:00+08:00'

    Raises:
        DrawRefusal: not such a text.
    """
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise DrawRefusal("draw.time", value=text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise DrawRefusal("draw.time", value=text) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSource:
    """Which public value will count, and the time before which it must not exist.

    Attributes:
        kind: ``dice``, ``drand``, ``lottery``, or ``nist`` (docs/decisions/0010).
        fields: exactly those of ``PUBLIC_FIELDS``: digits of the dice; chain and round; source and issue; time.
        not_before: RFC 3339 with offset; the commitment's log entry is earlier.
    """

    kind: PublicKind
    fields: Mapping[str, str | int]
    not_before: str

    def __post_init__(self) -> None:
        expected = PUBLIC_FIELDS.get(self.kind)
        if expected is None:
            raise DrawRefusal("draw.public.kind", kind=self.kind)
        if self.fields.keys() != expected.keys():
            raise DrawRefusal("draw.public.fields", kind=self.kind, expected=", ".join(expected))
        for name, kind in expected.items():
            value = self.fields[name]
            if type(value) is not kind or not value or (isinstance(value, int) and value < 0):
                raise DrawRefusal("draw.public.field", kind=self.kind, field=name, value=value)
        parse_time(self.not_before)
        if self.kind == "nist":
            parse_time(self.fields["time"])

    @property
    def opens_at(self) -> datetime:
        """``not_before`` as an aware time."""
        return parse_time(self.not_before)

    def check_value(self, value: str) -> None:
        """The value has the form its source announces (PROTOCOL 4).

        Raises:
            DrawRefusal: wrong number of dice digits, or of hex digits of a drand round or a pulse, or empty.
        """
        if self.kind == "dice":
            digits = int(self.fields["digits"])
            if not (value.isascii() and value.isdigit() and len(value) == digits):
                raise DrawRefusal("draw.public.dice", expected=digits, got=len(value), value=value)
        elif self.kind == "drand" and not _HEX.fullmatch(value):
            raise DrawRefusal("draw.public.drand", round=self.fields["round"], value=value)
        elif self.kind == "nist" and not _PULSE.fullmatch(value):
            raise DrawRefusal("draw.public.nist", time=self.fields["time"], value=value)
        elif not value.strip() or len(value.splitlines()) != 1:
            raise DrawRefusal("draw.public.empty", kind=self.kind)
