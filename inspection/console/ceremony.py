"""The draw in a meeting room, step by step on one screen; it works without any network.

Parties hand over commitments, the commitment of the draw is published, the public value is made in the open and read
back, secrets are revealed and checked one by one, the draw is made, and only then its rows run down the screen. Each
answer is stored at once, so the meeting can be interrupted anywhere and taken up again with the same command.
"""

from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path

from inspection import service
from inspection.beacon.announcing import source_words
from inspection.beacon.ceremony import AttendedCeremony, opens
from inspection.beacon.evidence import check_value
from inspection.changes import change_steps
from inspection.console.papers import fonts_of, papers, write_paper
from inspection.console.party import read_secret_file
from inspection.console.progress import ProgressBars
from inspection.console.room import Room, grouped
from inspection.documents.template import chinese_font
from inspection.draw.commitment import Kind, Party
from inspection.draw.printed import printed_line
from inspection.draw.public_source import PublicSource
from inspection.errors import BeaconError, DrawError, InputError, InspectionError, Language, PublishError
from inspection.office import Office
from inspection.steps.line import Line, refusals
from inspection.steps.meeting import minutes_of, record_of, replay
from inspection.steps.reveal_steps import Awaited, awaited, bring_public, keep_public, open_escrow, reveal_secret

ABSENT = ("缺席", "absent")
"""What is typed in place of the secret of a party that does not reveal."""


def hold_ceremony(workspace: Path, seconds: float, has_qr: bool, language: Language) -> int:
    """Hold the meeting from where it stands; 0 when the plan is drawn, 3 when a draw was given up."""
    bars, room = ProgressBars(language), Room(language)
    line, _ = Office.opened(workspace).start(bars)
    meeting = Meeting(line, room, bars, seconds, has_qr)
    return meeting.hold()


LONGEST_WAIT = 1_200
"""Seconds people will sit and wait for a public value; for a later one the meeting is held again."""


