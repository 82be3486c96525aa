"""The policy file: what is read is exact, what is wrong is named at once, what is canonical reads back equal."""

from __future__ import annotations

import json
import re
from datetime import date
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspection.errors import InputError, InspectionError, RuleError, catalogue
from inspection.rules.policy import Policy, load_policy, parse_policy, policy_from
from inspection.rules.policy_values import read_share

TEMPLATE = resources.files("inspection_data") / "policy.toml"
SMALLEST = '[plan]\nyear = 2027\ndivision = "370828"\nname = "测试"\n[tiers.A]\n'
PLAN = {"year": 2027, "division": "370828", "name": "测试"}


def small(**sections: Any) -> Policy:
    return policy_from({"plan": PLAN, "tiers": {"A": {}, "B": {"weight": 2}}, **sections})


def refusal(text: str) -> InspectionError:
    with pytest.raises(InspectionError) as caught:
        parse_policy(text)
    return caught.value


def problems(text: str) -> dict[str, str]:
    """Key → code of each fault."""
    faults: Any = refusal(text).params["faults"]
    return {fault.key: fault.code for fault in faults}


def test_template_states_the_defaults(tmp_path: Path) -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    shown = parse_policy(text).canonical()
    bare = policy_from({"plan": shown["plan"], "tiers": shown["tiers"]}).canonical()
    assert shown == bare


def test_template_names_every_key() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    for section, value in parse_policy(text).canonical().items():
        assert re.search(rf"^\[\[?{section}", text.replace("# [[", "[["), re.M), section
        for key in value if isinstance(value, dict) else ():
            assert re.search(rf"^(# )?\[?{key}\b|\[{section}\.{key}\.|^# \[{section}\.{key}\.", text, re.M), (
                section,
                key,
            )


def test_examples_in_the_template_can_be_switched_on() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    policy = parse_policy(re.sub(r"^# (?=\[|[a-z_]+ = )", "", text, flags=re.M))
    assert policy.exemptions[0].established_after == date(2026, 12, 31)
    assert policy.registers.blank_tier == "B"
    assert policy.seats_of("XF", "2027-09", 40) == 120 and policy.seats_of("XF", "2027-10", 40) == 240


def test_smallest_policy_has_the_stated_defaults() -> None:
    policy = parse_policy(SMALLEST)
    assert policy.coverage.floor == Fraction(1, 20) and policy.joint.floor == Fraction(1, 10)
    assert policy.officers_of("any") == 2 and policy.visits_of_agency("any") == 1 and policy.gap.days == 30
    assert policy.regions == ("370828",) and policy.tier_order == ("A",)
    assert policy.coverage_kinds == {"enterprise", "branch"}


def test_file_with_byte_order_mark_and_windows_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "规则.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())
    assert load_policy(path) == parse_policy(SMALLEST)


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ('"5%"', Fraction(1, 20)),
        ('"5 ％"', Fraction(1, 20)),
        ('"2.5%"', Fraction(1, 40)),
        ("0.05", Fraction(1, 20)),
        ("0.1", Fraction(1, 10)),
        ('"1/3"', Fraction(1, 3)),
        ("0", Fraction(0)),
        ('"100%"', Fraction(1)),
    ],
)
def test_shares_are_read_exactly(written: str, exact: Fraction) -> None:
    assert parse_policy(f"{SMALLEST}[coverage]\nfloor = {written}\n").coverage.floor == exact


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_percent_and_decimal_are_the_same_share(hundredths: int) -> None:
    percent = read_share(f"{hundredths // 100}.{hundredths % 100:02d}%")
    assert percent == Fraction(hundredths, 10_000)
    if hundredths not in (0, 10_000):
        assert read_share(hundredths / 10_000) == percent


def test_days_of_month_are_days_and_ranges() -> None:
    policy = small(quiet={"days_of_month": [1, "3-5", "20 至 22"], "dates": [date(2027, 2, 16)]})
    assert policy.quiet.days_of_month == {1, 3, 4, 5, 20, 21, 22}
    assert policy.is_quiet(date(2027, 3, 4)) and policy.is_quiet(date(2027, 2, 16))
    assert not policy.is_quiet(date(2027, 3, 16))


