"""What the store's tests share: when a year begins, whose log it is, and what a refusal is."""

from __future__ import annotations

from datetime import datetime

import pytest

from inspection.errors import StoreError

START = datetime.fromisoformat("2027-01-05T09:00:00+08:00")
ORIGIN = "open-draw.example/370828-2027"


def refused(code: str) -> pytest.RaisesExc[StoreError]:
    """A StoreError of this code, whose message can be written in both languages."""
    return pytest.RaisesExc(StoreError, check=lambda error: error.code == code and bool(error.text("zh") + str(error)))
