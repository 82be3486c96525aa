"""Firms: looked up among all, and one of them explained."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from inspection.questions.explain import Explanation, explain
from inspection.questions.explain_words import chance_lines, drawn_lines, unmet_words
from inspection.questions.standing_plan import standing
from inspection.registry.firm_pages import page_of_firms
from inspection.registry.firm_search import find_firms
from inspection.web.desk import Visitor, allowed, desk_of
from inspection.web.pages import Tile
from inspection.web.planner_desk import desk_page
from inspection.web.refusal import not_found

router = APIRouter()

TILES = (Tile(path="/firms", title="planner.firms", permission="registers.read", order=11),)
ON_A_PAGE = 50
Word = Annotated[str, Query(max_length=100)]


@router.get("/firms")
def firms(
    request: Request,
    visitor: Annotated[Visitor, allowed("registers.read")],
    q: Word = "",
    after: Word = "",
    tier: Word = "",
    kind: Word = "",
    status: Word = "",
) -> Response:
    """Firms of the registers imported last, by code."""
    snapshot = desk_of(request).office.latest_snapshot()
    chosen = {"tier": tier, "kind": kind, "status": status}
    where = {name: value for name, value in chosen.items() if value}
    found = page_of_firms(snapshot.firms, q.strip(), after, ON_A_PAGE + 1, where)

    def link(code: str | None) -> str:
        return "/firms?" + urlencode({"q": q, **where} | ({"after": code} if code else {}))

    return desk_page(
        request,
        "firms.html",
        "/firms",
        firms=found[:ON_A_PAGE],
        following=found[ON_A_PAGE - 1].firm if len(found) > ON_A_PAGE else None,
        after=after,
        total=snapshot.counts.get("firms", 0),
        q=q,
        filters=[(name, value, sorted(snapshot.firm_counts[name])) for name, value in chosen.items()],
        link=link,
    )


@router.get("/firms/{code}")
def firm(request: Request, code: str, visitor: Annotated[Visitor, allowed("registers.read")]) -> Response:
    """What chance the firm has and why; after a draw, its rank and its proofs."""
    office, language = desk_of(request).office, visitor.language
    base = standing(office)
    known = next((each for each in find_firms(base.given.snapshot.firms, code, 1) if each.firm == code), None)
    if known is None:
        raise not_found(code)
    # Without quotas the chances would have to be solved for: seconds that a page must not take.
    found = explain(office, code, base) if base.stored is not None else None
    explained = found if isinstance(found, Explanation) else None
    return desk_page(
        request,
        "firm.html",
        "/firms",
        firm=known,
        found=explained,
        chance=_chance,
        why=list(chance_lines(explained, language)) if explained else [],
        unmet=[(each, unmet_words(each, known, language)) for each in (explained.excluded[:50] if explained else ())],
        drawn=[(each, list(drawn_lines(each, language))) for each in (explained.draws if explained else ())],
    )


def _chance(share: Fraction) -> str:
    return f"{float(share * 100):.2f}%"
