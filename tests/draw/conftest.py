from __future__ import annotations

import pytest

from inspection.draw.refusal import DrawRefusal
from inspection.errors import message


@pytest.fixture(params=["county-small", "county-small-sm3"])
def bundle(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def refusals_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every refusal raised in these tests has its message, and all parameters the message wants."""
    plain = DrawRefusal.__init__

    def checked(self: DrawRefusal, code: str, **params: object) -> None:
        plain(self, code, **params)
        for language in ("zh", "en"):
            message(code, language, **params)

    monkeypatch.setattr(DrawRefusal, "__init__", checked)
