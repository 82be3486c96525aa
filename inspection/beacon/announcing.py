"""Which public value will count for a draw: chosen when it is committed, so that nobody can know it yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from inspection.beacon.nist import pulse_time
from inspection.draw.public_source import PublicSource
from inspection.errors import BeaconError
from inspection.rules.policy_sections import CeremonyRules
from inspection.rules.public_facts import chain_of, chains, lotteries

OPENING = timedelta(milliseconds=1)
"""Dice count only from this long after the commitment's entry in the log."""


def announce(rules: CeremonyRules, folder: str, now: datetime) -> PublicSource | None:
    """The public value of the draw in this folder, announced at ``now``; None when none will count.

    drand: the first round that is not made before ``wait_minutes`` from now. NIST: the first pulse likewise. A lottery
    issue is named by the policy, folder by folder.

    Raises:
        BeaconError: the policy names no issue for the draw, or one that opens before now.
    """
    earliest = now + timedelta(minutes=rules.wait_minutes)
    if rules.public == "dice":
        return PublicSource(kind="dice", fields={"digits": rules.dice}, not_before=_stamp(now + OPENING))
    if rules.public == "drand":
        chain = chains()[rules.chain]
        round = chain.round_from(earliest)
        opens = chain.time_of(round).astimezone(now.tzinfo)
        return PublicSource(kind="drand", fields={"chain": chain.hash, "round": round}, not_before=_stamp(opens))
    if rules.public == "nist":
        time = pulse_time(earliest)
        fields = {"time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
        return PublicSource(kind="nist", fields=fields, not_before=_stamp(time.astimezone(now.tzinfo)))
    return _issue(rules, folder, now) if rules.public == "lottery" else None


def _issue(rules: CeremonyRules, folder: str, now: datetime) -> PublicSource:
    named = rules.issues.get(folder)
    if named is None or rules.lottery is None:
        raise BeaconError("beacon.lottery.unnamed", folder=folder)
    if named.opens <= now:
        names = lotteries()[rules.lottery].names
        opens = named.opens.isoformat()
        raise BeaconError("beacon.lottery.past", **names, issue=named.issue, folder=folder, opens=opens)
    fields = {"source": rules.lottery, "issue": named.issue}
    return PublicSource(kind="lottery", fields=fields, not_before=_stamp(named.opens))


def source_words(source: PublicSource) -> str:
    """Which value it is, as people in the room call it: the number of dice, or chain and round, issue, minute.

    >>> dice = PublicSource(kind="dice", fields={"digits": 40}, not_before="2027-01-05T09:30:00+08:00")
    >>> source_words(dice)
    '40'
    """
    if source.kind == "drand":
        chain = chain_of(str(source.fields["chain"]))
        return f"drand {chain.name if chain else source.fields['chain']} {source.fields['round']}"
    if source.kind == "lottery":
        lottery = lotteries().get(str(source.fields["source"]))
        return f"{lottery.name_zh if lottery else source.fields['source']} {source.fields['issue']}"
    return str(source.fields["time"] if source.kind == "nist" else source.fields["digits"])


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