def test_exceptions_by_agency_prevail() -> None:
    policy = small(
        officers={"by_agency": {"XF": 3}},
        caps={"by_agency": {"XF": 2}},
        capacity={"by_agency": {"XF": {"visits_per_officer_month": 4, "visits_per_day": 5}}},
    )
    assert [policy.officers_of(agency) for agency in ("XF", "SC")] == [3, 2]
    assert [policy.visits_of_agency(agency) for agency in ("XF", "SC")] == [2, 1]
    assert [policy.seats_of(agency, "2027-05", 10) for agency in ("XF", "SC")] == [40, 80]
    assert [policy.visits_per_day(agency) for agency in ("XF", "SC")] == [5, None]


def test_month_with_no_seats_has_none() -> None:
    policy = small(capacity={"by_agency": {"XF": {"months": {"2027-02": 0}}}})
    assert policy.seats_of("XF", "2027-02", 10) == 0


@pytest.mark.parametrize(
    ("changed", "exempt"),
    [
        ({}, True),
        ({"tier": "B"}, False),
        ({"kind": "household"}, False),
        ({"kind": "branch"}, True),
        ({"industry": "F521"}, True),
        ({"industry": "H62"}, False),
        ({"tags": frozenset({"餐饮"})}, False),
        ({"established": date(2026, 12, 31)}, False),
        ({"established": None}, False),
    ],
)
def test_exemption_needs_every_condition_and_one_value_of_each(changed: dict[str, Any], exempt: bool) -> None:
    rule = {
        "code": "X",
        "reason": "测试",
        "tags": ["白名单"],
        "tiers": ["A"],
        "kinds": ["enterprise", "branch"],
        "industries": ["F52", "G"],
        "established_after": date(2026, 12, 31),
    }
    firm: dict[str, Any] = {
        "tier": "A",
        "kind": "enterprise",
        "industry": "G54",
        "tags": frozenset({"白名单", "餐饮"}),
        "established": date(2027, 1, 1),
    }
    assert small(exemptions=[rule]).exemptions[0].covers(**{**firm, **changed}) is exempt


OPENS = "opens=2027-01-07T21:15:00+08:00\n"

