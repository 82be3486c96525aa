"""A sealed year, planned once, and its public bundles in mid-year and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from public_office import AFTERWARDS, MIDYEAR, Year, plan


@pytest.fixture(scope="session")
def sealed(county: Any, tmp_path_factory: pytest.TempPathFactory) -> Year:
    year = plan(county, tmp_path_factory.mktemp("sealed"))
    year.public("mid", MIDYEAR)
    year.public("end", AFTERWARDS)
    return year


@pytest.fixture
def copied(sealed: Year, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one of the bundles to damage."""
    return lambda name: copytree(sealed.folder / name, tmp_path / name)
