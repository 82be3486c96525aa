"""Minutes of a draw on disk: where the workspace keeps them, from whose template, in whose fonts."""

from __future__ import annotations

from pathlib import Path

from inspection.documents.minutes import write_docx, write_pdf
from inspection.errors import InputError, Language
from inspection.office import Office
from inspection.steps.line import Line
from inspection.steps.meeting import minutes_of


def write_minutes(workspace: Path, folder: str, out: Path | None, language: Language) -> list[Path]:
    """The minutes of a committed draw are written; where."""
    line = Office.opened(workspace).line()
    targets = [out] if out is not None else papers(line, folder)
    if out is not None and out.suffix.lower() not in (".docx", ".pdf"):
        raise InputError("cli.minutes.suffix", path=out)
    for path in targets:
        write_paper(line, folder, path, language)
    return targets


def papers(line: Line, folder: str) -> list[Path]:
    """Where the workspace keeps the minutes of a draw."""
    home = line.workspace.folder / "minutes"
    return [home / f"{folder}.docx", home / f"{folder}.pdf"]


def write_paper(line: Line, folder: str, path: Path, language: Language) -> None:
    """The minutes as Word, from the workspace's own minutes.docx where it has one, or as PDF."""
    minutes, own = minutes_of(line, folder, language), line.workspace.folder / "minutes.docx"
    if path.suffix.lower() == ".docx":
        write_docx(path, minutes, own if own.is_file() else None)
    else:
        write_pdf(path, minutes, fonts_of(line))


def fonts_of(line: Line) -> tuple[Path, ...]:
    """The workspace's own folder of fonts, where it has one."""
    own = line.workspace.folder / "fonts"
    return (own,) if own.is_dir() else ()