FAULTS: dict[str, tuple[str, str, str]] = {
    "missing": ("[plan]\nyear = 2027\nname = 'x'\n[tiers.A]\n", "plan.division", "missing"),
    "no tiers": ("[plan]\nyear = 2027\ndivision = 'x'\nname = 'x'\n[tiers]\n", "tiers", "no_tiers"),
    "misspelt key": ("[coverage]\nflor = '5%'\n", "coverage.flor", "unknown_key_close"),
    "unknown key": ("[coverage]\nzzz = 1\n", "coverage.zzz", "unknown_key"),
    "misspelt table": ("[offices]\nper_agency = 2\n", "offices", "unknown_key_close"),
    "key in entry": ("[[exemptions]]\ncode='A'\nreason='r'\ntag=['x']\n", "exemptions[1].tag", "unknown_key_close"),
    "key in agency": ("[capacity.by_agency.XF]\nmonth = {}\n", "capacity.by_agency.XF.month", "unknown_key_close"),
    "share word": ("[coverage]\nfloor = '五成'\n", "coverage.floor", "share"),
    "share switch": ("[coverage]\nfloor = true\n", "coverage.floor", "share"),
    "share nan": ("[coverage]\nfloor = nan\n", "coverage.floor", "share"),
    "share tiny": ("[coverage]\nfloor = 1e-999999999\n", "coverage.floor", "share"),
    "share one": ("[coverage]\nfloor = 1\n", "coverage.floor", "share_of_one"),
    "share above": ("[coverage]\nfloor = 5\n", "coverage.floor", "share_range"),
    "share above percent": ("[coverage]\nfloor = '101%'\n", "coverage.floor", "share_range"),
    "share below": ("[coverage]\nfloor = -0.1\n", "coverage.floor", "share_range"),
    "weight zero": ("[tiers.Z]\nweight = 0\n", "tiers.Z.weight", "weight"),
    "weight word": ("[tiers.Z]\nweight = 'high'\n", "tiers.Z.weight", "weight"),
    "date": ("[quiet]\ndates = ['2027-02-30']\n", "quiet.dates[1]", "date"),
    "date number": ("[quiet]\ndates = [20270216]\n", "quiet.dates[1]", "date"),
    "days": ("[quiet]\ndays_of_month = ['5-3']\n", "quiet.days_of_month", "days_of_month"),
    "day 32": ("[quiet]\ndays_of_month = [32]\n", "quiet.days_of_month", "days_of_month"),
    "days text": ("[quiet]\ndays_of_month = '1-5'\n", "quiet.days_of_month", "days_of_month"),
    "month": ("[capacity.by_agency.XF]\nmonths = {'2027-13' = 1}\n", "capacity.by_agency.XF.months.2027-13", "month"),
    "code": ("[ceremony]\nparties = ['a:b']\n", "ceremony.parties[1]", "code"),
    "code space": ("[tiers.'B C']\n", "tiers.B C", "code"),
    "text": ("[[exemptions]]\ncode='A'\nreason=''\ntags=['x']\n", "exemptions[1].reason", "text"),
    "choice": ("[coverage]\ndenominator = 'firms'\n", "coverage.denominator", "choice"),
    "kind": ("[[exemptions]]\ncode='A'\nreason='r'\nkinds=['firm']\n", "exemptions[1].kinds[1]", "choice"),
    "at least": ("[officers]\nper_agency = 1\n", "officers.per_agency", "at_least"),
    "at least by agency": ("[officers]\nby_agency = {XF = 1}\n", "officers.by_agency.XF", "at_least"),
    "seats": ("[capacity.by_agency.XF.months]\n'2027-01' = -1\n", "capacity.by_agency.XF.months.2027-01", "at_least"),
    "at most": ("[gap]\ndays = 400\n", "gap.days", "at_most"),
    "whole": ("[gap]\ndays = 2.5\n", "gap.days", "whole"),
    "whole text": ("[gap]\ndays = '30'\n", "gap.days", "whole"),
    "switch": ("[merge]\nenabled = 'yes'\n", "merge.enabled", "switch"),
    "table": ("coverage = 5\n", "coverage", "table"),
    "tables": ("exemptions = 'none'\n", "exemptions", "tables"),
    "list": ("[quiet]\ndates = 2027-01-04\n", "quiet.dates", "list"),
    "repeated region": ("[plan]\nregions = ['a', 'a']\n", "plan.regions[2]", "repeated"),
    "repeated party": ("[ceremony]\nparties = ['a', 'a']\n", "ceremony.parties[2]", "repeated"),
    "minimum above maximum": (
        "[tiers.Z]\nminimum = '6%'\nmaximum = '5%'\nweight = 3\n",
        "tiers.Z.minimum",
        "minimum_above_maximum",
    ),
    "weight falls": ("[tiers.Z]\nweight = 0.5\n", "tiers.Z.weight", "weight_falls"),
    "chance falls": ("[tiers.Y]\nminimum='9%'\n[tiers.Z]\nmaximum='8%'\n", "tiers.Z.maximum", "chance_falls"),
    "nobody": ("[plan]\nyear=2027\ndivision='x'\nname='x'\n[tiers.A]\nmaximum=0\n", "tiers", "nobody_drawn"),
    "gap too long": ("[tiers.Z]\nvisits = 4\n[gap]\ndays = 200\n", "tiers.Z.visits", "gap_too_long"),
    "blank tier": ("[registers]\nblank_tier = 'Q'\n", "registers.blank_tier", "unknown_tier"),
    "exempt tier": ("[[exemptions]]\ncode='A'\nreason='r'\ntiers=['Q']\n", "exemptions[1].tiers", "unknown_tier"),
    "qualified": ("[officers]\nqualified = 3\n", "officers.qualified", "qualified_above_officers"),
    "day above month": (
        "[capacity]\nvisits_per_officer_day=9\n",
        "capacity.visits_per_officer_day",
        "day_above_month",
    ),
    "quiet elsewhere": ("[quiet]\ndates = [2026-01-04]\n", "quiet.dates", "outside_year"),
    "holiday elsewhere": ("[calendar]\nextra_holidays = [2029-01-04]\n", "calendar.extra_holidays", "outside_year"),
    "month elsewhere": (
        "[capacity.by_agency.XF.months]\n'2026-01' = 1\n",
        "capacity.by_agency.XF.months.2026-01",
        "outside_year",
    ),
    "joint alone": ("[merge]\nmost_agencies = 1\n", "merge.most_agencies", "joint_needs_two"),
    "no condition": ("[[exemptions]]\ncode='A'\nreason='r'\n", "exemptions[1]", "no_condition"),
    "always quiet": ("[quiet]\ndays_of_month = ['1-31']\n", "quiet.days_of_month", "always_quiet"),
    "both": (
        "[calendar]\nextra_holidays=[2027-02-05]\nextra_workdays=[2027-02-05]\n",
        "calendar.extra_workdays",
        "holiday_and_workday",
    ),
    "no entropy": ("[ceremony]\nparties=[]\npublic='none'\n", "ceremony.parties", "no_entropy"),
    "little entropy": ("[ceremony]\nparties=[]\ndice=39\n", "ceremony.dice", "little_entropy"),
    "lone lottery": (
        f"[ceremony]\nparties=[]\npublic='lottery'\nlottery='ssq'\n[ceremony.issues.1-firms]\nissue='2027003'\n{OPENS}",
        "ceremony.public",
        "lone_lottery",
    ),
    "no secret in escrow": (
        "[ceremony]\nparties=[]\nmissing_reveal='escrow'\n",
        "ceremony.missing_reveal",
        "nobody_reveals",
    ),
    "unknown lottery": ("[ceremony]\npublic='lottery'\nlottery='mark6'\n", "ceremony.lottery", "unknown_lottery"),
    "no issues": ("[ceremony]\npublic='lottery'\nlottery='ssq'\n", "ceremony.issues", "no_issues"),
    "issue of another form": (
        f"[ceremony]\npublic='lottery'\nlottery='ssq'\n[ceremony.issues.1-firms]\nissue='27003'\n{OPENS}",
        "ceremony.issues.1-firms.issue",
        "issue",
    ),
    "issue named twice": (
        "[ceremony]\npublic='lottery'\nlottery='ssq'\n"
        f"[ceremony.issues.1-firms]\nissue='2027003'\n{OPENS}[ceremony.issues.2-inspectors]\nissue='2027003'\n{OPENS}",
        "ceremony.issues.2-inspectors.issue",
        "repeated",
    ),
    "time without offset": (
        "[ceremony.issues.1-firms]\nissue='2027003'\nopens=2027-01-07T21:15:00\n",
        "ceremony.issues.1-firms.opens",
        "moment",
    ),
}


