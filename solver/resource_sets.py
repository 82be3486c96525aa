"""The sets of resources one visit may use: unions of what its tasks need, of few agencies and without conflict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.merge_problem import Bools, Ints, MergeProblem

Words = npt.NDArray[Any]
"""Sets of resources as bits: uint64, or Python integers (dtype object) where there are more than 64 resources."""

WORD = 64

MOST_SETS = 6_000
"""Sets of resources listed per signature; beyond it the list is cut and the bound is no longer proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """Sets of resources, as bits over ``local`` (resources in use), and as rows (n_sets, n_resources)."""

    local: Ints
    words: Words
    uses: Bools
    is_complete: bool


def resource_sets(problem: MergeProblem, profiles: Bools, tight: Sequence[int] = ()) -> Sets:
    """List the unions of profiles that one visit may use.

    Args:
        problem: gives the most agencies and the conflicts.
        profiles: distinct needs of tasks, (n_profiles, n_resources).
        tight: resources that cost; sets within another one that takes no more of these are left out.

    Returns:
        The sets in a fixed order, and whether none was left out for their number.
    """
    local = np.flatnonzero(profiles.any(axis=0))
    words = np.unique(as_words(profiles[:, local]))
    costly = _word([bit for bit, r in enumerate(local) if r in tight], local)
    always = _harmless(problem, words, local, costly)
    words = np.unique(words | always)
    known = words[_is_allowed(problem, words, local)]
    frontier, kept, is_complete = known, [], True
    while len(frontier):
        grown, back = np.unique(np.bitwise_or.outer(frontier, words), return_inverse=True)
        is_good = _is_allowed(problem, grown, local)
        added = grown[back].reshape(len(frontier), -1) ^ frontier[:, None]
        is_better = is_good[back].reshape(len(frontier), -1) & (added != 0) & (added & costly == 0)
        kept.append(frontier[~is_better.any(axis=1)])
        grown = grown[is_good & ~np.isin(grown, known)]
        is_complete = len(known) + len(grown) <= MOST_SETS
        known = np.concatenate([known, grown])
        frontier = grown if is_complete else grown[:0]
    found = np.unique(np.concatenate(kept)) if kept else words[:0]
    uses = np.zeros((len(found), profiles.shape[1]), bool)
    for bit, resource in enumerate(local):
        uses[:, resource] = (found & _word([bit], local)) != 0
    return Sets(local=local, words=found, uses=uses, is_complete=is_complete)


def _harmless(problem: MergeProblem, words: Words, local: Ints, costly: Any) -> Any:
    """Resources any visit may take beside its others: all that neither cost nor conflict, where agencies are few."""
    if int((local < problem.n_agencies).sum()) > problem.most_agencies:
        return _word([], local)
    in_conflict = problem.conflicts[np.ix_(local, local)].any(axis=1)
    barred = costly | _word(np.flatnonzero(in_conflict).tolist(), local)
    always = _word([], local)
    for word in words[(words & barred) == 0]:
        always |= word
    return always


def _word(bits: Iterable[int], local: Ints) -> Any:
    """These bits as one word, of the kind that ``as_words`` makes for so many columns."""
    word = sum(1 << bit for bit in bits)
    return np.uint64(word) if len(local) <= WORD else word


def as_words(rows: Bools) -> Words:
    """Rows as bits of one word each, (n_rows,): machine words, or Python's long integers where columns are more."""
    if rows.shape[1] > WORD:
        return np.array([sum(1 << bit for bit in np.flatnonzero(row).tolist()) for row in rows] or [], dtype=object)
    words = np.zeros(len(rows), dtype=np.uint64)
    for bit in range(rows.shape[1]):
        words |= rows[:, bit].astype(np.uint64) << np.uint64(bit)
    return words


def _is_allowed(problem: MergeProblem, words: Words, local: Ints) -> Bools:
    """Whether a set has few enough agencies and no two resources in conflict, (n_words,)."""
    agency_bits = _word([bit for bit, r in enumerate(local) if r < problem.n_agencies], local)
    allowed: Bools = np.asarray(np.bitwise_count(words & agency_bits) <= problem.most_agencies, dtype=bool)
    for bit, r in enumerate(local):
        foes = _word([other for other, q in enumerate(local) if problem.conflicts[r, q]], local)
        if foes:
            allowed &= ((words & _word([bit], local)) == 0) | ((words & foes) == 0)
    return allowed
