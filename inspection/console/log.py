"""The log on the terminal: entries, proofs, checks, the line for print."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from inspection.draw.log import Entry, LogCopy, Sight, first_sight
from inspection.draw.note import ED25519, Checkpoint, VerifierKey, open_note
from inspection.draw.printed import parse_line, printed_line
from inspection.draw.tlog_proof import HEAD
from inspection.errors import InputError, Language, PublishError, message
from inspection.office import CHINA
from inspection.publish.log_check import Finding, exit_code, read_entries
from inspection.publish.log_evidence import judge_evidence
from inspection.publish.log_proof import check_proof, prove_entry, prove_growth
from inspection.publish.log_source import FolderTiles, LogSource, checkpoint_of, copy_of, open_source
from inspection.publish.log_tiles import check_tiles, replace_file
from inspection.publish.qr_code import write_qr_code
from inspection.publish.timestamps import read_certificates
from inspection.steps import public_log
from inspection.steps.line import refusals
from inspection.store.keys import verify
from inspection.store.workspace import Workspace


@dataclass(frozen=True)
class Reading:
    """Which log is meant: the workspace's, or that of a source; and whose word counts."""

    workspace: Path
    place: str | None = None
    log_key: str | None = None
    witnesses: tuple[str, ...] = ()
    authorities: tuple[Path, ...] = ()

    @cached_property
    def opened(self) -> Workspace | LogSource:
        """The workspace or the source."""
        return Workspace.open(self.workspace) if self.place is None else open_source(self.place)

    @cached_property
    def log(self) -> LogCopy:
        """Its log."""
        opened = self.opened
        return opened.log.copy() if isinstance(opened, Workspace) else copy_of(opened, self.key)

    @property
    def key(self) -> VerifierKey | None:
        """The log's key as given."""
        return None if self.log_key is None else read_log_key(self.log_key)

    @property
    def stamps(self) -> Any:
        """Timestamps by size and name."""
        opened = self.opened
        return opened.log.timestamps() if isinstance(opened, Workspace) else opened.timestamps()

    def trust(self, former: Sequence[Checkpoint] = ()) -> public_log.Trust:
        """Keys, certificates and checkpoints given; a workspace also knows its witnesses."""
        keys = {key.text: key for key in map(read_key, self.witnesses)}
        if isinstance(self.opened, Workspace):
            keys |= {key.text: key for key in public_log.witnesses_of(self.opened)}
        return public_log.Trust(
            witnesses=tuple(keys.values()),
            certificates=tuple(read_certificates(self.authorities)),
            former=tuple(former),
        )


def read_key(text: str) -> VerifierKey:
    """A verifier key given as text or as a file that holds it.

    Raises:
        DrawError: it is none.
    """
    path = Path(text)
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else text
    except UnicodeDecodeError:
        raise InputError("log.key.file", path=path) from None
    if "PRIVATE KEY" in text:  # a refusal would repeat what it was given
        raise InputError("log.key.file", path=path)
    with refusals():
        return VerifierKey.parse(text.strip())


def read_log_key(text: str) -> VerifierKey:
    """A log's key given as text or as a file; a witness's is not taken for one."""
    key = read_key(text)
    if key.kind != ED25519:
        raise InputError("log.key.kind", name=key.name)
    return key


def show_log(reading: Reading, json: bool, language: Language) -> None:
    """One line per entry."""
    entries, finding = read_entries(reading.log)
    if finding.ok is False and not entries:
        raise PublishError("log.show.unreadable", faults=finding.facts["faults"])
    _, sights = public_log.check_log(reading.log, reading.stamps, reading.trust())
    rows = [_row(index, entry, first_sight(sights, index)) for index, entry in enumerate(entries)]
    if json:
        value = {"origin": reading.log.key.name, "key": reading.log.key.text, "entries": rows}
        click.echo(jsonlib.dumps(value | {"checkpoints": list(reading.log.notes)}, ensure_ascii=False))
        return
    click.echo(message("log.show.head", language, origin=reading.log.key.name, key=reading.log.key.key_hash.hex()))
    for row, entry in zip(rows, entries, strict=True):
        click.echo(_entry_line(row, entry, row["index"] + 1 in reading.log.notes, language))
    click.echo(message("log.show.foot", language, count=len(rows), notes=len(reading.log.notes)))


def _row(index: int, entry: Entry, sight: Sight | None) -> dict[str, Any]:
    row: dict[str, Any] = {"index": index, **jsonlib.loads(entry.line)}
    seen = None if sight is None else {"time": sight.time.isoformat(), "who": sight.who, "kind": sight.kind}
    return row | {"first_seen_outside": seen}


def _entry_line(row: dict[str, Any], entry: Entry, is_signed: bool, language: Language) -> str:
    seen = row["first_seen_outside"]
    outside = ""
    if seen is not None:
        time = datetime.fromisoformat(seen["time"]).astimezone(CHINA)
        outside = message("log.show.seen", language, time=f"{time:%Y-%m-%d %H:%M:%S}", who=seen["who"])
    more = " ".join(f"{name}={value}" for name, value in entry.more.items())
    return message(
        "log.show.entry",
        language,
        index=row["index"],
        time=f"{entry.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        type=message(f"log.type.{entry.type}", language),
        draw=entry.draw,
        actor=entry.actor,
        digest=entry.digest[:12],
        more=f" {more}" if more else "",
        mark="■" if is_signed else " ",
        seen=outside,
    )