def completed(text: str) -> str:
    """A fault's text with the required tables it does not bring itself; top-level keys stay on top."""
    if "name" in text and "[plan]" in text:
        return text
    if "[plan]" in text:
        return text.replace("[plan]\n", "[plan]\nyear = 2027\ndivision = '370828'\nname = 'x'\n") + "[tiers.A]\n"
    return text + SMALLEST if not text.startswith("[") else SMALLEST + text


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_named_with_its_key(fault: str) -> None:
    text, key, code = FAULTS[fault]
    assert problems(completed(text)) == {key: code}


def test_every_problem_of_the_catalogue_is_tested() -> None:
    known = {code.removeprefix("policy.problem.") for code in catalogue() if code.startswith("policy.problem.")}
    assert known - {code for _, _, code in FAULTS.values()} == {"value"}


def test_every_message_reads_in_both_languages() -> None:
    for text, key, _ in FAULTS.values():
        error = refusal(completed(text))
        assert key in error.text("zh") and key in error.text("en")
        assert re.search("[一-鿿]", error.text("zh")) and not re.search("[一-鿿]", error.text("en").replace("五成", ""))


def test_all_faults_are_named_at_once_in_order_with_their_lines() -> None:
    text = SMALLEST + "weight = 3\n[tiers.B]\nweight = 2\n[merge]\nenabled = 1\n[coverage]\nfloor = 7\n[wat]\n"
    error = refusal(text)
    faults: Any = error.params["faults"]
    assert [(fault.line, fault.key) for fault in faults] == [
        (8, "tiers.B.weight"),
        (10, "merge.enabled"),
        (12, "coverage.floor"),
        (13, "wat"),
    ]
    assert isinstance(error, InputError) and error.params["count"] == 4
    assert "第 12 行 coverage.floor" in error.text("zh") and "line 12, coverage.floor" in error.text("en")