class Meeting:
    """One meeting: a line of a plan, the room, and how it is shown."""

    def __init__(self, line: Line, room: Room, bars: ProgressBars, seconds: float, has_qr: bool) -> None:
        self.line = line
        self.room = room
        self.bars = bars
        self.seconds = seconds
        self.has_qr = has_qr
        self.published: set[str] = set()
        """Folders whose commitment this meeting has shown."""

    def hold(self) -> int:
        """Draw after draw until the plan is complete."""
        self._open()
        while True:
            waiting = awaited(self.line)
            if waiting is not None and waiting.folder not in self.published:
                self._show_commitment(waiting)
            if waiting is not None and not self._reveal(waiting):
                self._write_minutes(waiting.folder)
                return 3
            draw = self._advance()
            if waiting is not None:
                self._show_result(waiting.folder)
                self._write_minutes(waiting.folder)
            if draw is None:
                self.room.title("done", plan=self.line.name)
                self.room.say("done_next")
                return 0
            if awaited(self.line) is None:
                self._hand_in(draw)

    def _open(self) -> None:
        """Whose plan it is, how the meeting will go, and what is missing for its papers."""
        rules = self.line.given.policy.ceremony
        self.room.title("opening", name=self.line.plan.name)
        if self.line.workspace.origin.endswith("/rehearsal"):
            self.room.say("rehearsal")
        rule = self.room.words(f"rule_{rules.missing_reveal}")
        self.room.say("course", parties=", ".join(rules.parties) or "-", rule=rule)
        try:
            chinese_font(fonts_of(self.line))
        except PublishError as error:
            self.room.complain(error)

    def _advance(self) -> str | None:
        """The line goes on until people are needed: the draw that waits for them, None when the plan is complete."""
        try:
            with self.bars.running():
                service.plan_year(self.line, AttendedCeremony())
        except BeaconError as error:
            if not error.code.endswith(".waiting"):
                raise
            return str(error.params["draw"])
        except DrawError as error:
            if error.code != "line.reveal.early":
                raise
            return str(error.params["draw"])
        return None

    def _hand_in(self, draw: str) -> None:
        """Every party's commitment is typed or scanned, shown, and kept with those of the others."""
        parties = self.line.given.policy.ceremony.parties
        self.room.title("commitments", draw=draw)
        if parties:
            digest = self.line.given.policy.ceremony.digest
            self.room.say("how_to_commit", draw=draw, digest=digest)
        brought: dict[str, str] = {}
        for party in parties:
            answer = self.room.ask("ask_commitment", partial(_require_commitment, party), of=party)
            brought[party] = _commitment(party, answer)
            self.room.table(("party", "commitment"), [(name, grouped(hex)) for name, hex in brought.items()])
        kind: Kind = "inspectors" if draw.endswith("-inspectors") else "firms"
        service.hand_in(self.line, kind, brought)
        self._advance()

    def _show_commitment(self, waiting: Awaited) -> None:
        """What was committed to is published: the digest large, the checkpoint as a line of print and a code."""
        self.published.add(waiting.folder)
        log = self.line.workspace.log
        position = log.position(waiting.commitment.draw, "commit")
        self.room.title("published", draw=waiting.commitment.draw)
        self.room.digest("digest", waiting.commitment.hex)
        if position is not None:
            shown = printed_line(log.published(position).checkpoint)
            self.room.say("checkpoint", line=shown, key=log.key.text)
            if self.has_qr:
                self.room.qr(shown)
        self.room.wait("compare")

    def _reveal(self, waiting: Awaited) -> bool:
        """The public value, then every party's secret; False when the draw was given up instead."""
        source = waiting.commitment.public
        if source is not None and waiting.public is None:
            self.room.title("public", draw=waiting.commitment.draw)
            self._make_public(source)
        self.room.title("secrets", draw=waiting.commitment.draw)
        for party in waiting.commitment.parties:
            if party.name not in waiting.revealed and not self._reveal_one(waiting, party):
                return False
            self.room.say("opened", party=party.name)
        return True

    def _make_public(self, source: PublicSource) -> None:
        """The public value is made in the open and kept, typed by one and read back by another."""
        wait = (source.opens_at - self.line.clock()).total_seconds()
        if wait > LONGEST_WAIT:
            raise DrawError("line.reveal.early", draw=self.line.name, opens=source.not_before)
        if wait > 0:
            self.room.say("not_yet", opens=source.not_before, seconds=f"{wait:.0f}")
            time.sleep(wait)
        what = source_words(source)
        if source.kind in ("drand", "nist"):
            answer = self.room.ask(f"ask_{source.kind}", partial(_require_value, source), of=what)
            if Path(answer).is_file():
                self.room.say("proved", detail=bring_public(self.line, Path(answer).read_bytes()).detail)
                return
            keep_public(self.line, answer)
            return
        clean = _digits if source.kind == "dice" else str.strip
        value = self.room.ask_twice(f"ask_{source.kind}", partial(check_value, source), clean, of=what)
        keep_public(self.line, value)
        self.room.say("kept", value=grouped(value))

    def _reveal_one(self, waiting: Awaited, party: Party) -> bool:
        """A party opens its secret, or the rule for those that do not applies; False when the draw was given up."""
        accept = partial(_require_secret, waiting, party)
        answer = self.room.ask("ask_secret", accept, is_hidden=True, of=party.name)
        if answer not in ABSENT:
            secret = _secret(answer, waiting, party)
            reveal_secret(self.line, party.name, secret)
            self.room.say("revealed", party=party.name, secret=secret)
            return True
        rule = self.line.given.policy.ceremony.missing_reveal
        self.room.say(f"absent_{rule}", party=party.name)
        if rule == "escrow" and self.room.confirm("ask_escrow", of=party.name):
            by = self.room.ask("ask_opened_by", of=party.name)
            reason = self.room.ask("ask_why", of=party.name)
            answer = self.room.ask("ask_envelope", partial(_require_own, waiting, party), of=party.name)
            open_escrow(self.line, party.name, _secret(answer, waiting, party), opened_by=by, reason=reason)
            return True
        return not self._give_up(waiting, party)

    def _give_up(self, waiting: Awaited, party: Party) -> bool:
        """The draw is void, asked for by one person and approved by another; False when nobody wants that now."""
        if not self.room.confirm("ask_void", draw=waiting.commitment.draw, party=party.name):
            raise BeaconError("beacon.reveal.waiting", draw=waiting.commitment.draw)
        wish = change_steps.void_wish(self.line, waiting.commitment.draw, "party-absent")
        asked = change_steps.request(self.line, wish, self.room.ask("ask_asks"))

        def approve(name: str) -> None:
            change_steps.approve(self.line, asked.number, name)

        self.room.ask("ask_approves", approve)
        self.room.say("void", draw=waiting.commitment.draw)
        return True

    def _show_result(self, folder: str) -> None:
        """Seed and root, then the rows as a replay of a draw that is over."""
        record = record_of(self.line, folder)
        if record.root is None:
            return
        minutes = minutes_of(self.line, folder, self.room.language)
        self.room.title("result", draw=record.draw)
        self.room.digest("seed", minutes.seed)
        self.room.digest("root", record.root)
        self.room.say("replay_label")
        self.room.replay(replay(self.line, folder), self.seconds)
        self.room.say("replay_end", outcome=minutes.outcome)

    def _write_minutes(self, folder: str) -> None:
        """The minutes of the draw stand in the workspace; what cannot be written is told and hinders nothing."""
        for path in papers(self.line, folder):
            try:
                write_paper(self.line, folder, path, self.room.language)
                self.room.say("minutes", path=path)
            except InspectionError as error:
                self.room.complain(error)


