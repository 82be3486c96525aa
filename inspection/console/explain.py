"""Showing why a firm has its chance: on the screen, or as JSON with the proofs in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import click

from inspection.documents.figures import count, one_in, percent, phrase
from inspection.errors import Language, message
from inspection.explain import MOST_FOUND, ExcludedTask, Explanation, Search, explain
from inspection.firm_in_draw import FirmInDraw
from inspection.machine_facts import explanation_facts, to_json
from inspection.office import Office
from inspection.registry.firm_search import RegisteredFirm

MOST_EXCLUDED = 6
MOST_COMBINATIONS = 12


def explain_and_show(workspace: Path, text: str, every: bool, json: bool, language: Language) -> int:
    """Say what chance the firm has and why; 0 when it is one firm's, 1 when it is none's or several firms'."""
    office = Office.opened(workspace)
    try:
        found = explain(office, text)
    finally:
        office.workspace.store.close()
    if json:
        click.echo(to_json(explanation_facts(found)))
    else:
        lines = _search(found, language) if isinstance(found, Search) else _lines(found, every, language)
        for line in lines:
            click.echo(line)
    return 1 if isinstance(found, Search) else 0


def _search(found: Search, language: Language) -> Iterator[str]:
    """Several firms, or rejected rows, or nothing."""
    if found.firms:
        yield message("explain.several", language, text=found.text)
        shown = found.firms[:MOST_FOUND]
        yield from (f"  {firm.firm}  {firm.name}  {_kind(firm, language)} {firm.tier}" for firm in shown)
        if len(found.firms) > MOST_FOUND:
            yield "  …"
        return
    if not found.rejected:
        yield message("explain.none", language, text=found.text)
        return
    yield message("explain.rejected", language, text=found.text)
    for row in found.rejected:
        cells = " | ".join(cell for cell in row.cells if cell)[:120]
        yield message("explain.rejected.row", language, file=row.file, row=row.row, cells=cells, workbook=row.workbook)


def _lines(found: Explanation, every: bool, language: Language) -> Iterator[str]:
    """The explanation from the chance down to the proof."""
    firm = found.firm
    tags = firm.tags.replace(";", phrase("list", language)) or "–"
    yield f"{firm.name}  {firm.firm}"
    yield "=" * 80
    yield message(
        "explain.firm",
        language,
        kind=_kind(firm, language),
        tier=firm.tier,
        town=firm.town or "–",
        industry=firm.industry or "–",
        tags=tags,
        status=message(f"explain.status.{firm.status}", language),
    )
    yield from _chance(found, language)
    if found.pool is not None:
        yield from _tasks(found, every, language)
    for each in found.draws:
        yield from _drawn(each, language)
    if found.pool is not None and not found.draws:
        yield message("explain.undrawn.committed" if found.is_committed else "explain.undrawn", language)


def _chance(found: Explanation, language: Language) -> Iterator[str]:
    """The chance, how it compares, and what settles it."""
    if found.pool is None:
        yield message("explain.dead", language, status=message(f"explain.status.{found.firm.status}", language))
        return
    pool, tier, rules = found.pool, found.tier, found.rules
    yield message(
        "explain.chance",
        language,
        chance=_exact(found.chance),
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
        even=_exact(found.even),
        free=_exact(found.free),
        chance=_exact(found.chance),
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


def _tasks(found: Explanation, every: bool, language: Language) -> Iterator[str]:
    """Tasks that apply, visits that may come of them, tasks that do not apply."""
    yield message("explain.tasks", language, count=len(found.tasks))
    for task in found.tasks:
        yield message(
            "explain.task",
            language,
            task=task.task,
            name=task.name,
            total=count(task.total),
            firms=count(task.firms),
            ratio=percent(task.ratio),
            chance=percent(task.chance),
        )
    if found.combinations:
        yield message("explain.combinations", language, count=len(found.combinations))
    join = phrase("list", language)
    shown = found.combinations if every else found.combinations[:MOST_COMBINATIONS]
    for each in shown:
        months = "  ".join(f"{month[5:]}: {percent(share)}" for month, share in each.months)
        agencies = join.join(each.agencies)
        yield f"  {each.combination}  {percent(each.chance)}  {agencies}  {'+'.join(each.tasks)}\n      {months}"
    yield from _more(len(found.combinations) - len(shown), language)
    reasons = Counter(name for task in found.excluded for name in task.unmet)
    counted = join.join(f"{message(f'explain.condition.{name}', language)} {n}" for name, n in reasons.most_common())
    yield message("explain.excluded", language, count=len(found.excluded), reasons=counted or "–")
    listed = found.excluded if every else found.excluded[:MOST_EXCLUDED]
    for excluded in listed:
        yield f"  {excluded.task} {excluded.name}: {_unmet(excluded, found.firm, language)}"
    yield from _more(len(found.excluded) - len(listed), language)


def _exact(chance: Fraction) -> str:
    """Per cent with two decimals: levels that differ are often near."""
    return f"{float(chance * 100):.2f}%"


def _more(rest: int, language: Language) -> Iterator[str]:
    if rest > 0:
        yield message("explain.more", language, count=rest)


def _unmet(task: ExcludedTask, firm: RegisteredFirm, language: Language) -> str:
    """Each condition with what is asked and what the firm has."""
    parts = []
    for name, asked in zip(task.unmet, task.asked, strict=True):
        own = "" if name == "barred" else str(getattr(firm, name))
        if name == "kind":
            own = _kind(firm, language)
            asked = ";".join(message(f"explain.kind.{kind}", language) for kind in asked.split(";"))
        what = message(f"explain.condition.{name}", language)
        parts.append(message("explain.unmet", language, what=what, asked=asked.replace(";", "/"), own=own or "–"))
    return phrase("list", language).join(parts)


def _drawn(each: FirmInDraw, language: Language) -> Iterator[str]:
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


def _kind(firm: RegisteredFirm, language: Language) -> str:
    return message(f"explain.kind.{firm.kind}", language)
