"""Mistakes in the command line itself, told in the planner's language; click speaks English only."""

from __future__ import annotations

import os
from typing import IO, Any

import click

from inspection.errors import Language, message


class Misuse(click.UsageError):
    """A usage error in words of the catalogue: exit code 2."""

    def __init__(self, error: click.UsageError, language: Language) -> None:
        super().__init__(_words(error, language), error.ctx)
        self._language = language

    def show(self, file: IO[Any] | None = None) -> None:
        """The mistake, and the command that shows how it is done."""
        command = self.ctx.command_path if self.ctx else "inspection"
        text = message("cli.misuse", self._language, text=self.message, command=command)
        click.echo(text, file=file, err=file is None)


def misuse(error: click.UsageError, language: Language) -> click.UsageError:
    """The error in the language asked for; a missing subcommand stays the help page it is."""
    if language == "en" or isinstance(error, (click.exceptions.NoArgsIsHelpError, Misuse)):
        return error
    return Misuse(error, language)


def language_of(context: click.Context | None) -> Language:
    """The language asked for, also while the command line is not understood yet."""
    asked = context.find_root().params.get("lang") if context else None
    return "en" if (asked or os.environ.get("INSPECTION_LANG")) == "en" else "zh"


def _words(error: click.UsageError, language: Language) -> str:
    if isinstance(error, click.NoSuchOption):
        return message("cli.misuse.option", language, name=error.option_name)
    if isinstance(error, click.exceptions.NoSuchCommand):
        group = error.ctx.command if error.ctx else None
        known = ", ".join(group.commands) if isinstance(group, click.Group) else ""
        return message("cli.misuse.command", language, name=error.command_name, known=known)
    if isinstance(error, click.MissingParameter):
        return message("cli.misuse.missing", language, name=_name(error))
    if isinstance(error, click.BadParameter) and error.param is not None:
        return _value_words(error, error.param.type, language)
    if isinstance(error, click.BadOptionUsage):
        return message("cli.misuse.argument", language, name=error.option_name)
    if error.message.startswith("Got unexpected extra argument"):
        return message("cli.misuse.extra", language, got=error.message.partition("(")[2].rstrip(")"))
    return error.message if not error.message.isascii() else message("cli.misuse.other", language, text=error.message)


def _value_words(error: click.BadParameter, kind: click.ParamType[Any], language: Language) -> str:
    """What a value should be."""
    name = _name(error)
    if isinstance(kind, click.Choice):
        return message("cli.misuse.choice", language, name=name, known=", ".join(map(str, kind.choices)))
    if isinstance(kind, click.DateTime):
        return message("cli.misuse.date", language, name=name)
    if isinstance(kind, click.IntRange):
        return message("cli.misuse.range", language, name=name, least=kind.min, most=kind.max)
    if isinstance(kind, click.Path):
        code = "cli.misuse.folder" if kind.dir_okay else "cli.misuse.file"
        return message(code, language, name=name, text=error.message)
    return message("cli.misuse.value", language, name=name, text=error.message)


def _name(error: click.BadParameter) -> str:
    """The option or argument meant."""
    if error.param is None:
        return error.param_hint if isinstance(error.param_hint, str) else ""
    return error.param.opts[0] if isinstance(error.param, click.Option) else error.param.make_metavar(_context(error))


def _context(error: click.BadParameter) -> click.Context:
    return error.ctx or click.get_current_context()
