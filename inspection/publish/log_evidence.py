"""Evidence of a changed history: both checkpoints, both lists of entries, and the log's key, in one file.

A fork needs no witness's word: both checkpoints bear the log's own signature, each list of entries adds up to its
checkpoint, and neither begins the other. Whoever has the log's key from elsewhere can check that. A log that was rolled
back and not gone on contradicts nothing it signed: that it was longer before is the witness's word and cosignature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from inspection.draw.log import LogCopy
from inspection.draw.note import Check, Checkpoint, VerifierKey, open_note
from inspection.draw.refusal import DrawRefusal
from inspection.errors import PublishError
from inspection.publish.log_check import Finding
from inspection.publish.log_tiles import replace_file
from inspection.publish.witness import Look


def keep_evidence(path: Path, look: Look, now: datetime) -> Path:
    """A file beside the state holds both checkpoints and both lists of entries; the same alarm has one file.

    Returns:
        Where it is.
    """
    before, after = look.memory, look.found
    name = hashlib.sha256(f"{look.alarm}\n{before.note}\n{after}".encode()).hexdigest()[:16]
    evidence = path.with_name(f"{path.stem}.evidence-{name}.json")
    if not evidence.exists():
        value: dict[str, Any] = {
            "alarm": look.alarm,
            "time": now.isoformat(),
            "key": before.key.text,
            "first_changed_entry": look.changed,
            "seen": {
                "time": before.seen.isoformat() if before.seen else None,
                "checkpoint": before.note,
                "entries": [line.decode() for line in before.lines],
            },
            "found": {"checkpoint": after, "entries": [line.decode("utf-8", "replace") for line in look.lines]},
        }
        replace_file(evidence, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())
    return evidence


def judge_evidence(path: Path, check: Check, key: VerifierKey | None = None) -> list[Finding]:
    """Whether the file proves that the log's history was changed, whoever wrote it.

    Args:
        key: the log's, from elsewhere; the file's own must be the same.

    Raises:
        PublishError: it is no such file.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        stated = VerifierKey.parse(value["key"])
        seen, found = (_part(value[name], stated) for name in ("seen", "found"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PublishError("log.evidence.malformed", path=path, reason=f"{type(error).__name__}: {error}") from None
    whose = {"key": stated.text, "origin": stated.name}
    findings = [Finding(step="evidence_key", ok=None if key is None else key == stated, facts=whose)]
    heads = [_signed(each, check) for each in (seen, found)]
    findings.append(Finding(step="evidence_signed", ok=None not in heads, facts=whose))
    facts = {"seen": len(seen.lines), "found": len(found.lines)}
    adds_up = [head == each.head(len(each.lines)) for head, each in zip(heads, (seen, found), strict=True)]
    findings.append(Finding(step="evidence_entries", ok=all(adds_up), facts=facts))
    return [*findings, Finding(step="evidence_changed", ok=_contradiction(seen.lines, found.lines), facts=facts)]


def _contradiction(seen: tuple[bytes, ...], found: tuple[bytes, ...]) -> bool | None:
    """Whether no honest log could have had both; None when it is the shorter that was found."""
    shared = min(len(seen), len(found))
    if seen[:shared] != found[:shared]:
        return True
    return None if len(found) < len(seen) else False


def _part(value: Mapping[str, Any], key: VerifierKey) -> LogCopy:
    return LogCopy(
        key=key, lines=tuple(line.encode() for line in value["entries"]), notes={1: str(value["checkpoint"])}
    )


def _signed(log: LogCopy, check: Check) -> Checkpoint | None:
    try:
        return Checkpoint.parse(open_note(log.notes[1], [log.key], check).text)
    except DrawRefusal:
        return None
