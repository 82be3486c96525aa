"""The public bundle and a firm's proof written out, and said on the screen what is in them."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path

import click

from inspection.documents.firm_proof import proof_lines, proof_page
from inspection.errors import Language, PublishError, message
from inspection.office import Office, now
from inspection.publish.public_bundle import HEAD
from inspection.steps.public_proof import prove, public_bundle


def write_public(workspace: Path, folder: Path, language: Language, *, keep_sealed: bool = False) -> str:
    """The public bundle is written; what to say about it."""
    office = Office.opened(workspace)
    try:
        public_bundle(office.line(), folder, now(), keep_sealed=keep_sealed)
    finally:
        office.workspace.store.close()
    told = jsonlib.loads((folder / HEAD).read_bytes())["draws"]
    visits, opened = (sum(draw.get(name, 0) for draw in told) for name in ("visits", "opened"))
    seal = message(
        "public.seal.open" if visits and visits == opened and not keep_sealed else "public.seal.closed", language
    )
    return message("public.bundle.made", language, folder=folder, opened=opened, visits=visits, seal=seal)


def prove_and_show(
    workspace: Path, firm: str, out: Path | None, language: Language, *, with_pool: bool = False, json: bool = False
) -> None:
    """The proof and its page are written; what the proof says is shown."""
    office = Office.opened(workspace)
    try:
        data = prove(office.line(), firm.strip().upper(), now(), with_pool=with_pool)
    finally:
        office.workspace.store.close()
    proof = jsonlib.loads(data)
    file = out or Path(f"{proof['firm']}.proof.json")
    page = file.with_suffix(".html")
    try:
        file.write_bytes(data)
        page.write_text(proof_page(proof, file.name, language), encoding="utf-8")
    except OSError as error:
        raise PublishError("publish.bundle.unwritable", folder=file, reason=error.strerror or str(error)) from error
    if json:
        click.echo(data.decode())
        return
    for line in proof_lines(proof, file.name, language):
        click.echo(line)
    click.echo(message("public.proof.made", language, file=file, page=page))
