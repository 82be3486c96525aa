"""What replaces a visit or an inspector that cannot be carried out (PROTOCOL 9): decided by the draw's own tickets."""

from __future__ import annotations

from collections.abc import Iterable

from inspection.draw.firms import reserve_order
from inspection.draw.refusal import DrawRefusal
from inspection.draw.ticket import Tickets


def next_reserve(tickets: Tickets, pool: str, firms: Iterable[str], taken: int, called: int) -> str:
    """The firm that takes over the next closed visit of a pool.

    Args:
        tickets: of the firm draw.
        pool: its name, for the refusal.
        firms: all firms of the pool as committed, in any order.
        taken: how many of them the draw took.
        called: how many reserve firms of the pool were called before.

    Raises:
        DrawRefusal: the reserve is used up.
    """
    reserve = reserve_order(tickets, firms, taken)
    if called >= len(reserve):
        raise DrawRefusal("draw.reserve.empty", pool=pool, called=called)
    return reserve[called]


def substitute(tickets: Tickets, visit: str, agency: str, k: int, eligible: Iterable[str]) -> str:
    """The inspector who takes over: the eligible one with the lowest ``substitute/<visit>/<agency>/<k>`` ticket.

    Args:
        tickets: of the inspector draw.
        visit: the visit.
        agency: whose officer is replaced.
        k: substitutions of that need made before.
        eligible: of the agency, certificate valid, no recusal, able to go, and not on the visit already.

    Raises:
        DrawRefusal: nobody is eligible.
    """
    order = tickets.order(f"substitute/{visit}/{agency}/{k}", eligible)
    if not order:
        raise DrawRefusal("draw.substitute.none", visit=visit, agency=agency)
    return order[0]
