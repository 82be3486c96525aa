from __future__ import annotations

import doctest
import importlib
import json
import pkgutil

import pytest
from draw_samples import shared_vector
from hypothesis import given
from hypothesis import strategies as st

import inspection.draw
from inspection.draw.canonical import canonical_json, digest_hex, parse_canonical
from inspection.draw.merkle import tree_head
from inspection.draw.refusal import DrawRefusal
from inspection.draw.table import parse_table, table_bytes, table_root, whole_number
from inspection.errors import catalogue

MODULES = [f"inspection.draw.{module.name}" for module in pkgutil.iter_modules(inspection.draw.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_doctests_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_refusal_has_a_message_in_both_languages():
    import re
    from pathlib import Path

    source = "".join(path.read_text(encoding="utf-8") for path in Path(inspection.draw.__path__[0]).glob("*.py"))
    codes = set(re.findall(r'"(draw\.[a-z_.]+)"', source))
    assert codes == {code for code in catalogue() if code.startswith("draw.")} & codes
    for code in codes:
        zh, en = (set(re.findall(r"\{(\w+)\}", catalogue()[code][language])) for language in ("zh", "en"))
        assert zh == en, code


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_canonical_bytes_read_back_as_the_same_value(value):
    try:
        data = canonical_json(value)
    except DrawRefusal:  # a surrogate in a key
        return
    assert parse_canonical(data) == value


@pytest.mark.parametrize("name", ["arrays.json", "french.json", "structures.json", "unicode.json", "weird.json"])
def test_rfc8785_cases_have_the_known_bytes(name):
    case = json.loads(shared_vector("external/jcs_rfc8785.json").read_text(encoding="utf-8"))["cases"][name]
    value = json.loads(case["input"], parse_float=lambda text: int(float(text)))
    assert canonical_json(value) == case["output"].encode()
    assert parse_canonical(case["output"].encode()) == value


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"a": 1}', "bytes"),
        (b'{"b":1,"a":2}', "bytes"),
        (b'{"a":1,"a":1}', "bytes"),
        (b'{"a":1}\n', "bytes"),
        (b'"\\u0041"', "bytes"),
        (b"-0", "bytes"),
        (b"1.0", "float"),
        (b"1e3", "float"),
        (b"NaN", "float"),
        (b"9007199254740992", "integer"),
        (b"9" * 10_000, "integer"),
        (b"\xff", "unicode"),
        (b'"\\ud800"', "unicode"),
        (b"[1,", "syntax"),
        (b"", "syntax"),
        (b"[" * 200_000, "depth"),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data, code):
    with pytest.raises(DrawRefusal) as refusal:
        parse_canonical(data)
    assert refusal.value.code == f"draw.canonical.{code}"


@pytest.mark.parametrize("value", [{1: 2}, {"a": b"x"}, {"a": {1, 2}}, float("inf"), 2**53])
def test_values_outside_the_restriction_are_refused(value):
    with pytest.raises(DrawRefusal, match=r"draw\.canonical\."):
        canonical_json(value)


def test_sm3_examples_of_gbt_32905_hold():
    vector = json.loads(shared_vector("external/sm2_sm3.json").read_text(encoding="utf-8"))["sm3"]
    assert digest_hex("sm3", b"abc") == vector["abc"]
    assert digest_hex("sm3", b"abcd" * 16) == vector["abcd*16"]


def test_unknown_digest_is_refused():
    with pytest.raises(DrawRefusal, match=r"draw\.digest\.unknown"):
        digest_hex("md5", b"")  # type: ignore[arg-type]


FIELD = st.text(st.characters(codec="utf-8", exclude_characters=',"\r\n'), max_size=5)


@given(st.lists(st.tuples(FIELD, FIELD), max_size=20))
def test_table_written_reads_back_and_its_root_is_over_its_lines(rows):
    data = table_bytes(("a", "b"), rows)
    assert parse_table(data, ("a", "b")) == (("a", "b"), rows)
    assert table_root(data, "sha256") == tree_head([line.encode() for line in data.decode().split("\n")[:-1]]).hex()


def test_root_of_a_file_over_several_blocks_is_that_of_its_bytes(tmp_path):
    data = table_bytes(("firm", "pool"), [(f"f{i:07d}", "x" * 40) for i in range(60_000)])
    (tmp_path / "t.csv").write_bytes(data)
    assert len(data) > 2_500_000
    assert table_root(tmp_path / "t.csv", "sha256") == table_root(data, "sha256")


def test_any_changed_field_changes_the_root():
    rows = [(f"f{i}", f"p{i % 3}") for i in range(9)]
    root = table_root(table_bytes(("a", "b"), rows), "sha256")
    for i in range(9):
        changed = [*rows[:i], (rows[i][0], "other"), *rows[i + 1 :]]
        assert table_root(table_bytes(("a", "b"), changed), "sha256") != root


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "cut"),
        (b"a,b\n1,2", "cut"),
        (b"a,b\r\n1,2\r\n", "bytes"),
        (b'a,b\n"1",2\n', "bytes"),
        (b"\xef\xbb\xbfa,b\n", "bytes"),
        (b"a,b\n1\n", "field"),
        (b"a,b\n1,2,3\n", "field"),
        (b"a,c\n1,2\n", "header"),
        (b"a,b\n\xff,2\n", "unicode"),
    ],
)
def test_table_against_the_format_is_refused(data, code):
    with pytest.raises(DrawRefusal) as refusal:
        parse_table(data, ("a", "b"))
    assert refusal.value.code == f"draw.table.{code}"


@pytest.mark.parametrize("row", [("1",), ("1,2", "3"), ("1", 'a"b'), ("1", "a\nb"), ("1,2",)])
def test_row_that_cannot_be_written_is_refused(row):
    with pytest.raises(DrawRefusal, match=r"draw\.table\.field"):
        table_bytes(("a", "b"), [row])


@pytest.mark.parametrize("text", ["", "-1", "01", "1.0", " 1", "１", "9" * 16])
def test_number_not_in_plain_decimal_is_refused(text):
    with pytest.raises(DrawRefusal, match=r"draw\.table\.number"):
        whole_number(text, "flow.csv", 2)
