"""The bundle: a folder an auditor takes home, with the draws, the log and the checker in it (PROTOCOL 3)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from inspection.draw.canonical import canonical_json
from inspection.errors import PublishError

PROTOCOL = "open-draw/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawFolder:
    """One folder under draws/: its name and, for each file in it, where the frozen bytes lie."""

    folder: str
    files: Mapping[str, Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFiles:
    """The log as the bundle shows it: entry lines, verifier key line, signed notes and timestamps by size."""

    lines: Sequence[str]
    key: str
    checkpoints: Mapping[int, str]
    timestamps: Mapping[int, Mapping[str, bytes]] = field(default_factory=dict)


def write_bundle(target: Path, plan: str, draws: Sequence[DrawFolder], log: LogFiles) -> None:
    """The bundle stands in ``target``, whole; a bundle already there is replaced in one move.

    Raises:
        PublishError: ``target`` exists and is no bundle, or cannot be written.
    """
    place_folder(target, "bundle.json", lambda folder: _fill(folder, plan, draws, log))


def place_folder(
    target: Path, mark: str, fill: Callable[[Path], None], occupied: str = "publish.bundle.occupied"
) -> None:
    """What ``fill`` writes stands in ``target``, whole; a folder already there that holds ``mark`` is replaced.

    Raises:
        PublishError: ``target`` exists without ``mark`` (code ``occupied``), or cannot be written.
    """
    if target.exists() and not (target / mark).is_file():
        raise PublishError(occupied, folder=target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            fill(building)
            building.chmod(0o755)
            if target.exists():
                shutil.rmtree(target)
            building.rename(target)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    except OSError as error:
        raise PublishError("publish.bundle.unwritable", folder=target, reason=error.strerror or str(error)) from error


def _fill(folder: Path, plan: str, draws: Sequence[DrawFolder], log: LogFiles) -> None:
    """Every file of the bundle is in the folder."""
    names = [draw.folder for draw in draws]
    (folder / "bundle.json").write_bytes(canonical_json({"draws": names, "plan": plan, "protocol": PROTOCOL}))
    for draw in draws:
        home = folder / "draws" / draw.folder
        home.mkdir(parents=True)
        for name, source in draw.files.items():
            shutil.copyfile(source, home / name)
    write_log_files(folder / "log", log, "entries.jsonl")
    add_checker(folder, "verify.py")


def write_log_files(folder: Path, log: LogFiles, entries: str) -> None:
    """The log as a bundle holds it, its lines in the file ``entries``."""
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(parents=True)
    (folder / entries).write_text("".join(line + "\n" for line in log.lines), encoding="utf-8", newline="\n")
    (folder / "key").write_text(log.key + "\n", encoding="utf-8", newline="\n")
    for size, note in log.checkpoints.items():
        (checkpoints / str(size)).write_text(note, encoding="utf-8", newline="\n")
    for size, answers in log.timestamps.items():
        stamps = folder / "timestamps" / str(size)
        stamps.mkdir(parents=True)
        for name, answer in answers.items():
            (stamps / f"{name}.tsr").write_bytes(answer)


def add_checker(folder: Path, name: str) -> None:
    """The folder carries the checker of this name."""
    (folder / name).write_bytes((resources.files("inspection") / name).read_bytes())
