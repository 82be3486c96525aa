"""Publication on the terminal."""

from __future__ import annotations

import json as jsonlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from inspection.console.log import read_log_key
from inspection.errors import InspectionError, Language, PublishError, message
from inspection.office import CHINA, now
from inspection.outgoing import KINDS, Announcement, Kind
from inspection.publish.adapters import Adapter, load_adapter
from inspection.publish.archive import make_archive, read_archive
from inspection.publish.exchange_workbook import workbook_bytes
from inspection.publish.letters import body_digest
from inspection.publish.log_tiles import replace_file
from inspection.publish.mapping import map_record
from inspection.publish.targets import FILE, Target, read_targets, require_target
from inspection.publish.website import write_website
from inspection.questions.public_view import site_proofs
from inspection.store import dead_letters
from inspection.store.dead_letters import Letter, Standing
from inspection.store.keys import verify
from inspection.store.outbox import announcements, standing
from inspection.store.workspace import Workspace
from inspection.work.delivery_steps import Tally, deliver, sender_of, sender_verifier

IDLE_SECONDS = 2
"""How often a watching run looks for something new."""
HALTED_SECONDS = 30
"""How long it leaves a target alone that could not be reached."""
EXAMPLE_BATCH = "2027010100001"
EVERYTHING = tuple(kind for kind in KINDS if kind != "reminder")
"""Kinds that leave the house; reminders are for our own people."""
MOST_ARCHIVED = 100_000
"""Announcements in one archive written by hand."""


def show_status(folder: Path, json: bool, language: Language) -> None:
    """How every target stands; those of the file that were never sent to stand at nothing."""
    workspace = Workspace.open(folder)
    targets = read_targets(workspace.folder)
    with workspace.store.reading() as connection:
        known = {each.target: each for each in dead_letters.standings(connection)}
    if json:
        click.echo(jsonlib.dumps([_status_row(name, known.get(name)) for name in _names(targets, known)], default=str))
        return
    if not targets and not known:
        click.echo(message("publish.target.none", language, path=workspace.folder / FILE))
    for name in _names(targets, known):
        row = _status_row(name, known.get(name)) | {"next": _moment(known[name].next_due if name in known else None)}
        click.echo(message("publish.status.line", language, **row))
        if name in targets and targets[name].adapter.unconfirmed:
            words = "、".join(targets[name].adapter.unconfirmed)
            click.echo(message("publish.status.unconfirmed", language, dictionaries=words))


def _names(targets: Mapping[str, Target], known: Mapping[str, Standing]) -> list[str]:
    return sorted({*targets, *known})


def _status_row(name: str, found: Standing | None) -> dict[str, Any]:
    counts: Mapping[Any, int] = found.counts if found is not None else {}
    return {
        "target": name,
        **{state: counts.get(state, 0) for state in ("delivered", "waiting", "dead", "dropped")},
        "retried": found.retried if found is not None else 0,
        "unseen": found.unseen if found is not None else 0,
        "next_due": found.next_due if found is not None else None,
    }


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


def run_and_show(folder: Path, names: Sequence[str], patience: int, watch: bool, json: bool, language: Language) -> int:
    """Deliver to the targets named, or to all: 0 all there, 1 dead letters or a refused target, 3 some still wait."""
    workspace = Workspace.open(folder)
    targets = read_targets(workspace.folder)
    if not targets:
        raise PublishError("publish.target.none", path=workspace.folder / FILE)
    chosen = [require_target(targets, name, workspace.folder) for name in names] or list(targets.values())
    stop = threading.Event()
    with ThreadPoolExecutor(len(chosen)) as pool:
        jobs = [pool.submit(_deliver, workspace, each, timedelta(seconds=patience), watch, stop) for each in chosen]
        try:
            results = [job.result() for job in jobs]
        finally:
            stop.set()
    with workspace.store.reading() as connection:
        known = {each.target: each for each in dead_letters.standings(connection)}
    rows = [_run_row(each.name, result, known.get(each.name)) for each, result in zip(chosen, results, strict=True)]
    if json:
        click.echo(jsonlib.dumps([row | {"failed": _told(row["failed"], "en")} for row in rows], default=str))
    else:
        for row in rows:
            click.echo(_run_line(row, language), err=row["failed"] is not None)
    return _run_code(rows)


