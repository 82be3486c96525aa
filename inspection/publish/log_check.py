"""Checks a copy of a log in named steps: entries, order, checkpoints, a former checkpoint, witnesses, timestamps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from inspection.draw.log import Entry, LogCopy, Sight, first_sight, seen_before_result
from inspection.draw.merkle import check_consistency, consistency_proof, tree_heads
from inspection.draw.note import Check, Checkpoint, OpenedNote, VerifierKey, open_note
from inspection.draw.refusal import DrawRefusal
from inspection.errors import Language, message

MOST_EXAMPLES = 5
"""Faults named per step; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one step found: ``ok`` is None when it could not be checked; ``facts`` fill its sentence."""

    step: str
    ok: bool | None
    facts: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """The sentence of the step."""
        verdict = {True: "ok", False: "bad", None: "open"}[self.ok]
        return message(f"log.check.{self.step}.{verdict}", language, **self.facts)


def read_entries(log: LogCopy) -> tuple[tuple[Entry, ...], Finding]:
    """The entries, and whether each line is a canonical entry, in order of time; none where one is not."""
    entries, faults = [], []
    for index, line in enumerate(log.lines):
        try:
            entries.append(Entry.parse(line))
        except DrawRefusal as refusal:
            faults.append(f"{index}: {refusal}")
    if faults:
        return (), _found("entries", faults, count=len(log.lines))
    faults = [
        f"{index}: {after.time} < {before.time}"
        for index, (before, after) in enumerate(pairwise(entries), start=1)
        if after.at < before.at
    ]
    return tuple(entries), _found("entries", faults, count=len(entries))


def check_order(entries: Sequence[Entry], sizes: Iterable[int]) -> Finding:
    """Each draw has one commit, then a checkpoint, then one result or void; later events follow a result."""
    known = sorted(sizes)
    draws: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, entry in enumerate(entries):
        draws[entry.draw]["ending" if entry.type in ("result", "void") else entry.type].append(index)
    faults = [fault for draw, places in draws.items() for fault in _order_faults(draw, places, entries, known)]
    return _found("order", faults, count=len(draws))


def _order_faults(
    draw: str, places: Mapping[str, list[int]], entries: Sequence[Entry], sizes: Sequence[int]
) -> Iterator[str]:
    commits, endings = places.get("commit", []), places.get("ending", [])
    if len(commits) != 1 or len(endings) > 1:
        yield f"{draw}: commit {commits}, result/void {endings}"
        return
    if endings and endings[0] < commits[0]:
        yield f"{draw}: {entries[endings[0]].type} {endings[0]} < commit {commits[0]}"
    elif endings and entries[endings[0]].type == "result" and not any(commits[0] < n <= endings[0] for n in sizes):
        yield f"{draw}: no checkpoint in {commits[0] + 1}..{endings[0]}"
    results = [index for index in endings if entries[index].type == "result"]
    later = [index for name in ("replace", "substitute", "disclose") for index in places.get(name, [])]
    yield from (f"{draw}: {index} before its result" for index in later if not results or index < results[0])


def check_checkpoints(log: LogCopy, check: Check) -> Finding:
    """Every checkpoint bears the log's signature, is over the entries as they stand, and the newest covers all."""
    faults, roots = [], tree_heads(log.lines, log.notes)
    for size, note in sorted(log.notes.items()):
        try:
            opened = Checkpoint.parse(open_note(note, [log.key], check).text)
        except DrawRefusal as refusal:
            faults.append(f"{size}: {refusal}")
            continue
        if size > len(log.lines):
            faults.append(f"{size} > {len(log.lines)}")
        elif opened != Checkpoint(origin=log.key.name, size=size, root=roots[size]):
            signed = f"{opened.origin} {opened.size} {opened.root.hex()[:16]}…"
            faults.append(f"{size}: {roots[size].hex()[:16]}… ≠ {signed}")
    newest = max(log.notes, default=0)
    faults += [] if newest >= len(log.lines) else [f"{newest} < {len(log.lines)}"]
    return _found("checkpoints", faults, count=len(log.notes), origin=log.key.name, key=log.key.key_hash.hex())


