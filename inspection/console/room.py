"""The screen of a meeting room: large digests, questions answered twice, a replay that says that it is one."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence

import click
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from inspection.console.party import show_qr
from inspection.draw.refusal import DrawRefusal
from inspection.errors import InspectionError, Language, message
from inspection.steps.meeting import ReplayRow

Accept = Callable[[str], None]


class Room:
    """What everybody in the room sees, and the keyboard in front of it."""

    def __init__(self, language: Language, console: Console | None = None) -> None:
        self.language = language
        self.console = console or Console(highlight=False)

    def words(self, code: str, **params: object) -> str:
        """The message of a code."""
        return message(f"cli.ceremony.{code}", self.language, **params)

    def say(self, code: str, **params: object) -> None:
        """A sentence on the screen."""
        self.console.print(Text(self.words(code, **params)))

    def title(self, code: str, **params: object) -> None:
        """A rule across the screen with the name of the step."""
        self.console.print()
        self.console.rule(Text(self.words(code, **params), style="bold"))

    def digest(self, code: str, digits: str) -> None:
        """A digest so large that it can be read from the last row: eight groups of eight, two lines."""
        groups = [digits[at : at + 8] for at in range(0, len(digits), 8)]
        half = (len(groups) + 1) // 2
        lines = ["   ".join(groups[:half]), "   ".join(groups[half:])]
        body = Text("\n".join(line for line in lines if line), style="bold", justify="center")
        self.console.print(Panel(body, title=Text(self.words(code)), padding=(1, 2)))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows under heads named by codes."""
        table = Table(*[self.words(column) for column in columns], expand=False)
        for row in rows:
            table.add_row(*[Text(cell) for cell in row])
        self.console.print(table)

    def qr(self, text: str) -> None:
        """A code to photograph."""
        show_qr(text, self.language)

    def wait(self, code: str, **params: object) -> None:
        """Everybody is ready: the return key."""
        click.prompt(self.words(code, **params), default="", show_default=False, prompt_suffix=" ⏎ ", err=True)

    def ask(self, code: str, accept: Accept | None = None, *, of: str = "", is_hidden: bool = False) -> str:
        """An answer that is accepted; what is wrong with others is told. ``of`` is whom or what it is about."""
        while True:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # without a terminal there is nobody to hide an answer from
                answer: str = click.prompt(self.words(code, of=of), hide_input=is_hidden, err=True)
            answer = answer.strip()
            try:
                if accept is not None:
                    accept(answer)
                return answer
            except InspectionError as error:
                self.complain(error)
            except DrawRefusal as refusal:
                self.complain(InspectionError(refusal.code, **refusal.params))

    def ask_twice(self, code: str, accept: Accept, clean: Callable[[str], str], *, of: str) -> str:
        """An answer typed by one person and read back by another: both must agree."""
        while True:
            first = clean(self.ask(code, lambda answer: accept(clean(answer)), of=of))
            self.say("read_back", value=grouped(first))
            second = clean(self.ask("again", of=of))
            if first == second:
                return first
            self.say("differ", first=grouped(first), second=grouped(second), place=_first_difference(first, second))

    def confirm(self, code: str, **params: object) -> bool:
        """Yes or no, no by default."""
        return click.confirm(self.words(code, **params), default=False, err=True)

    def complain(self, error: InspectionError) -> None:
        """What is wrong."""
        self.console.print(Text(error.text(self.language), style="red"))

    def replay(self, rows: Sequence[ReplayRow], seconds: float) -> None:
        """The rows run down the screen, each marked as a replay; about so many seconds in all."""
        mark = self.words("replay_mark")
        pause = seconds / max(1, len(rows))
        for row in rows:
            self.console.print(Text(f"{mark} │ {row.number}  {row.who}  {row.what}"), overflow="ellipsis", no_wrap=True)
            if pause > 0:
                time.sleep(pause)


def grouped(text: str) -> str:
    """Digits in fives, other text as it is.

    >>> grouped("0123456789")
    '01234 56789'
    """
    if not (text.isascii() and text.isalnum()):
        return text
    return " ".join(text[at : at + 5] for at in range(0, len(text), 5))


def _first_difference(first: str, second: str) -> int:
    """Where two answers first differ, counted from 1."""
    same = next((at for at, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), None)
    return (min(len(first), len(second)) if same is None else same) + 1