def _deliver(
    workspace: Workspace, target: Target, patience: timedelta, watch: bool, stop: threading.Event
) -> Tally | InspectionError:
    """One run at a target, or one after the other until interrupted; a refusal is told, others go on."""
    whole = Tally(target=target.name)
    while not stop.is_set():
        try:
            tally = deliver(workspace, target, now, patience=patience, stop=stop)
        except InspectionError as error:
            return error
        whole.include(tally)
        if not watch:
            break
        stop.wait(HALTED_SECONDS if tally.halt else IDLE_SECONDS)
    return whole


def _run_row(name: str, result: Tally | InspectionError, found: Standing | None) -> dict[str, Any]:
    row = _status_row(name, found) | {
        "now_delivered": 0,
        "now_again": 0,
        "now_refused": 0,
        "halt": None,
        "failed": None,
    }
    if isinstance(result, InspectionError):
        return row | {"failed": result}
    done = {"now_delivered": result.delivered, "now_again": result.again, "now_refused": result.refused}
    return row | done | {"halt": result.halt}


def _told(error: InspectionError | None, language: Language) -> str | None:
    return None if error is None else error.text(language)


def _run_line(row: Mapping[str, Any], language: Language) -> str:
    if row["failed"] is not None:
        return f"{row['target']}: {row['failed'].text(language)}"
    code = "publish.run.halted" if row["halt"] else "publish.run.line"
    return message(code, language, **row, next=_moment(row["next_due"]))


def _run_code(rows: Sequence[Mapping[str, Any]]) -> int:
    if any(row["failed"] is not None or row["dead"] for row in rows):
        return 1
    return 3 if any(row["halt"] or row["waiting"] or row["unseen"] for row in rows) else 0


def announce_and_show(folder: Path, language: Language) -> None:
    """Plan and tasks are in the outbox as they stand."""
    from inspection.office import Office
    from inspection.work.plan_announcing import announce_plan

    count = announce_plan(Office.opened(folder).line(), now())
    click.echo(message("publish.plan.done", language, count=count))


def show_dead(folder: Path, target: str | None, json: bool, language: Language) -> None:
    """The dead letters, with why."""
    workspace = Workspace.open(folder)
    with workspace.store.reading() as connection:
        found = dead_letters.letters(connection, "dead", target, limit=10_000)
    if json:
        click.echo(jsonlib.dumps([_letter_row(letter) for letter in found], ensure_ascii=False, default=str))
        return
    for letter in found:
        click.echo(message("publish.dead.line", language, **_letter_words(letter)))
    click.echo(message("publish.dead.none" if not found else "publish.dead.next", language, count=len(found)), err=True)


def show_letter(folder: Path, key: str, json: bool, language: Language) -> None:
    """What became of one announcement at every target, and its facts."""
    workspace = Workspace.open(folder)
    with workspace.store.reading() as connection:
        found = dead_letters.letters_of(connection, key)
    if json:
        rows = [_letter_row(letter) | {"payload": letter.announcement.payload} for letter in found]
        click.echo(jsonlib.dumps(rows, ensure_ascii=False, default=str))
        return
    for letter in found:
        click.echo(message("publish.letter.line", language, **_letter_words(letter), receipt=letter.receipt or "-"))
    if found:
        click.echo(jsonlib.dumps(found[0].announcement.payload, ensure_ascii=False, indent=1))


def _letter_words(letter: Letter) -> dict[str, Any]:
    announced = letter.announcement
    return {
        "target": letter.target,
        "key": announced.key,
        "record": announced.record,
        "kind": announced.kind,
        "action": announced.action,
        "state": letter.state,
        "attempts": letter.attempts,
        "error": letter.error or "-",
        "held": letter.held,
        "at": _moment(letter.settled_at),
        "note": f"{letter.handled_by}: {letter.note or '-'}" if letter.handled_by else "-",
    }


def _letter_row(letter: Letter) -> dict[str, Any]:
    receipt = jsonlib.loads(letter.receipt) if letter.receipt else None
    return _letter_words(letter) | {"batch": letter.batch, "due_at": letter.due_at, "receipt": receipt}


def resend_and_show(folder: Path, keys: Sequence[str] | None, target: str | None, by: str, language: Language) -> None:
    """Dead letters are due again."""
    workspace = Workspace.open(folder)
    with workspace.store.writing() as connection:
        count = dead_letters.resend(connection, keys, target, by=by, now=now())
    click.echo(message("publish.resend.done", language, count=count))


def drop_and_show(folder: Path, key: str, target: str | None, reason: str, by: str, language: Language) -> None:
    """A dead letter is set aside, so that what follows it may go."""
    workspace = Workspace.open(folder)
    with workspace.store.writing() as connection:
        dead_letters.drop(connection, [key], target, by=by, note=reason, now=now())
    click.echo(message("publish.drop.done", language, key=key))


