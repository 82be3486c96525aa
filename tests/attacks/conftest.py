"""What every attack needs: an honest bundle, a bureau with a log and a witness, the checkers' verdict."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Makers of other folders are used as they are; pytest puts a folder on the path only when it collects from it.
for folder in ("beacon", "log", "midyear"):
    sys.path.append(str(Path(__file__).parents[1] / folder))

from attack_scene import MANY, Checkers  # noqa: E402
from log_bureau import bureau, witness  # noqa: E402, F401 - fixtures
from midyear_office import MidYear, copied, found, planned, twice_a_year  # noqa: E402


@pytest.fixture(scope="session")
def node() -> Iterator[subprocess.Popen[str] | None]:
    """One process of the JavaScript checker for all attacks; None where there is no Node.js."""
    program = shutil.which("node")
    if program is None:
        yield None
        return
    command = [program, str(MANY)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as ran:
        yield ran
        assert ran.stdin is not None
        ran.stdin.close()


@pytest.fixture
def checkers(node: subprocess.Popen[str] | None) -> Checkers:
    return Checkers(node)


@pytest.fixture(scope="session")
def drawn_year(county_files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year planned and drawn, where reserve firms are called."""
    return planned(county_files, tmp_path_factory.mktemp("drawn"), twice_a_year).folder


@pytest.fixture(scope="session")
def undrawn_year(county_files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Registers imported, nothing planned."""
    return found(county_files, tmp_path_factory.mktemp("undrawn"), twice_a_year).folder


@pytest.fixture
def office(county_files: Any, tmp_path: Path) -> Callable[[Path], MidYear]:
    """A copy of such a year, to be attacked."""
    return lambda folder: copied(county_files, folder, tmp_path / "copy")
