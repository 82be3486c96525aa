"""Showing why a firm has its chance: on the screen, or as JSON with the proofs in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from inspection.documents.figures import count, percent, phrase
from inspection.errors import Language, message
from inspection.office import Office
from inspection.questions.explain import MOST_FOUND, Explanation, Search, explain
from inspection.questions.explain_words import chance_lines, drawn_lines, kind_words, unmet_words
from inspection.questions.machine_facts import explanation_facts, to_json

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
        yield from (f"  {firm.firm}  {firm.name}  {kind_words(firm, language)} {firm.tier}" for firm in shown)
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
        kind=kind_words(firm, language),
        tier=firm.tier,
        town=firm.town or "–",
        industry=firm.industry or "–",
        tags=tags,
        status=message(f"explain.status.{firm.status}", language),
    )
    yield from chance_lines(found, language)
    if found.pool is not None:
        yield from _tasks(found, every, language)
    for each in found.draws:
        yield from drawn_lines(each, language)
    if found.pool is not None and not found.draws:
        yield message("explain.undrawn.committed" if found.is_committed else "explain.undrawn", language)


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
        yield f"  {excluded.task} {excluded.name}: {unmet_words(excluded, found.firm, language)}"
    yield from _more(len(found.excluded) - len(listed), language)


def _more(rest: int, language: Language) -> Iterator[str]:
    if rest > 0:
        yield message("explain.more", language, count=rest)
