"""The policy file as a form: what is not touched stays to the byte, what is changed keeps its remark."""

from __future__ import annotations

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.errors import InputError
from inspection.rules.policy import parse_policy
from inspection.rules.policy_form import faults_in, filled, policy_form, settings_between
from inspection.rules.policy_text import PolicyText

TEXT = (resources.files("inspection_data") / "policy.toml").read_text(encoding="utf-8")
SHOWN = {field.name: field.shown for section in policy_form(TEXT) for field in section.fields}


def test_values_sent_back_as_shown_change_no_byte() -> None:
    assert filled(TEXT, SHOWN) == TEXT


def test_changed_values_keep_remarks_and_their_column() -> None:
    made = filled(TEXT, {"coverage.floor": "6%", "quiet.days_of_month": "1，2、5-7", "registers.blank_tier": "B"})
    assert 'floor = "6%"                     # 全年至少检查的户数比例' in made
    assert 'days_of_month = [1, 2, "5-7"]    # 每月不入企的日子' in made
    policy = parse_policy(made)
    assert policy.registers.blank_tier == "B" and policy.quiet.days_of_month == frozenset({1, 2, 5, 6, 7})
    assert made.count("#") == TEXT.count("#")
    assert settings_between(TEXT, made) == (
        'coverage.floor="6%"', 'registers.blank_tier="B"', 'quiet.days_of_month=[1, 2, "5-7"]',
    )  # fmt: skip


def test_values_that_cannot_be_are_faults_of_their_own_fields() -> None:
    made = filled(TEXT, {"gap.days": "never", "tiers.D.weight": "-", "caps.by_agency": "{ = }", "merge.enabled": ""})
    assert {fault.key for fault in faults_in(made)} == {"gap.days", "tiers.D.weight", "caps.by_agency", "merge.enabled"}


def test_lists_dates_and_tables_are_written_as_toml() -> None:
    made = filled(
        TEXT,
        {
            "quiet.dates": "2027-02-16 , 2027-02-17",
            "caps.by_agency": '{ "YJ" = 2 }',
            "ceremony.parties": "公证处、消防",
        },
    )
    policy = parse_policy(made)
    assert len(policy.quiet.dates) == 2 and policy.caps.by_agency == {"YJ": 2}
    assert policy.ceremony.parties == ("公证处", "消防")


def test_tables_the_file_lacks_are_added() -> None:
    short = '[plan]\nyear = 2027\ndivision = "370828"\nname = "计划"\n[tiers.A]\n'
    made = filled(short, {"gap.days": "12", "tiers.A.weight": "2", "joint.floor": "20%"})
    policy = parse_policy(made)
    assert (policy.gap.days, policy.tiers["A"].weight) == (12, 2) and made.startswith(short.split("[tiers", 1)[0])


def test_text_that_is_no_toml_names_its_line() -> None:
    with pytest.raises(InputError) as caught:
        policy_form("[plan]\nyear = = 3\n")
    assert caught.value.code == "policy.syntax" and caught.value.params["line"] == 2


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(sorted(SHOWN)), st.text(max_size=20), max_size=4))
def test_whatever_is_filled_in_the_file_stays_toml(values: dict[str, str]) -> None:
    made = filled(TEXT, values)
    faults_in(made)  # raises where the text were no TOML
    for path, written in PolicyText.read(TEXT).values.items():
        if ".".join(map(str, path)) not in values:
            assert PolicyText.read(made).values[path].value == written.value
