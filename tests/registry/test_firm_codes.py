from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from register_rows import code as sound_code

from inspection.registry.codes import ALPHABET, check_digit, clean_sql, fault_sql
from inspection.registry.specification import blanks


def judge(codes: list[str], confirmed: tuple[str, ...] = ()) -> list[str | None]:
    values = ", ".join(f"({number}, '{code}')" for number, code in enumerate(codes))
    query = (
        f"SELECT {fault_sql('c', confirmed, blanks())} FROM (SELECT n, {clean_sql('t')} AS c "
        f"FROM (VALUES {values}) AS v(n, t)) ORDER BY n"
    )
    rows = duckdb.connect().execute(query).fetchall()
    return [row[0] and row[0].removeprefix("registers.code.") for row in rows]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("91350100M000100Y43", None),  # the worked example of GB 32100-2015
        ("91350100M000100Y4Z", "characters"),
        ("91350100M000100Y44", "check_digit"),
        ("91350100m000100y43", None),
        ("９１３５０１００Ｍ０００１００Ｙ４３", None),
        (" 91350100M 000100Y43\t", None),
        ('="91350100M000100Y43"', None),
        ("9135010OM000100Y43", "characters"),
        ("91350100M000100Y4", "length"),
        ("", "blank"),
        ("无", "blank"),
        ("110108000000016", None),  # the worked example of GS 15-2006
        ("110108000000017", "registration"),
        ("914690062012664960", "cut"),
        ("914690062012665000", "cut"),
        ("9.14690062012665E+17", "number"),
        ("9.1469E+17", "number"),
        ("914690062012664960.0", "number"),
    ],
)
def test_code_as_bureaus_write_it_is_judged(code: str, fault: str | None) -> None:
    assert judge([code]) == [fault]


def all_digit_code(body: int) -> str:
    text = f"{body:017}"
    return text + check_digit(text)


def test_cut_code_whose_check_digit_passes_is_refused() -> None:
    bodies = range(91370828012664400, 91370828012698400)
    passing = [code for code in map(all_digit_code, bodies) if code.endswith("000")]
    assert passing, "no example found"
    assert set(judge(passing)) == {"cut"}


def test_genuine_all_digit_code_typed_as_text_is_accepted() -> None:
    codes = [code for code in (all_digit_code(91370828016356163 + step * 7) for step in range(600)) if code.isdigit()]
    assert len(codes) > 150
    cut = [code for code, fault in zip(codes, judge(codes), strict=True) if fault]
    assert len(cut) <= 3


def test_confirmed_code_that_looks_cut_is_accepted() -> None:
    cut = next(
        code for code in map(all_digit_code, range(91370828012664400, 91370828012698400)) if code.endswith("000")
    )
    assert judge([cut], confirmed=(cut,)) == [None]


@given(st.text(alphabet=ALPHABET, min_size=17, max_size=17))
@hypothesis_settings(max_examples=60, deadline=None)
def test_sql_and_python_agree_on_the_check_digit(body: str) -> None:
    right = body + check_digit(body)
    wrong = body + ALPHABET[(ALPHABET.index(right[17]) + 1) % 31]
    verdicts = judge([right, wrong])
    assert verdicts[0] in (None, "cut")
    assert verdicts[1] in ("check_digit", "cut")


def test_codes_of_the_tests_are_sound() -> None:
    assert judge([sound_code(number) for number in range(50)]) == [None] * 50


@given(st.integers(1, 9), st.text(alphabet="0123456789", min_size=13, max_size=13))
@hypothesis_settings(max_examples=40, deadline=None)
def test_registration_number_has_exactly_one_check_digit(first: int, rest: str) -> None:
    assert judge([f"{first}{rest}{last}" for last in range(10)]).count(None) == 1