def preview_and_show(
    folder: Path, target: str | None, name: str | None, limit: int, out: Path | None, language: Language
) -> int:
    """The records as they would be sent: 1 where one cannot be, with all that is missing."""
    workspace = Workspace.open(folder)
    if target is not None:
        adapter = require_target(read_targets(workspace.folder), target, workspace.folder).adapter
    else:
        adapter = load_adapter(name or "", workspace.folder / "adapters")
    with workspace.store.reading() as connection:
        found = announcements(connection, adapter.takes, limit=limit)
    mapped, faults = _mapped(adapter, found, workspace.folder)
    for fault in faults:
        click.echo(fault.text(language), err=True)
    if out is not None:
        replace_file(out, _preview_bytes(adapter, mapped, out))
        click.echo(message("publish.preview.made", language, path=out, count=len(mapped)))
    else:
        click.echo(_pretty(mapped))
    if adapter.unconfirmed:
        click.echo(
            message("publish.status.unconfirmed", language, dictionaries="、".join(adapter.unconfirmed)), err=True
        )
    return 1 if faults else 0


def _mapped(
    adapter: Adapter, found: Sequence[Announcement], folder: Path
) -> tuple[list[tuple[Kind, dict[str, Any]]], list[InspectionError]]:
    from inspection.publish.targets import local_facts

    local, mapped, faults = local_facts(folder), [], list[InspectionError]()
    for each in found:
        try:
            body = map_record(adapter, replace(each, payload=local.complete(each.payload)), EXAMPLE_BATCH)
            mapped.append((each.kind, body))
        except InspectionError as error:
            faults.append(error)
    return mapped, faults


def _preview_bytes(adapter: Adapter, mapped: Sequence[tuple[Kind, Mapping[str, Any]]], out: Path) -> bytes:
    return workbook_bytes(adapter, mapped) if out.suffix == ".xlsx" else _pretty(mapped).encode() + b"\n"


def _pretty(mapped: Sequence[tuple[Kind, Mapping[str, Any]]]) -> str:
    return jsonlib.dumps([{"kind": kind, "body": body} for kind, body in mapped], ensure_ascii=False, indent=1)


def write_site(folder: Path, out: Path, language: Language, pages: str = "") -> None:
    """The public site stands in the folder; ``pages`` is the address of the live pages it leads to."""
    workspace, moment = Workspace.open(folder), now()
    proofs = site_proofs(workspace, moment, pages)
    with workspace.store.reading() as connection:
        counts = write_website(out, lambda kind: standing(connection, kind, moment), moment, proofs)
    click.echo(message("publish.website.made", language, folder=out, count=sum(counts.values())))


def write_archive(folder: Path, path: Path, language: Language) -> None:
    """Everything announced and due stands in a signed archive, in order."""
    workspace, moment = Workspace.open(folder), now()
    sender = sender_of(workspace)
    with workspace.store.reading() as connection:
        found = announcements(connection, EVERYTHING, limit=MOST_ARCHIVED)
    records = list(_archived(each for each in found if each.not_before <= moment))
    replace_file(path, make_archive(path.name, "file-drop", sender.name, records, sender.sign))
    click.echo(message("publish.archive.made", language, path=path, count=len(records)))


def _archived(found: Iterator[Announcement]) -> Iterator[dict[str, Any]]:
    last: dict[str, str] = {}
    for each in found:
        yield {
            "key": each.key,
            "record": each.record,
            "kind": each.kind,
            "action": each.action,
            "sequence": each.seq,
            "previous": last.get(each.record),
            "digest": body_digest(each.payload),
            "body": each.payload,
        }
        last[each.record] = each.key


def check_archive(folder: Path, path: Path, keys: Sequence[str], json: bool, language: Language) -> None:
    """Whether an archive is whole and signed by a key that is trusted; without keys, by our own."""
    trusted = [read_log_key(key) for key in keys] or [sender_verifier(Workspace.open(folder))]
    found = read_archive(path, trusted, verify)
    if json:
        click.echo(jsonlib.dumps(found.manifest, ensure_ascii=False))
        return
    sender = found.manifest.get("sender")
    click.echo(message("publish.archive.whole", language, path=path, sender=sender, count=len(found.records)))


def show_key(folder: Path) -> None:
    """The key receivers know the workspace by."""
    click.echo(sender_verifier(Workspace.open(folder)).text)
