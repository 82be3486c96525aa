"""Delivery tests run against a receiver on loopback; those of the store's part also on PostgreSQL (tests/store)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_scene import ORIGIN

from inspection.store.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.create(tmp_path / "workspace", origin=ORIGIN)
    yield opened
    opened.store.close()
