"""Why a firm has its chance, and what a draw made of it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from inspection.documents.figures import count, one_in, percent, phrase
from inspection.errors import Language, message
from inspection.questions.explain import ExcludedTask, Explanation
from inspection.registry.firm_search import RegisteredFirm
from inspection.steps.firm_in_draw import FirmInDraw


def chance_lines(found: Explanation, language: Language) -> Iterator[str]:
    """The chance, how it compares, and what settles it."""
    if found.pool is None:
        yield message("explain.dead", language, status=message(f"explain.status.{found.firm.status}", language))
        return
    pool, tier, rules = found.pool, found.tier, found.rules
    yield message(
        "explain.chance",
        language,
        chance=exact(found.chance),
        one_in=one_in(found.chance, language),
        tier=tier.tier,
        mean=percent(tier.mean),
        times=f"{float(found.chance / tier.mean):.2f}" if tier.mean else "–",
        lowest=percent(tier.lowest),
        highest=percent(tier.highest),
    )
    why = f"explain.why.{found.binding}"
    code, reason = found.exemption or ("", "")
    if found.exemption and not reason:
        reason = message(f"explain.exempt.{code}", language)
    tightest = found.tasks[0] if found.tasks else None
    yield message(
        why,
        language,
        exemption=code,
        reason=reason,
        even=exact(found.even),
        free=exact(found.free),
        chance=exact(found.chance),
        minimum=percent(rules.minimum),
        maximum=percent(rules.maximum),
        task=f"{tightest.task} {tightest.name}" if tightest else "–",
        total=count(tightest.total) if tightest else 0,
        firms=count(tightest.firms) if tightest else 0,
    )
    flow = sum(each.flow for each in found.combinations)
    yield message("explain.pool", language, pool=pool.pool, size=count(pool.size), visits=f"{flow / 1_000_000:,.2f}")
    yield message(
        "explain.tier",
        language,
        tier=tier.tier,
        minimum=percent(rules.minimum),
        maximum=percent(rules.maximum),
        weight=f"{float(rules.weight):g}",
        visits=rules.visits,
    )


def unmet_words(task: ExcludedTask, firm: RegisteredFirm, language: Language) -> str:
    """Each condition with what is asked and what the firm has."""
    parts = []
    for name, asked in zip(task.unmet, task.asked, strict=True):
        own = "" if name == "barred" else str(getattr(firm, name))
        if name == "kind":
            own = kind_words(firm, language)
            asked = ";".join(message(f"explain.kind.{kind}", language) for kind in asked.split(";"))
        what = message(f"explain.condition.{name}", language)
        parts.append(message("explain.unmet", language, what=what, asked=asked.replace(";", "/"), own=own or "–"))
    return phrase("list", language).join(parts)


def drawn_lines(each: FirmInDraw, language: Language) -> Iterator[str]:
    """Rank and cut, the visit, where the proof is."""
    code = "explain.drawn" if each.is_drawn else "explain.passed" if each.chance else "explain.closed_out"
    yield message(
        code,
        language,
        draw=each.draw,
        rank=count(each.rank),
        size=count(each.size),
        taken=count(each.taken),
        ticket=each.ticket[:12],
        last=(each.last or "–")[:12],
    )
    if each.visit is not None:
        yield message(
            "explain.visit",
            language,
            visit=each.visit.visit,
            month=each.visit.month,
            day=each.visit.day or "–",
            combination=each.visit.combination,
        )
        if each.visit.outcome:
            yield message("explain.closed", language, reason=each.visit.outcome)
        if each.visit.called:
            yield message("explain.replaced", language, called=" → ".join((*each.visit.called, each.visit.firm)))
    for proof in each.proofs:
        yield message(
            "explain.proof", language, file=proof.file, line=proof.index + 1, lines=count(proof.lines), root=proof.root
        )


def exact(chance: Fraction) -> str:
    """Per cent with two decimals: levels that differ are often near."""
    return f"{float(chance * 100):.2f}%"


def kind_words(firm: RegisteredFirm, language: Language) -> str:
    """What the firm is: enterprise, household, …"""
    return message(f"explain.kind.{firm.kind}", language)
