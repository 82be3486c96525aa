"""What every command has in common: errors become messages and exit codes."""

from __future__ import annotations

from typing import Any

import click

from inspection.console.misuse import language_of, misuse
from inspection.console.options import failure
from inspection.errors import InspectionError, StoreError, message


class Commands(click.Group):
    """A group whose errors of the domain are messages with an exit code, never tracebacks."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Parse what stands before the command; a mistake in it is told in Chinese unless English is asked for."""
        try:
            return super().make_context(*args, **options)
        except click.UsageError as error:
            raise misuse(error, language_of(None)) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error becomes its message on stderr.

        Exit code 1 for the domain and for files that cannot be used, 2 for usage, 3 where somebody is awaited or the
        people at the prompt gave up.
        """
        language = language_of(ctx)
        try:
            return super().invoke(ctx)
        except InspectionError as error:
            raise failure(error, language) from error
        except click.UsageError as error:
            raise misuse(error, language) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            told = StoreError("cli.file.unusable", path=error.filename or "-", reason=error.strerror or error)
            raise failure(told, language) from error
        except (click.Abort, KeyboardInterrupt):
            click.echo("\n" + message("cli.stopped", language), err=True)
            ctx.exit(3)
