"""Commands of SM2: a software key, signatures of files, signatures beside the log's own in a bundle."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import click

from inspection.console.foreign_lines import read_keys
from inspection.draw.foreign_key import SM2, ForeignKey, add_foreign
from inspection.errors import InputError, Language, StoreError, message
from inspection.store.signers import NamedSigner, add_software_signer, signers
from inspection.store.sm2 import verify_sm2
from inspection.store.workspace import Workspace

SUFFIX = ".sig"


def make_key(workspace: Path, name: str, language: Language) -> None:
    """A software key signs for the workspace under the name; its verifier key is shown."""
    signer = add_software_signer(Workspace.open(workspace).folder, name)
    click.echo(message("cli.sm2.made", language, name=name, key=signer.key.text, warning=warning(signer, language)))


def show_keys(workspace: Path, language: Language) -> None:
    """The signers of the workspace and their verifier keys."""
    for signer in signers(Workspace.open(workspace).folder).values():
        click.echo(
            message(
                "cli.sm2.made", language, name=signer.key.name, key=signer.key.text, warning=warning(signer, language)
            )
        )


def sign_file(workspace: Path, name: str | None, file: Path, language: Language) -> None:
    """``<file>.sig`` holds a signature over the file's bytes."""
    signer = find_signer(workspace, name)
    signature = signer.signing.sign(file.read_bytes())
    kept = {"key": signer.key.text, "signature": base64.b64encode(signature).decode()}
    path = file.with_name(file.name + SUFFIX)
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    click.echo(message("cli.sm2.signed", language, path=path, name=signer.key.name, warning=warning(signer, language)))


def check_file(file: Path, text: str, language: Language) -> None:
    """The file's signature is by the key, which the checker brought.

    Raises:
        InputError: there is no signature file, or the signature is another's or wrong.
    """
    key = read_keys([text])[0]
    if not isinstance(key, ForeignKey) or key.algorithm != SM2:
        raise InputError("cli.key.form", got=text[:80])
    path = file.with_name(file.name + SUFFIX)
    try:
        kept = json.loads(path.read_bytes())
        claimed, signature = str(kept["key"]), base64.b64decode(kept["signature"], validate=True)
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError("cli.sm2.form", path=path) from None
    if claimed.strip() != key.text or not verify_sm2(key.public_key, file.read_bytes(), signature):
        raise InputError("cli.sm2.wrong", path=file, name=key.name)
    click.echo(message("cli.sm2.checked", language, path=file, name=key.name, algorithm=key.algorithm))


def find_signer(workspace: Path, name: str | None) -> NamedSigner:
    """The workspace's signer of this name, or its only one.

    Raises:
        StoreError: there is none, or several and none was named.
    """
    known = signers(Workspace.open(workspace).folder)
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name not in known:
        raise StoreError("cli.signer.none", name=name or "-", known=", ".join(known) or "-")
    return known[name]


def sign_checkpoints(bundle: Path, signer: NamedSigner) -> None:
    """Every checkpoint of the bundle has a line of the signer's beside the log's own."""
    for note in sorted((bundle / "log" / "checkpoints").iterdir()):
        text = add_foreign(note.read_text(encoding="utf-8"), signer.key, signer.signing.sign)
        note.write_text(text, encoding="utf-8", newline="\n")


def warning(signer: NamedSigner, language: Language) -> str:
    """What a software key is not; nothing where the provider says that it is certified."""
    return "" if signer.signing.is_certified else message("cli.sm2.software", language)