def publish_log(workspace: Path, out: Path, language: Language) -> None:
    """The tiles are written."""
    written = public_log.publish(Workspace.open(workspace), out)
    click.echo(message("log.published", language, folder=out, size=written.size, new=written.new, kept=written.kept))


def prove_and_show(
    reading: Reading,
    entry: str | None,
    kind: str,
    sizes: tuple[int | None, int | None],
    out: Path | None,
    language: Language,
) -> None:
    """The proof is printed or written."""
    old, size = sizes
    if old is not None:
        text = prove_growth(reading.log, old, size).text
    else:
        text = prove_entry(reading.log, _index(reading.log, entry or "", kind), size).text
    if out is None:
        click.echo(text, nl=False)
        return
    replace_file(out, text.encode())
    click.echo(message("log.proved", language, path=out))


def _index(log: LogCopy, entry: str, kind: str) -> int:
    """The position a number or a draw's name means."""
    if entry.isdecimal():
        return int(entry)
    found = [index for index, each in enumerate(read_entries(log)[0]) if (each.draw, each.type) == (entry, kind)]
    if not found:
        draws = ", ".join(dict.fromkeys(each.draw for each in read_entries(log)[0])) or "–"
        raise PublishError("log.prove.draw", draw=entry, kind=kind, known=draws)
    return found[0]


def check_and_show(
    reading: Reading, former: Sequence[Path], lines: Sequence[str], json: bool, language: Language
) -> int:
    """Every finding on a line; the exit code: 1 when a step failed, 3 when one could not be checked."""
    with refusals():
        kept = [*(_kept(path, reading) for path in former), *(_typed(line, reading) for line in lines)]
        if reading.place is not None and Path(reading.place).is_file():
            findings = _check_file(Path(reading.place), reading, kept)
        else:
            findings = _check_whole(reading, kept)
    if json:
        rows = [{"step": each.step, "ok": each.ok, "text": each.text(language)} for each in findings]
        click.echo(jsonlib.dumps({"steps": rows, "exit": exit_code(findings)}, ensure_ascii=False))
    else:
        for each in findings:
            mark = {True: "✓", False: "✗", None: "?"}[each.ok]
            click.echo(f"{mark} {each.text(language)}")
        click.echo(message(f"log.checked.{exit_code(findings)}", language))
    return exit_code(findings)


def _check_whole(reading: Reading, former: Sequence[Checkpoint]) -> list[Finding]:
    """A workspace's rows, or a source's tiles, then everything a copy of the log allows."""
    findings = []
    if isinstance(reading.opened, Workspace):
        reading.opened.log.check()
        findings.append(Finding(step="rows", ok=True, facts={"count": len(reading.opened.log.lines())}))
    elif isinstance(reading.opened, FolderTiles):
        findings.append(check_tiles(reading.opened.folder, reading.log))
    return findings + public_log.check_log(reading.log, reading.stamps, reading.trust(former))[0]


def _check_file(path: Path, reading: Reading, former: Sequence[Checkpoint]) -> list[Finding]:
    """What a proof, evidence or checkpoint file says."""
    text = _text(path)
    if text.startswith("{"):
        return judge_evidence(path, verify, reading.key)
    key = reading.key
    if key is None:
        raise InputError("log.check.keyless", path=path)
    if text.startswith((HEAD, "old ")):
        witnesses = [read_key(each) for each in reading.witnesses]
        return check_proof(text, key, witnesses, verify, former[0] if former else None)
    raise InputError("log.check.what", path=path)


def _kept(path: Path, reading: Reading) -> Checkpoint:
    """A former checkpoint's file: its signature counts, where a key is at hand."""
    return _signed(_text(path), str(path), reading)


def _typed(line: str, reading: Reading) -> Checkpoint:
    """A printed line, or the note a QR code held."""
    # A scanner or a shell drops the last line end, without which a note is none.
    return _signed(line.rstrip("\n") + "\n", "QR", reading) if "\n\n" in line else parse_line(line)


def _signed(note: str, place: str, reading: Reading) -> Checkpoint:
    checkpoint = checkpoint_of(note, place)
    key = reading.key or (reading.log.key if reading.place is None or not Path(reading.place).is_file() else None)
    if key is not None and checkpoint.origin == key.name:
        open_note(note, [key], verify)
    return checkpoint


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError("log.check.what", path=path) from None


def print_checkpoint(reading: Reading, size: int | None, qr: Path | None, language: Language) -> None:
    """The line on stdout, the QR code in its file."""
    notes = reading.log.notes
    wanted = max(notes, default=0) if size is None else size
    if wanted not in notes:
        raise PublishError("log.prove.checkpoint", size=wanted, known=", ".join(map(str, list(notes)[-9:])) or "–")
    click.echo(printed_line(checkpoint_of(notes[wanted], str(reading.workspace))))
    if qr is not None:
        write_qr_code(qr, notes[wanted])
        click.echo(message("log.qr.made", language, path=qr), err=True)
