"""What auditors are warned of: thresholds of the policy, and past draws examined for what chance does not explain."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from inspection import service
from inspection.changes.change_report import change_lines, count_changes
from inspection.errors import InputError, Language
from inspection.publish.folder_zip import unzip_bundles, zip_folder
from inspection.steps.line import Line
from inspection.steps.standing import standing_visits
from inspection.store.changes import changes

if TYPE_CHECKING:  # NumPy and all that hangs on it load when somebody asks
    from collections.abc import Sequence

    from inspection.history.examine import Audit

MOST_UNPACKED = 2 * 1024**3
"""Bytes of a history once unpacked."""

MOST_REPLAYS = 40
"""Replays of each inspector draw that a page waits for; the command makes as many as take some half a minute."""


def red_flags(line: Line, language: Language) -> list[str]:
    """What was changed after the draws, counted, and every threshold of the policy that is passed."""
    with line.workspace.store.reading() as connection:
        visits = standing_visits(connection, line.name)
        made = changes(connection, line.name)
    return change_lines(count_changes(visits, made), line.given.policy, language)


def whole_archive(line: Line, target: Path) -> None:
    """The auditor's bundle as a zip.

    Raises:
        StoreError: no draw of the plan has a result yet.
        PublishError: it cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        zip_folder(service.bundle(line, Path(folder) / f"bundle-{line.name}"), target)


def examine_plan(line: Line) -> Audit:
    """The plan's own draws examined.

    Raises:
        StoreError: no draw of the plan has a result yet.
    """
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        return _examine([service.bundle(line, Path(folder) / line.name)])


def examine_archives(archives: Sequence[Path]) -> Audit:
    """Bundles of past years in zips, examined as one history. Nothing is verified here: that comes first.

    Raises:
        PublishError: a zip cannot be used.
        InputError: no bundle is in them, one is malformed, or nothing can be tested.
    """
    from inspection.history.read import find_bundles

    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        for number, archive in enumerate(archives):
            unzip_bundles(archive, Path(folder) / str(number), MOST_UNPACKED // len(archives))
        return _examine(find_bundles(Path(folder)))


def _examine(bundles: Sequence[Path]) -> Audit:
    from inspection.history.examine import Asked, examine
    from inspection.history.inspector_tests import replays_of
    from inspection.history.read import read_bundles

    history = read_bundles(bundles)
    if not history.draws and not history.seats:
        raise InputError("audit.nothing", sources=", ".join(path.name for path in bundles))
    return examine(history, Asked(replays=min(MOST_REPLAYS, replays_of(history.seats))))
