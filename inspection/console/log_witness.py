"""Witnesses and timestamp authorities on the terminal."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from inspection.console.log import read_key, read_log_key
from inspection.draw.log import Entry
from inspection.draw.note import COSIGNATURE, VerifierKey
from inspection.draw.refusal import DrawRefusal
from inspection.errors import Language, PublishError, StoreError, message
from inspection.office import CHINA, now
from inspection.publish.log_evidence import keep_evidence
from inspection.publish.log_source import LogSource, open_source
from inspection.publish.log_tiles import replace_file
from inspection.publish.timestamps import fetch_stamp, read_certificates
from inspection.publish.witness import Look, Memory, cosigned, load_memory, look, only_watcher, save_memory
from inspection.steps import public_log
from inspection.steps.line import refusals
from inspection.store.keys import Signer, verify
from inspection.store.workspace import Workspace


@dataclass(frozen=True)
class Watcher:
    """A witness's files: what it remembers, its key, its name; the log's key as given; where the cosigned note goes."""

    state: Path
    key_file: Path
    name: str
    log_key: str | None
    out: Path | None


def make_witness_key(path: Path, name: str, language: Language) -> None:
    """A fresh key is in the file, its public half on stdout and in a file beside it."""
    public = path.with_suffix(".key")
    if taken := [each for each in (path, public) if each.exists()]:
        raise StoreError("log.key.exists", path=taken[0])
    with refusals():
        VerifierKey(name=name, public_key=bytes(32), kind=COSIGNATURE)
    path.parent.mkdir(parents=True, exist_ok=True)
    key = VerifierKey(name=name, public_key=Signer.generate(path).public_key, kind=COSIGNATURE)
    replace_file(public, f"{key.text}\n".encode())
    click.echo(key.text)
    click.echo(message("log.key.made", language, path=path, public=public), err=True)


def watch_and_show(place: str, watcher: Watcher, json: bool, language: Language) -> int:
    """Look once: 0 and the signature line when the log only grew, 1 with an alarm, 3 when it could not be read."""
    signer = Signer.load(watcher.key_file)
    with refusals():
        key = VerifierKey(name=watcher.name, public_key=signer.public_key, kind=COSIGNATURE)
    with only_watcher(watcher.state):
        try:
            source = open_source(place)
            memory = _memory(source, watcher, language)
            found = look(source, memory, verify, now())
        except PublishError as error:
            if not error.code.startswith("log.source."):
                raise
            return _tell_unreadable(error, json, language)
        if found.alarm is not None:
            return _shout(found, keep_evidence(watcher.state, found, now()), json, language)
        with refusals():
            known, line = cosigned(found, key, signer.sign, now())
        save_memory(watcher.state, known)
    if watcher.out is not None:
        replace_file(watcher.out, known.note.encode())
    _tell(found, known, line, json, language)
    return 0


def _memory(source: LogSource, watcher: Watcher, language: Language) -> Memory:
    """What the witness knows; at the first look, the log's key as given or as the source states it."""
    given = None if watcher.log_key is None else read_log_key(watcher.log_key)
    memory = load_memory(watcher.state)
    if memory is not None:
        if given is not None and given != memory.key:
            raise PublishError("log.watch.key", path=watcher.state, kept=memory.key.text, given=given.text)
        return memory
    key = given or source.key()
    if key is None:
        raise PublishError("log.source.keyless", place=source.name)
    code = "log.watch.first" if given else "log.watch.stated"
    click.echo(message(code, language, key=key.text, hash=key.key_hash.hex()), err=True)
    return Memory(key=key)


def _tell(found: Look, known: Memory, line: str, json: bool, language: Language) -> None:
    size = known.checkpoint.size
    if json:
        value = {"alarm": None, "size": size, "line": line.rstrip("\n"), "backdated": list(found.backdated)}
        click.echo(jsonlib.dumps(value, ensure_ascii=False))
        return
    for index in found.backdated:
        try:
            time = Entry.parse(found.lines[index]).time
        except DrawRefusal:
            time = "?"
        click.echo(message("log.watch.backdated", language, index=index, time=time), err=True)
    click.echo(message("log.watch.cosigned", language, origin=known.key.name, size=size), err=True)
    click.echo(line, nl=False)


def _shout(found: Look, evidence: Path, json: bool, language: Language) -> int:
    """The alarm on stderr, loud enough for a log file and a person."""
    seen = found.memory
    facts = {
        "origin": seen.key.name,
        "seen": seen.checkpoint.size,
        "time": f"{seen.seen.astimezone(CHINA):%Y-%m-%d %H:%M:%S}" if seen.seen else "–",
        "found": _found_size(found),
        "changed": "–" if found.changed is None else found.changed,
        "evidence": evidence,
    }
    if json:
        value = {"alarm": found.alarm, **{name: str(fact) for name, fact in facts.items()}}
        click.echo(jsonlib.dumps(value, ensure_ascii=False))
    click.echo(message("log.alarm.head", language), err=True)
    click.echo(message(f"log.alarm.{found.alarm}", language, **facts), err=True)
    if found.changed is not None:
        click.echo(
            message(
                "log.alarm.entry",
                language,
                index=found.changed,
                before=_line(seen.lines, found.changed),
                after=_line(found.lines, found.changed),
            ),
            err=True,
        )
    click.echo(message("log.alarm.next", language, **facts), err=True)
    return 1


def _found_size(found: Look) -> str:
    parts = found.found.split("\n")
    return parts[1] if len(parts) > 1 else "?"


def _line(lines: Sequence[bytes], index: int) -> str:
    return lines[index].decode("utf-8", "replace") if index < len(lines) else "–"


def _tell_unreadable(error: PublishError, json: bool, language: Language) -> int:
    if json:
        click.echo(jsonlib.dumps({"alarm": None, "unreadable": error.text(language)}, ensure_ascii=False))
    click.echo(message("log.watch.unreadable", language, reason=error.text(language)), err=True)
    return 3


def take_and_show(workspace: Path, path: Path, witnesses: Sequence[str], language: Language) -> None:
    """Each line that was handed in, and what became of it."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise StoreError("log.cosign.none") from None
    keys = [read_key(each) for each in witnesses]
    for taken in public_log.take_cosignatures(Workspace.open(workspace), text, keys, now()):
        code = "log.cosign.taken" if taken.is_new else "log.cosign.had"
        time = f"{taken.time.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
        click.echo(message(code, language, name=taken.witness, size=taken.size, time=time))


def stamp_and_show(
    workspace: Path,
    authorities: Sequence[Path],
    way: tuple[Path | None, Path | None, str | None],
    size: int | None,
    language: Language,
) -> None:
    """A query is written, an answer taken in, or both over the network."""
    opened = Workspace.open(workspace)
    request, response, url = way
    trusted = read_certificates(authorities)
    if response is not None:
        stamped, stamp = public_log.take_stamp(opened, response.read_bytes(), trusted)
    else:
        wanted, query = public_log.query_for(opened, size)
        if request is not None:
            replace_file(request, query.data)
            click.echo(message("log.stamp.requested", language, path=request, size=wanted))
            return
        answer = fetch_stamp(url or "", query)
        stamped, stamp = public_log.take_stamp(opened, answer, trusted, (wanted, query))
    time = f"{stamp.time.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    click.echo(message("log.stamp.taken", language, size=stamped, time=time, authority=stamp.authority))
