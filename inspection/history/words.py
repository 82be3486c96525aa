"""What an audit says, in both languages: sentences, numbers, chances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from inspection.errors import Language, message
from inspection.history.change_tests import absences
from inspection.history.examine import Audit
from inspection.history.multiple import Family, Judgement
from inspection.history.records import Happening, Redraw
from inspection.rules.reasons import reason_words


def word(name: str, language: Language, /, **params: object) -> str:
    """The words under ``audit.<name>``."""
    return message(f"audit.{name}", language, **params)


def number(value: float) -> str:
    """``7.0`` as ``7``, ``37.26`` as ``37.3``, ``0.042`` as ``0.04``."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2f}"


def share(value: float) -> str:
    """``0.01`` as ``1%``."""
    return f"{value * 100:.4g}%"


def chance(value: float, language: Language) -> str:
    """A chance as people say it: ``12%``, ``0.38%``, ``1 in 26,000``, less than one in a billion."""
    if value >= 0.001:
        return f"{value * 100:.2g}%" if value < 0.995 else "100%"
    if value < 1e-9:
        return word("chance.below", language)
    digits = 10 ** (len(str(int(1 / value))) - 2)
    return word("chance.one_in", language, n=f"{int(1 / value) // digits * digits:,}")


def sentence(one: Judgement, language: Language) -> str:
    """What was seen and what chance makes of it."""
    deviation = one.deviation
    name = f"case.{one.family}" + (f".{deviation.side}" if one.family == "gap_spread" else "")
    parts = [_part(one.family, place, part, language) for place, part in enumerate(deviation.subject)]
    first, second = [*parts, "", ""][:2]
    numbers = {"seen": number(deviation.seen), "expected": number(deviation.expected)}
    return word(name, language, a=first, b=second, **numbers)


def _part(family: str, place: int, part: str, language: Language) -> str:
    is_kind = (family, place) in (("rate", 0), ("person", 1))
    return word(f"kind.{part}", language) if is_kind else part


def line(one: Judgement, language: Language) -> str:
    """The sentence with its adjusted chance."""
    return word("line", language, sentence=sentence(one, language), adjusted=chance(one.adjusted, language))


def verdict(audit: Audit, language: Language) -> str:
    """One sentence on the whole."""
    count, level = len(audit.alarms), share(audit.asked.level)
    tests = f"{sum(family.tests for family in audit.families):,}"
    return word("verdict.alarm" if count else "verdict.quiet", language, count=count, tests=tests, level=level)


def years(audit: Audit) -> str:
    """``2019–2023``."""
    found = audit.history.years
    return f"{found[0]}–{found[-1]}" if len(found) > 1 else f"{found[0]}"


def read_line(audit: Audit, language: Language) -> str:
    """What was read, counted."""
    history = audit.history
    kinds = Counter(each.type for each in history.happenings)
    return word(
        "read",
        language,
        sources=len(history.sources),
        draws=len(history.draws),
        firms=f"{sum(len(past.drawn) for past in history.draws):,}",
        seatings=len(history.seats),
        seats=f"{sum(int(past.taken.sum()) for past in history.seats):,}",
        voids=kinds["void"],
        replacements=kinds["replace"],
        substitutions=kinds["substitute"],
    )


def family_row(family: Family, audit: Audit, language: Language) -> tuple[str, str, int, float | None, str]:
    """(name, basis, tests, least adjusted chance, verdict) of a family."""
    own = [one for one in audit.judgements if one.family == family.name]
    least = min((one.adjusted for one in own), default=None) if family.tests else None
    state = "none" if not family.tests else "quiet"
    if any(one.is_notable for one in own):
        state = "notable"
    if any(one.is_alarm for one in own):
        state = "alarm"
    name, basis = word(f"family.{family.name}", language), word(f"basis.{family.basis}", language)
    return name, basis, family.tests, least, word(f"verdict.word.{state}", language)


ChangeRow = tuple[str, str, str, str, int]


def change_rows(happenings: tuple[Happening, ...], language: Language) -> list[ChangeRow]:
    """(kind, asked for by, approved by, reason, how often), most often first; one absence counted once."""
    single = [each for each in happenings if each.type != "substitute"]
    single += absences(each for each in happenings if each.type == "substitute")
    counts = Counter((each.type, each.actor, each.approved_by, each.reason) for each in single)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        (word(f"kind.{kind}", language), actor, approver, reason_words(kind, reason, language), count)
        for (kind, actor, approver, reason), count in ordered
    ]


def redraw_line(redraw: Redraw, language: Language) -> str:
    """A draw given up, and what came after it."""
    state = {True: "same", False: "changed", None: "unknown"}[redraw.is_unchanged]
    return word(
        "redraw.line",
        language,
        given_up=redraw.given_up,
        then=redraw.then,
        reason=reason_words("void", redraw.reason, language),
        actor=redraw.actor,
        inputs=word(f"redraw.{state}", language),
    )


def notes(audit: Audit, language: Language) -> list[str]:
    """What was not tested, and why."""
    told = [message(code, language, **params) for code, params in audit.history.notes]
    count = len(audit.history.years)
    return [*told, word("note.short", language, years=count)] if count < 3 else told


def method(audit: Audit, language: Language) -> str:
    """How it is tested, with the figures of this audit."""
    allowed = audit.asked.allowed
    return word(
        "method",
        language,
        replays=audit.replays,
        level=share(audit.asked.level),
        voids=share(float(allowed.voids)),
        replacements=share(float(allowed.replacements)),
        substitutions=share(float(allowed.substitutions)),
    )


def facts(audit: Audit, language: Language) -> dict[str, object]:
    """The audit for machines; of each family the deviations of a chance below one half."""
    return {
        "sources": list(audit.history.sources),
        "years": audit.history.years,
        "level": audit.asked.level,
        "replays": audit.replays,
        "seed": audit.asked.seed,
        "alarms": [_judged(one, language) for one in audit.alarms],
        "notable": [_judged(one, language) for one in audit.notable],
        "families": [
            {"family": family.name, "basis": family.basis, "tests": family.tests} for family in audit.families
        ],
        "deviations": [_judged(one, language) for one in audit.judgements if one.deviation.chance < 0.5],
        "changes": [
            dict(zip(("kind", "actor", "approved_by", "reason", "count"), row, strict=True))
            for row in change_rows(audit.history.happenings, language)
        ],
        "redraws": [_redraw(redraw) for redraw in audit.history.redraws],
        "notes": notes(audit, language),
    }


def _judged(one: Judgement, language: Language) -> Mapping[str, object]:
    deviation = one.deviation
    return {
        "family": one.family,
        "subject": list(deviation.subject),
        "seen": float(deviation.seen),
        "expected": deviation.expected,
        "side": deviation.side,
        "chance": deviation.chance,
        "adjusted": one.adjusted,
        "basis": one.basis,
        "words": sentence(one, language),
    }


def _redraw(redraw: Redraw) -> Mapping[str, object]:
    return {
        "given_up": redraw.given_up,
        "then": redraw.then,
        "reason": redraw.reason,
        "actor": redraw.actor,
        "unchanged": redraw.is_unchanged,
    }
