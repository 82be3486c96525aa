"""The auditor's file run on a bundle in its own process, and its open points closed where a library is at hand."""

from __future__ import annotations

import json as jsonlib
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import click

from inspection.beacon.bundle_check import STEP as RANDOMNESS
from inspection.beacon.bundle_check import check_public_values
from inspection.console.foreign_lines import STEP as CHECKPOINTS
from inspection.console.foreign_lines import Key, check_lines, read_keys
from inspection.errors import InputError, Language

Row = dict[str, str]
WORDS = {"passed": "通过", "failed": "不符", "not checked": "未核"}
VERDICTS = {0: "通过 VERIFIED", 1: "不符 FAILED", 3: "部分未核 NOT ALL CHECKED"}


def run_checker(
    bundle: Path, json: bool, language: Language, certificate: Path | None = None, keys: Sequence[str] = ()
) -> int:
    """Show every row of the auditor's file, those completed here in place of what it could not check; the exit code.

    Args:
        bundle: its folder.
        json: rows for machines.
        language: of messages; rows are in both.
        certificate: of the NIST beacon.
        keys: verifier keys of witnesses and SM2 signers, as lines or files.

    Raises:
        InputError: the folder holds no bundle, or a key is none.
    """
    brought = read_keys(keys)
    if not (bundle / "bundle.json").is_file():
        raise InputError("cli.verify.none", folder=bundle)
    checker = resources.files("inspection") / "verify.py"
    command = [sys.executable, "-I", "-S", str(checker), str(bundle), "--json"]
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    try:
        rows: list[Row] = jsonlib.loads(ran.stdout)
    except ValueError:  # it ended without a verdict; what it said is on stderr
        return ran.returncode or 1
    pem = certificate.read_bytes() if certificate is not None else None
    rows = completed(rows, bundle, pem, brought)
    click.echo(jsonlib.dumps(rows, ensure_ascii=False, indent=1) if json else "\n".join(lines(rows)))
    return exit_code(rows)


def completed(rows: list[Row], bundle: Path, certificate: bytes | None = None, keys: Sequence[Key] = ()) -> list[Row]:
    """The rows, with what was checked here in place of what the auditor's file could not check.

    A verdict of that file other than "not checked" is never changed to a better one.
    """
    found = check_public_values(bundle, certificate)
    lines = check_lines(bundle, keys) if keys else None
    done = []
    for row in rows:
        step, is_open = row["step"].split(" ")[0], row["verdict"] == "not checked"
        better = {RANDOMNESS: found.get(row["draw"]), CHECKPOINTS: lines}.get(step) if is_open else None
        detail = f"{better.detail} (checked with a library, beyond the auditor's file)" if better else ""
        done.append({**row, "verdict": better.verdict, "detail": detail or row["detail"]} if better else row)
    return done


def exit_code(rows: list[Row]) -> int:
    """0 when every row passed, 1 when one failed, 3 when one could not be checked."""
    verdicts = {row["verdict"] for row in rows}
    return 1 if "failed" in verdicts else 3 if "not checked" in verdicts else 0


def lines(rows: list[Row]) -> list[str]:
    """The rows and the count as people read them, in the auditor's file's own form."""
    counts = Counter(row["verdict"] for row in rows)
    shown = [
        f"{WORDS[row['verdict']]} {row['verdict']:<11} {' '.join([row['step'], row['draw']]).strip()}: {row['detail']}"
        for row in rows
    ]
    total = ", ".join(f"{counts[verdict]} {WORDS[verdict]} {verdict}" for verdict in WORDS)
    return [*shown, f"{VERDICTS[exit_code(rows)]}: {total}"]
