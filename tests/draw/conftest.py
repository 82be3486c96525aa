from __future__ import annotations

import pytest


@pytest.fixture(params=["county-small", "county-small-sm3"])
def bundle(request: pytest.FixtureRequest) -> str:
    return str(request.param)
