"""What a party does on a device of its own: make a secret and its commitment, and open it when the time has come."""

from __future__ import annotations

import io
import json
import re
import secrets
from pathlib import Path
from typing import cast

import click

from inspection.draw.canonical import Digest
from inspection.draw.commitment import Commitment
from inspection.draw.reveal import party_commitment
from inspection.errors import InputError, Language, message
from inspection.steps.line import refusals
from inspection.store.keys import write_secret

DRAW = re.compile(r"[^\s:,/+]+/[1-9][0-9]*-(firms|inspectors)")
NAME = re.compile(r'[^\s:,"/+]+')
MEMBERS = ("draw", "party", "digest", "secret", "commitment")


def make_commitment(
    draw: str, name: str, digest: Digest, out: Path | None, is_own: bool, has_qr: bool, language: Language
) -> None:
    """A secret lies in a new file of the party's, and its commitment is on the screen to hand over.

    Raises:
        InputError: the names are not of the protocol's form, or the file is there already.
    """
    if not DRAW.fullmatch(draw):
        raise InputError("cli.party.draw", got=draw)
    if not NAME.fullmatch(name) or name in ("public", "seal"):
        raise InputError("draw.commitment.party_name", party=name)
    path = out or Path(f"{name}-{draw.replace('/', '-')}.secret.json")
    if path.exists():
        raise InputError("cli.party.taken", path=path)
    secret = _own_secret(language) if is_own else secrets.token_hex(32)
    with refusals():
        commitment = party_commitment(digest, draw, name, secret)
    kept = {"draw": draw, "party": name, "digest": digest, "secret": secret, "commitment": commitment}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_secret(path, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())
    click.echo(message("cli.party.committed", language, draw=draw, line=f"{name}={commitment}", path=path))
    if has_qr:
        show_qr(f"{name}={commitment}", language)


def _own_secret(language: Language) -> str:
    """A secret of the party's own making, typed twice; dice, a sentence, anything nobody can guess."""
    text = message("cli.party.own", language)
    again = message("cli.party.again", language)
    answer: str = click.prompt(text, hide_input=True, confirmation_prompt=again, err=True)
    return answer.strip()


def open_commitment(file: Path, commitment: Path | None, has_qr: bool, language: Language) -> None:
    """The secret of a file is on the screen, once the file agrees with itself and with the published commitment.

    Raises:
        InputError: the file is no secret, or was altered, or the commitment published is another one.
    """
    kept = read_secret_file(file)
    if commitment is not None:
        _require_published(kept, commitment)
    click.echo(
        message("cli.party.opened", language, draw=kept["draw"], party=kept["party"], secret=kept["secret"]), nl=True
    )
    if has_qr:
        show_qr(kept["secret"], language)


def read_secret_file(file: Path) -> dict[str, str]:
    """The members of a party's secret file, which fit each other.

    Raises:
        InputError: it is no such file, or something in it was altered.
    """
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError):
        value = None
    if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in MEMBERS):
        raise InputError("cli.party.file", path=file)
    digest = cast(Digest, value["digest"])
    with refusals():
        fits = party_commitment(digest, value["draw"], value["party"], value["secret"]) == value["commitment"]
    if not fits:
        raise InputError("cli.party.altered", path=file)
    return {name: value[name] for name in MEMBERS}


def _require_published(kept: dict[str, str], file: Path) -> None:
    """commitment.json names the party with the commitment of its secret; otherwise opening it would serve nothing."""
    with refusals():
        published = Commitment.parse(file.read_bytes())
    named = {party.name: party.commitment for party in published.parties}
    if (published.draw, named.get(kept["party"])) != (kept["draw"], kept["commitment"]):
        raise InputError("cli.party.unpublished", party=kept["party"], draw=published.draw, path=file)


def show_qr(text: str, language: Language) -> None:
    """The text as a QR code on the terminal, or word of the extra that draws it."""
    try:
        import segno
    except ImportError:
        click.echo(message("cli.qr.extra", language), err=True)
        return
    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(out=drawn, compact=True, border=2)
    click.echo(drawn.getvalue())
