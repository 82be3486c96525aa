"""How single values of the policy file are read: shares, codes, dates, days of a month (exact, never float)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, Strict, StringConstraints
from pydantic_core import PydanticCustomError

_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[%％]\s*")
_RATIO = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s*")
_RANGE = re.compile(r"\s*(\d{1,2})\s*[-–—~～至到]\s*(\d{1,2})\s*")


def _fault(kind: str, **params: Any) -> PydanticCustomError:
    """A fault of our own: its sentence is ``policy.problem.<kind>`` in data/messages/policy.toml."""
    return PydanticCustomError(kind, "{kind}", {"kind": kind, **params})


def read_share(value: object) -> Fraction:
    """The exact fraction of ``"5%"``, ``0.05`` or ``"1/20"``.

    A bare 1 is refused: one bureau means 1 %, the next means all.

    Raises:
        PydanticCustomError: not a share between 0 and 100 %.
    """
    share = _fraction_of(value)
    if share is None or isinstance(value, bool):
        raise _fault("share")
    if share == 1 and not isinstance(value, str | Fraction):
        raise _fault("share_of_one")
    if not 0 <= share <= 1:
        raise _fault("share_range", percent=f"{value}%")
    return share


def _fraction_of(value: object) -> Fraction | None:
    if isinstance(value, str):
        if percent := _PERCENT.fullmatch(value):
            return Fraction(percent[1]) / 100
        ratio = _RATIO.fullmatch(value)
        return Fraction(int(ratio[1]), int(ratio[2])) if ratio and int(ratio[2]) else None
    return _exact(value)


def _exact(value: object) -> Fraction | None:
    if isinstance(value, int | Fraction):
        return Fraction(value)
    if isinstance(value, float | Decimal):
        shown = Decimal(str(value))  # the digits the user wrote, not the binary float beside them
        # 1e-999999999 is a finite number whose fraction would not fit into memory.
        return Fraction(shown) if shown.is_finite() and abs(shown.adjusted()) < 30 else None
    return None


def read_weight(value: object) -> Fraction:
    """The exact relative chance, above 0: a number, or a fraction as text.

    Raises:
        PydanticCustomError: not a positive number.
    """
    ratio = _RATIO.fullmatch(value) if isinstance(value, str) else None
    weight = _fraction_of(value) if ratio else _exact(value)
    if weight is None or isinstance(value, bool) or weight <= 0:
        raise _fault("weight")
    return weight


def read_day(value: object) -> date:
    """The date of a TOML date or of ``"2027-02-16"``.

    Raises:
        PydanticCustomError: no such date.
    """
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise _fault("date") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise _fault("date")


def read_moment(value: object) -> datetime:
    """The aware time of a TOML time with offset, or of its text.

    Raises:
        PydanticCustomError: no such time, or without an offset: nobody could say when it is.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise _fault("moment") from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _fault("moment")
    return value


def read_days_of_month(value: object) -> frozenset[int]:
    """The days named by ``[1, 2, "3-5"]``, from 1 to 31.

    Raises:
        PydanticCustomError: an entry is neither a day nor a range of days.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise _fault("days_of_month")
    days: set[int] = set()
    for entry in value:
        days.update(_days_of(entry))
    return frozenset(days)


def _days_of(entry: object) -> range:
    if isinstance(entry, int) and not isinstance(entry, bool):
        first = last = entry
    elif isinstance(entry, str) and (bounds := _RANGE.fullmatch(entry)):
        first, last = int(bounds[1]), int(bounds[2])
    elif isinstance(entry, str) and entry.strip().isdecimal():
        first = last = int(entry)
    else:
        raise _fault("days_of_month")
    if not 1 <= first <= last <= 31:
        raise _fault("days_of_month")
    return range(first, last + 1)


def _sequence(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(value)
    raise _fault("list")


Share = Annotated[Fraction, PlainValidator(read_share)]
Weight = Annotated[Fraction, PlainValidator(read_weight)]
Day = Annotated[date, PlainValidator(read_day)]
Moment = Annotated[datetime, PlainValidator(read_moment)]
DaysOfMonth = Annotated[frozenset[int], PlainValidator(read_days_of_month)]
Whole = Annotated[int, Strict()]
Switch = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

# Codes become node names and table fields: PROTOCOL 2 and 3.
Code = Annotated[str, Strict(), StringConstraints(pattern=r"^[^:,;\"'\s\p{C}]+$", max_length=64)]
Month = Annotated[str, Strict(), StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]

Codes = Annotated[tuple[Code, ...], BeforeValidator(_sequence)]
CodeSet = Annotated[frozenset[Code], BeforeValidator(_sequence)]
Dates = Annotated[frozenset[Day], BeforeValidator(_sequence)]
Count = Annotated[Whole, Field(ge=1, le=100_000)]
