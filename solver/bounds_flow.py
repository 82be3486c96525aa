"""Whether whole visits by combination can be spread over signatures within their bounds: one maximum flow, exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.merge_problem import MILLION, Bools, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """Why not: signatures that get too little (``is_lower``) or can take no more, by so many millionths.

    ``is_coverage`` says that the coverage as a whole is what lacks; the signatures are then those outside reach.
    """

    signatures: tuple[int, ...]
    is_lower: bool
    is_coverage: bool
    short: int


def bottleneck(
    visits: Ints, eligible: Bools, lower: Ints, upper: Ints, covers: Bools, coverage: int
) -> Bottleneck | None:
    """Return None when the visits fit, else a tightest cut.

    Network: source → combination (its visits, exactly) → signatures eligible → the part owed (``lower``) and the part
    free (up to ``upper``); covering signatures' free part first pays what coverage still lacks. Everything is in
    millionths; all visits pass and all debts are paid if and only if the flow equals the total.

    Args:
        visits: whole visits, (n_combinations,).
        eligible: (n_signatures, n_combinations).
        lower, upper: millionths, (n_signatures,).
        covers: (n_signatures,).
        coverage: whole visits owed to ``covers`` together.
    """
    from ortools.graph.python import max_flow  # type: ignore[import-untyped] # no stubs shipped

    n_signatures, n_combinations = eligible.shape
    total = int(visits.sum()) * MILLION
    owed = int(lower.sum())
    extra = max(0, coverage * MILLION - int(lower[covers].sum()))
    if owed + extra > total:
        return Bottleneck(
            signatures=tuple(range(n_signatures)), is_lower=True, is_coverage=extra > 0, short=owed + extra - total
        )
    source, sink, free, cover_free = range(4)
    first_c, first_s = 4, 4 + n_combinations
    combination = first_c + np.arange(n_combinations)
    signature = first_s + np.arange(n_signatures)
    s_of, c_of = np.nonzero(eligible)
    tails = np.concatenate(
        [np.full(n_combinations, source), first_c + c_of, signature, signature, [cover_free] * 2, [free]]
    )
    heads = np.concatenate(
        [
            combination,
            first_s + s_of,
            np.full(n_signatures, sink),
            np.where(covers, cover_free, free),
            [sink, free],
            [sink],
        ]
    )
    capacities = np.concatenate(
        [
            visits * MILLION,
            np.full(len(c_of), total),
            np.minimum(lower, upper),
            np.maximum(upper - lower, 0),
            [extra, total],
            [total - owed - extra],
        ]
    )
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(tails.astype(np.int32), heads.astype(np.int32), capacities.astype(np.int64))
    flow.solve(source, sink)
    if flow.optimal_flow() == total:
        return None
    near = np.zeros(first_s + n_signatures, bool)
    near[flow.get_source_side_min_cut()] = True
    inside = near[signature]
    # Signatures beyond the cut are owed more than the combinations that reach them hold; if the free part is on the
    # near side, nothing beyond lacks: those inside are full.
    is_lower = bool(near[free])
    chosen = ~inside if is_lower else inside
    return Bottleneck(
        signatures=tuple(int(s) for s in np.flatnonzero(chosen)),
        is_lower=is_lower,
        is_coverage=is_lower and not bool(near[cover_free]) and extra > 0,
        short=total - int(flow.optimal_flow()),
    )
