"""Commands about public values: what is awaited, bring its file, fetch or check a round of drand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from inspection.beacon.announcing import source_words
from inspection.beacon.drand import has_verifier, is_signed, read_round
from inspection.beacon.evidence import Checked
from inspection.beacon.relays import fetch_pulse, fetch_round
from inspection.errors import BeaconError, Language, message
from inspection.office import CHINA, Office
from inspection.rules.public_facts import Chain, chain_of, chains
from inspection.steps.line import Line
from inspection.steps.reveal_steps import awaited, bring_proof, bring_public, require_awaited


def take_public(workspace: Path, file: Path | None, language: Language) -> None:
    """Keep the public value of the awaited draw from a file, or from the network where no file is given."""
    line = Office.opened(workspace).line()
    if awaited(line) is None and file is not None:
        draw, found = bring_proof(line, file.read_bytes())
        told = verdict(found, language)
        click.echo(message("cli.beacon.proved", language, draw=draw, verdict=told, detail=found.detail))
        return
    found = bring_public(line, file.read_bytes() if file is not None else fetch_public(line))
    waiting = require_awaited(line)
    click.echo(
        message(
            "cli.beacon.taken",
            language,
            draw=waiting.commitment.draw,
            value=waiting.public,
            verdict=verdict(found, language),
            detail=found.detail,
        )
    )


def fetch_public(line: Line) -> bytes:
    """The file of the awaited public value, from the network.

    Raises:
        BeaconError: it is made in the room or announced on paper, or no relay answers.
    """
    source = require_awaited(line).commitment.public
    if source is not None and source.kind == "drand":
        chain = chain_of(str(source.fields["chain"]))
        if chain is not None:
            return fetch_round(chain, int(source.fields["round"]))
    if source is not None and source.kind == "nist":
        return fetch_pulse(int(datetime.fromisoformat(str(source.fields["time"])).timestamp() * 1000))
    raise BeaconError("beacon.evidence.none", kind=source.kind if source else "-")


def show_awaited(workspace: Path, language: Language) -> None:
    """Which public value is awaited."""
    waiting = require_awaited(Office.opened(workspace).line())
    public = waiting.commitment.public
    words = f"{public.kind} {source_words(public)}" if public else "-"
    opens = public.not_before if public else "-"
    click.echo(message("cli.beacon.awaited", language, draw=waiting.commitment.draw, source=words, opens=opens))


def show_round(chain: str, number: int, file: Path | None, out: Path | None, language: Language) -> int:
    """Show a round of drand from a file or the network, and whether the chain signed it; 0, 1 or 3 as a checker."""
    known = chains()[chain]
    data = file.read_bytes() if file is not None else fetch_round(known, number)
    round = read_round(data)
    if round.number != number:
        raise BeaconError("beacon.drand.other", round=number, got=round.number)
    found = _signature(known, data)
    click.echo(
        message(
            "cli.beacon.shown",
            language,
            name=chain,
            round=number,
            time=known.time_of(number).astimezone(CHINA).isoformat(),
            value=round.randomness,
            verdict=verdict(found, language),
            detail=found.detail,
        )
    )
    if out is not None:
        out.write_bytes(data)
        click.echo(message("cli.beacon.saved", language, path=out))
    return {"passed": 0, "failed": 1, "not checked": 3}[found.verdict]


def _signature(chain: Chain, data: bytes) -> Checked:
    if not has_verifier():
        return Checked(verdict="not checked", detail="no BLS library (extra bls)")
    if not is_signed(chain, read_round(data)):
        return Checked(verdict="failed", detail=f"not by the key of {chain.name}")
    return Checked(verdict="passed", detail=f"by the key of {chain.name}")


def verdict(found: Checked, language: Language) -> str:
    """The verdict in the language."""
    code = {"passed": "cli.verdict.passed", "failed": "cli.verdict.failed", "not checked": "cli.verdict.unchecked"}
    return message(code[found.verdict], language)
