"""Planned years to begin from: each is planned once and copied for every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from midyear_office import MidYear, copied, found, planned, twice_a_year


@pytest.fixture(scope="session")
def drawn_once(county_files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year planned under the demonstration's own policy."""
    return planned(county_files, tmp_path_factory.mktemp("once")).folder


@pytest.fixture(scope="session")
def drawn_twice(county_files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year planned where tier D may be visited twice and reserve firms are called."""
    return planned(county_files, tmp_path_factory.mktemp("twice"), twice_a_year).folder


@pytest.fixture(scope="session")
def undrawn(county_files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Registers imported, nothing planned."""
    return found(county_files, tmp_path_factory.mktemp("undrawn"), twice_a_year).folder


@pytest.fixture
def copy(county_files: Any, tmp_path: Path) -> Callable[[Path], MidYear]:
    """A copy of such a year of one's own."""
    return lambda folder: copied(county_files, folder, tmp_path / "copy")
