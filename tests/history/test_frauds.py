"""Small versions of benchmarks/audit_rates.py: honest years stay quiet, each planted fraud is named."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks import audit_histories as made
from inspection.history.change_tests import Allowed
from inspection.history.examine import Asked, Audit, examine
from inspection.history.firm_tests import mix
from inspection.history.place_tests import gaps_anew, spectrum
from inspection.history.records import Happening, History
from inspection.history.replays import replayed

SIZE = made.Size()


def audit(history: History) -> Audit:
    return examine(history, Asked(replays=24))


def honest(seed: int) -> History:
    return made.history(SIZE, np.random.default_rng(seed))


def alarms(found: Audit) -> dict[str, set[tuple[str, ...]]]:
    names = {one.family for one in found.alarms}
    return {name: {one.deviation.subject for one in found.alarms if one.family == name} for name in names}


@cache
def quiet() -> Audit:
    return audit(honest(1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_honest_years_raise_no_alarm(seed):
    assert not alarms(audit(honest(seed)))


def test_every_family_has_something_to_test_in_honest_years():
    assert {family.name for family in quiet().families if not family.tests} == set()
    assert not quiet().alarms


def test_the_same_history_gives_the_same_figures():
    again = audit(honest(1))
    assert [one.deviation.chance for one in again.judgements] == [one.deviation.chance for one in quiet().judgements]


def test_a_street_whose_firms_are_exchanged_is_named():
    history = made.history(SIZE, np.random.default_rng(2), draw=made.protecting(0.9))
    assert ("town-3",) in alarms(audit(history))["town"]


def test_every_tenth_firm_is_named_as_a_fixed_interval():
    history = made.history(SIZE, np.random.default_rng(2), draw=made.stride, seat=made.dealt(lambda past, random: past))
    found = alarms(audit(history))
    assert len(found["gap_repeats"]) == SIZE.years
    assert {interval for _, interval in found["period"]} == {"10.0"}


def test_a_redrawer_is_named_by_what_the_log_keeps():
    history = made.history(SIZE, np.random.default_rng(2), draw=made.redrawing(40, True))
    found = alarms(audit(history))
    assert found["rate"] == {("void",)} and found["person"] == {("planner", "void")}


def test_voids_within_what_is_allowed_are_no_alarm():
    history = made.history(SIZE, np.random.default_rng(2), draw=made.redrawing(40, True))
    lenient = examine(history, Asked(replays=8, allowed=Allowed(voids=Allowed().voids * 10)))
    assert not {"rate", "person"} & alarms(lenient).keys()


def test_a_favourite_is_named_in_a_list_without_chances():
    history = made.history(SIZE, np.random.default_rng(3), seat=made.dealt(made.overloading(0.4)))
    assert alarms(audit(history))["load"] == {(made.FAVOURITE,)}


def test_a_load_beside_the_committed_flow_is_named_in_a_bundle():
    history = made.history(SIZE, np.random.default_rng(3), seat=made.overloading(0.1))
    assert (made.FAVOURITE,) in alarms(audit(history))["load"]


def test_a_favourite_who_gets_the_street_is_named_though_all_loads_are_kept():
    history = made.history(SIZE, np.random.default_rng(3), seat=made.favouring(1.0))
    found = alarms(audit(history))
    assert (made.FAVOURITE, made.STREET) in found["inspector_town"]
    assert "load" not in found


def test_friends_who_sit_together_are_named():
    history = made.history(SIZE, np.random.default_rng(3), seat=made.dealt(made.coupling(0.6)))
    assert alarms(audit(history))["pair"] == {(made.FAVOURITE, "market-05")}


def test_somebody_who_sat_without_any_chance_is_named():
    history = honest(4)
    past = history.seats[0]
    who = int(past.way_inspector[past.taken][0])
    barred = replace(past, chance=np.where(past.way_inspector == who, 0.0, past.chance))
    found = alarms(audit(replace(history, seats=(barred, *history.seats[1:]))))
    assert (past.inspectors[who],) in found["load"]


def happening(**given: str) -> Happening:
    base = {"type": "replace", "draw": "2019/1-firms", "time": "2019-05-05T09:00:00+08:00", "actor": "clerk"}
    return Happening(year=2019, **{**base, **given})  # type: ignore[arg-type]


def test_replacements_in_one_town_are_named():
    history = honest(4)
    told = tuple(happening(town=made.STREET, reason="unreachable") for _ in range(12))
    assert alarms(audit(replace(history, happenings=told)))["replaced_town"] == {(made.STREET,)}


def test_a_long_illness_counts_as_one_absence():
    ill = {"type": "substitute", "replaces": "fire-01", "inspector": "fire-02", "agency": "fire", "reason": "sick"}
    told = tuple(happening(**ill) for _ in range(30))
    found = audit(replace(honest(4), happenings=told))
    assert not {"sent_away", "rate", "stepped_in"} & alarms(found).keys()


def test_the_same_substitute_again_and_again_is_named():
    days = [f"2019-{month:02d}-{day:02d}T09:00:00+08:00" for month in range(3, 9) for day in (5, 15)]
    told = tuple(
        happening(type="substitute", replaces="fire-01", inspector="fire-02", agency="fire", reason="duty", time=day)
        for day in days
    )
    found = alarms(audit(replace(honest(4), happenings=told)))
    assert found["stepped_in"] == {("fire-02",)} and found["sent_away"] == {("fire-01",)}


def test_replays_meet_the_published_chances():
    past = honest(5).seats[0]
    mean = np.mean(list(replayed(past, np.random.default_rng(2), 150)), axis=0)
    assert np.abs(mean - past.chance).max() < 0.17
    assert abs(float((mean - past.chance).mean())) < 1e-9


def test_replays_of_a_list_fill_every_need():
    past = replace(honest(5).seats[0], flow=None)
    (taken,) = replayed(past, np.random.default_rng(2), 1)
    assert (np.bincount(past.way_need[taken]) == past.officers).all()


def test_peaks_of_a_fair_draw_have_mean_one():
    draws = [made.draw_year(SIZE, 2019, f"secret number {n:04d}")[0] for n in range(40)]
    assert np.mean([spectrum(past).mean() for past in draws]) == pytest.approx(1.0, abs=0.05)


def test_gaps_drawn_anew_are_those_of_a_subset():
    gaps = gaps_anew(20, 6, 500, np.random.default_rng(1))
    assert gaps.shape == (500, 5) and gaps.min() >= 1 and gaps.sum(axis=1).max() <= 19
    assert gaps.mean() == pytest.approx(21 / 7, rel=0.03)


def test_chi_square_over_one_category_is_no_test():
    past = honest(5).draws[0]
    assert mix(("x",), past, np.zeros(len(past.firms), dtype=np.int64), np.random.default_rng(1)) is None