def replay_draw(workspace: Path, folder: str, seconds: float, language: Language) -> None:
    """The rows of a draw that is over run down the screen once more.

    Raises:
        InputError: the draw has no result.
    """
    line, room = Office.opened(workspace).line(), Room(language)
    if record_of(line, folder).root is None:
        raise InputError("cli.ceremony.undrawn", folder=folder)
    room.say("replay_label")
    room.replay(replay(line, folder), seconds)
    room.say("replay_end", outcome=minutes_of(line, folder, language).outcome)


def _digits(text: str) -> str:
    """Digits however they were spaced; full-width ones become plain."""
    return "".join(str(int(char)) if char.isdecimal() else char for char in text if not char.isspace())


def _commitment(party: str, answer: str) -> str:
    """The 64 digits of ``party=digits`` or of the digits alone, however they were spaced."""
    name, separator, rest = answer.partition("=")
    digits = "".join((rest if separator else name).split()).lower()
    return digits if not separator or name.strip() == party else ""


def _require_commitment(party: str, answer: str) -> None:
    if not re.fullmatch("[0-9a-f]{64}", _commitment(party, answer)):
        raise InputError("cli.parties.form", given=f"  {answer}")


def _require_value(source: PublicSource, answer: str) -> None:
    if not Path(answer).is_file():
        check_value(source, answer)


def _secret(answer: str, waiting: Awaited, party: Party) -> str:
    """The secret typed in, or that of a party's file.

    Raises:
        InputError: the file is of another draw or party.
    """
    if not answer.endswith(".json") or not Path(answer).is_file():
        return answer
    kept = read_secret_file(Path(answer))
    if (kept["draw"], kept["party"]) != (waiting.commitment.draw, party.name):
        raise InputError("cli.party.other", path=answer, draw=waiting.commitment.draw, party=party.name)
    return kept["secret"]


def _require_own(waiting: Awaited, party: Party, answer: str) -> None:
    with refusals():
        opens(waiting.commitment, party)(_secret(answer, waiting, party))


def _require_secret(waiting: Awaited, party: Party, answer: str) -> None:
    if answer not in ABSENT:
        _require_own(waiting, party, answer)