def check_former(log: LogCopy, former: Checkpoint) -> Finding:
    """The log continues a checkpoint that somebody kept: signed, printed, or seen elsewhere."""
    facts = {"size": former.size, "now": len(log.lines), "former": former.root.hex()[:16]}
    if former.origin != log.key.name:
        return Finding(step="former_origin", ok=False, facts={"former": former.origin, "origin": log.key.name})
    if former.size > len(log.lines):
        return Finding(step="former_shrunk", ok=False, facts=facts)
    if log.head(former.size) != former:
        return Finding(step="former", ok=False, facts=facts | {"found": log.head(former.size).root.hex()[:16]})
    whole = log.head(len(log.lines))
    proof = consistency_proof(log.lines, former.size)
    check_consistency(former.size, former.root, whole.size, whole.root, proof)
    return Finding(step="former", ok=True, facts=facts | {"found": former.root.hex()[:16]})


def check_witnesses(log: LogCopy, keys: Sequence[VerifierKey], check: Check) -> tuple[tuple[Sight, ...], Finding]:
    """What witnesses saw and when; witnesses whose keys are not given leave the step open."""
    sights, unknown, faults = list[Sight](), set[str](), []
    for size, note in sorted(log.notes.items()):
        try:
            opened = open_note(note, [log.key, *keys], check)
        except DrawRefusal as refusal:
            faults.append(f"{size}: {refusal}")
            continue
        unknown |= set(opened.unknown)
        sights += _sights(size, opened)
    names = ", ".join(sorted({sight.who for sight in sights})) or "–"
    facts = {"names": names, "unknown": ", ".join(sorted(unknown)) or "–", "count": len(sights)}
    if faults:
        return (), _found("witnesses", faults, **facts)
    if unknown:
        return tuple(sights), Finding(step="witnesses", ok=None, facts=facts)
    if not sights:
        return (), Finding(step="no_witness", ok=True, facts=facts)
    return tuple(sights), Finding(step="witnesses", ok=True, facts=facts | {"faults": ""})


def _sights(size: int, opened: OpenedNote) -> list[Sight]:
    return [Sight(size=size, time=time, who=name, kind="witness") for name, time in opened.times.items()]


def check_outside_order(entries: Sequence[Entry], sights: Sequence[Sight]) -> Finding:
    """Somebody outside saw each draw's commit before its result was in the log."""
    commits = {entry.draw: index for index, entry in enumerate(entries) if entry.type == "commit"}
    results = {entry.draw: index for index, entry in enumerate(entries) if entry.type == "result"}
    drawn = [draw for draw in results if draw in commits]
    alone = [draw for draw in drawn if seen_before_result(sights, commits[draw], results[draw]) is None]
    facts = {"seen": len(drawn) - len(alone), "count": len(drawn), "draws": ", ".join(alone[:MOST_EXAMPLES]) or "–"}
    return Finding(step="outside", ok=None if alone else True, facts=facts)


def check_claims(entries: Sequence[Entry], sights: Sequence[Sight], tolerance: timedelta) -> Finding:
    """No entry claims a time after somebody outside saw it, clocks being apart by no more than the tolerance."""
    faults = []
    for index, entry in enumerate(entries):
        sight = first_sight(sights, index)
        if sight is not None and entry.at > sight.time + tolerance:
            faults.append(f"{index}: {entry.time} > {sight.time:%Y-%m-%dT%H:%M:%SZ} {sight.who}")
    return _found("claims", faults, count=len(entries))


def check_copy(
    log: LogCopy, check: Check, *, witnesses: Sequence[VerifierKey] = (), former: Sequence[Checkpoint] = ()
) -> tuple[list[Finding], tuple[Sight, ...]]:
    """All steps a copy alone allows, and what witnesses saw."""
    entries, first = read_entries(log)
    findings = [first]
    if entries or not log.lines:
        findings.append(check_order(entries, log.notes))
    findings.append(check_checkpoints(log, check))
    findings += [check_former(log, each) for each in former]
    sights, seen = check_witnesses(log, witnesses, check)
    findings.append(seen)
    return findings, sights


def exit_code(findings: Iterable[Finding]) -> int:
    """1 when a step failed, 3 when one could not be checked, else 0."""
    verdicts = {finding.ok for finding in findings}
    return 1 if False in verdicts else 3 if None in verdicts else 0


def _found(step: str, faults: Sequence[str], **facts: object) -> Finding:
    shown = "; ".join(faults[:MOST_EXAMPLES]) + (f"; … ({len(faults)})" if len(faults) > MOST_EXAMPLES else "")
    return Finding(step=step, ok=not faults, facts={**facts, "faults": shown})