def test_contradiction_of_readable_values_is_a_rule_error() -> None:
    assert isinstance(refusal(SMALLEST + "[ceremony]\nparties = []\npublic = 'none'\n"), RuleError)


def test_broken_syntax_names_the_line() -> None:
    error = refusal(SMALLEST + "[coverage]\nfloor = 5%\n")
    assert error.code == "policy.syntax" and error.params["line"] == 7
    assert "第 7 行" in error.text("zh") and "floor = 5%" in error.text("zh")


def test_full_width_quotes_are_a_syntax_fault_of_their_line() -> None:
    error = refusal("[plan]\nname = “测试”\n")
    assert (error.code, error.params["line"]) == ("policy.syntax", 2)


@pytest.mark.parametrize("text", ["x = " + "9" * 5000, "x = " + "[" * 5000, "x = 1e99999999999999999999", "[plan", "["])
def test_absurd_text_is_a_clear_error(text: str) -> None:
    assert refusal(text).text("zh") and refusal(text).text("en")


def test_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_policy(tmp_path / "none.toml")
    assert caught.value.code == "policy.unreadable" and "none.toml" in caught.value.text("zh")


def test_file_in_gb18030_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(SMALLEST.encode("gb18030"))
    with pytest.raises(InputError) as caught:
        load_policy(path)
    assert (caught.value.code, caught.value.params["line"]) == ("policy.encoding", 4)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text("ab1:%甲 ", max_size=5)
    | st.dates()
    | st.just("5%"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["A", "code", "months", "x y"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = sorted({key for value in small().canonical().values() if isinstance(value, dict) for key in value})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(sorted(Policy.model_fields)),
        VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
        max_size=4,
    )
)
def test_whatever_is_handed_in_is_a_policy_or_a_clear_error(sections: dict[str, Any]) -> None:
    try:
        policy = policy_from({"plan": PLAN, "tiers": {"A": {}}, **sections})
    except InspectionError as error:
        assert error.text("zh") and error.text("en")
    else:
        assert policy_from(policy.canonical()) == policy


def test_canonical_policy_survives_sorted_json() -> None:
    policy = small(
        tiers={"Z": {}, "A": {"weight": "5/2", "maximum": "12.5%"}},
        quiet={"days_of_month": ["3-5"], "dates": [date(2027, 2, 16)]},
        exemptions=[{"code": "W", "reason": "r", "tags": ["b", "a"], "established_after": date(2026, 1, 1)}],
        capacity={"by_agency": {"XF": {"months": {"2027-09": 120}}}},
    )
    kept = json.dumps(policy.canonical(), sort_keys=True, ensure_ascii=False)
    assert policy_from(json.loads(kept)) == policy
    assert policy_from(json.loads(kept)).tier_order == ("Z", "A")
    assert not re.search(r"\d\.\d", kept)


def test_comments_spelling_and_order_of_sets_leave_no_trace() -> None:
    one = SMALLEST + "[coverage]\nfloor = '5%' # 百分之五\n[quiet]\ndays_of_month = [5, '3-4']\n"
    other = SMALLEST + "[quiet]\ndays_of_month = ['3-5']\n[coverage]\nfloor = 0.05\n"
    assert json.dumps(parse_policy(one).canonical()) == json.dumps(parse_policy(other).canonical())


def test_repeated_tier_in_list_form_is_refused() -> None:
    with pytest.raises(InputError):
        policy_from({"plan": PLAN, "tiers": [{"tier": "A"}, {"tier": "A"}]})


def test_policy_cannot_be_changed() -> None:
    policy = small()
    with pytest.raises(ValueError, match="frozen"):
        policy.coverage.floor = Fraction(0)
