"""An insider who writes tables and rules: the same root for other rows, bytes that are read two ways."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attack_scene import (
    FIRMS,
    INSPECTORS,
    Checkers,
    edit_lines,
    forged,
    honest,
    refit,
)
from bundle_maker import UNIT, Made, Spec

from inspection.verify import tree_head


def head(lines: list[bytes]) -> bytes:
    return tree_head(b"".join(line + b"\n" for line in lines), hashlib.sha256)


def naive_head(lines: list[bytes]) -> bytes:
    """The root of a tree whose leaves and nodes are hashed alike, an odd one paired with itself: what 8 must not be."""
    nodes = [hashlib.sha256(line).digest() for line in lines]
    while len(nodes) > 1:
        nodes += nodes[-1:] * (len(nodes) % 2)
        nodes = [hashlib.sha256(a + b).digest() for a, b in zip(nodes[::2], nodes[1::2], strict=True)]
    return nodes[0]


def rows_of(made: Made) -> list[bytes]:
    return (made.root / FIRMS / "visits.csv").read_bytes().split(b"\n")[:-1]


def test_node_of_the_tree_passed_off_as_a_row_has_another_root(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk; writes the two hashes under a node in place of the two rows, to hide them. Caught by verify: result.

    Without the prefixes of RFC 9162 the root would be the same.
    """
    made = honest(tmp_path)
    lines = rows_of(made)[:4]
    plain = [hashlib.sha256(line).digest() for line in lines]
    merged = [plain[0] + plain[1], plain[2] + plain[3]]
    assert naive_head(lines) == naive_head(merged) and head(lines) != head(merged)
    leaves = [hashlib.sha256(b"\0" + line).digest() for line in lines]
    assert head([b"\1" + leaves[0] + leaves[1], *lines[2:]]) != head(lines)
    first, second = (hashlib.sha256(b"\0" + line).hexdigest() for line in lines[1:3])
    edit_lines(made.root / FIRMS / "visits.csv", lambda rows: [rows[0], first + second, *rows[3:]])
    checkers.caught(made.root, "result", "is not the result in the log")


def test_last_row_repeated_has_another_root(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk; repeats the last row, unseen where an odd node is paired with itself. Caught by verify: result."""
    made = honest(tmp_path)
    lines = rows_of(made)[:3]
    assert naive_head(lines) == naive_head([*lines, lines[-1]]) and head(lines) != head([*lines, lines[-1]])
    edit_lines(made.root / FIRMS / "visits.csv", lambda rows: [*rows, rows[-1]])
    checkers.caught(made.root, "result", "is not the result in the log")


def test_firm_twice_in_the_register_is_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Registrar before the commitment; a firm twice has twice the chance. Caught by verify: tables."""
    checkers.caught(
        forged(tmp_path, lambda plan: plan.firms.append(plan.firms[7])), "tables", "out of order or repeated"
    )


def test_rows_in_another_order_are_refused(checkers: Checkers, tmp_path: Path) -> None:
    """Registrar with the key; the order of a table is a choice nobody may have. Caught by verify: tables."""
    made = honest(tmp_path)
    path = made.root / INSPECTORS / "inspectors.csv"
    edit_lines(path, lambda rows: [rows[0], rows[2], rows[1], *rows[3:]])
    refit(made, "2-inspectors", "inspectors.csv")
    checkers.caught(made.root, "tables", "out of order or repeated")


def test_visit_of_a_look_alike_firm_is_another_row(checkers: Checkers, tmp_path: Path) -> None:
    """Clerk; a drawn firm's code in letters that look the same, so that nobody is found. Caught by verify: result."""
    made = honest(tmp_path)
    wide = made.visits[0][1].replace("9", "９", 1)
    edit_lines(made.root / FIRMS / "visits.csv", lambda rows: [row.replace(made.visits[0][1], wide) for row in rows])
    checkers.caught(made.root, "result", "is not the result in the log")


def flowing(change: Callable[[list[Any]], list[Any]]) -> Callable[[Spec], None]:
    return lambda plan: setattr(plan, "firm_flow", change(plan.firm_flow))


def borrowed(rows: list[Any]) -> list[Any]:
    """A million visits more into one pool than its firms, given back through a negative arc."""
    more = [("plan", "pool:A-east", -UNIT), ("pool:A-east", "plan", -UNIT)]
    return [*rows, *more]


FLOWS: dict[str, tuple[str, Callable[[list[Any]], list[Any]]]] = {
    "negative flow": ("tables", borrowed),
    "flow over 1e16": ("tables", lambda rows: [*rows, ("a", "b", 10**16), ("b", "a", 10**16)]),
    "the same arc twice": ("flow", lambda rows: [*rows[:1], (*rows[0][:2], 0), *rows[1:]]),
    "an arc to itself": ("flow", lambda rows: [*rows, ("plan", "plan", UNIT)]),
    "what enters does not leave": ("flow", lambda rows: [(*rows[0][:2], rows[0][2] + UNIT), *rows[1:]]),
    "visits from no pool": ("flow", lambda rows: [*rows, ("side", "task:T001", UNIT), ("task:T001", "side", UNIT)]),
}


@pytest.mark.parametrize("trick", FLOWS)
def test_flow_that_is_none_is_refused(trick: str, checkers: Checkers, tmp_path: Path) -> None:
    """Planner before the commitment; numbers that another program reads otherwise. Caught by verify: tables, flow."""
    step, change = FLOWS[trick]
    checkers.caught(forged(tmp_path, flowing(change)), step)


FLOW_TEXTS = {
    "a fraction": b",1000000.0\n",
    "an exponent": b",1e6\n",
    "a leading nought": b",01000000\n",
    "a sign": b",+1000000\n",
    "an underscore": b",1_000_000\n",
    "digits of full width": ",１０００００0\n".encode(),
    "a space": b", 1000000\n",
}


def written_otherwise(made: Made, draw: str, file: str, edit: Callable[[bytes], bytes]) -> None:
    """An input in other bytes, committed to as it is."""
    path = made.root / "draws" / draw / file
    before = path.read_bytes()
    path.write_bytes(edit(before))
    assert path.read_bytes() != before
    refit(made, draw, file)


@pytest.mark.parametrize("trick", FLOW_TEXTS)
def test_number_written_otherwise_is_refused(trick: str, checkers: Checkers, tmp_path: Path) -> None:
    """Planner with the key; numbers that another program reads otherwise. Caught by verify: tables."""
    made = honest(tmp_path)
    edit = lambda data: data.replace(b",3000000\n", FLOW_TEXTS[trick], 1)  # noqa: E731
    written_otherwise(made, "1-firms", "flow.csv", edit)
    checkers.caught(made.root, "tables")


DENOMINATOR_FIRST = b'"denominator":100,"numerator":5'
JSONS: dict[str, Callable[[bytes], bytes]] = {
    "a key twice": lambda data: data.replace(b'{"coverage"', b'{"coverage":{"denominator":1,"numerator":0},"coverage"'),
    "a space": lambda data: data.replace(b'":', b'": ', 1),
    "keys in another order": lambda data: data.replace(DENOMINATOR_FIRST, b'"numerator":5,"denominator":100'),
    "an escaped letter": lambda data: data.replace(b'"tiers"', b'"\\u0074iers"'),
    "a float": lambda data: data.replace(b'"numerator":5', b'"numerator":5.0'),
    "an exponent": lambda data: data.replace(b'"numerator":5', b'"numerator":5e0'),
    "not a number": lambda data: data.replace(b'"numerator":5', b'"numerator":NaN'),
    "infinity": lambda data: data.replace(b'"numerator":5', b'"numerator":-Infinity'),
    "minus nought": lambda data: data.replace(b'"numerator":5', b'"numerator":-0'),
    "an integer over 2^53": lambda data: data.replace(b'"numerator":5', b'"numerator":9007199254740993'),
    "five thousand digits": lambda data: data.replace(b'"numerator":5', b'"numerator":' + b"9" * 5000),
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "a line end": lambda data: data + b"\n",
    "a NUL": lambda data: data.replace(b'"tiers"', b'"tiers\0"'),
    "half a surrogate": lambda data: data.replace(b'"tiers"', b'"\\ud800"'),
    "bytes that are no UTF-8": lambda data: data.replace(b'"tiers"', b'"tiers\xff"'),
    "a hundred thousand brackets": lambda data: data.replace(b'"tiers":[', b'"tiers":' + b"[" * 100_000),
}  # fmt: skip


@pytest.mark.parametrize("trick", JSONS)
def test_json_that_could_be_read_two_ways_is_refused(trick: str, checkers: Checkers, tmp_path: Path) -> None:
    """Planner with the key; rules that two programs read differently, digests all fitting. Caught by verify: tables."""
    made = honest(tmp_path)
    written_otherwise(made, "1-firms", "rules.json", JSONS[trick])
    assert "inputs" not in checkers.failed(made.root)
    checkers.caught(made.root, "tables")


CSVS: dict[str, Callable[[bytes], bytes]] = {
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "carriage returns": lambda data: data.replace(b"\n", b"\r\n"),
    "no line end at the end": lambda data: data[:-1],
    "an empty line": lambda data: data.replace(b"\n", b"\n\n", 1),
    "a quoted field": lambda data: data.replace(b"market-00,market", b'"market-00",market'),
    "a quoted comma": lambda data: data.replace(b"market-00,market", b'"market-00,market"'),
    "a NUL": lambda data: data.replace(b"market-00,market", b"market-00\0,market,", 1),
    "a line end that only some see": lambda data: data.replace(b"market-00,market", "market-00\u2028,market".encode()),
    "a vertical tab": lambda data: data.replace(b"market-00,market", b"market-00\x0b,market"),
    "a colon in a name": lambda data: data.replace(b"market-00,market", b"market-00:2027-05,market"),
    "bytes that are no UTF-8": lambda data: data.replace(b"market-00,market", b"market-00\xff,market"),
    "a column more": lambda data: data.replace(b"\n", b",x\n"),
    "columns exchanged": lambda data: data.replace(b"inspector,agency", b"agency,inspector"),
    "a salt of another form": lambda data: data[:-2] + b"g\n",
    "a date that is none": lambda data: data.replace(b"2031-12-31", b"2031-13-31", 1),
}  # fmt: skip


@pytest.mark.parametrize("trick", CSVS)
def test_table_that_could_be_read_two_ways_is_refused(trick: str, checkers: Checkers, tmp_path: Path) -> None:
    """Registrar with the key; a table that a spreadsheet reads otherwise, digests fitting. Caught by verify: tables.

    A root hides line ends: with and without the last one it is the same, so the form is checked beside it.
    """
    made = honest(tmp_path)
    written_otherwise(made, "2-inspectors", "inspectors.csv", CSVS[trick])
    checkers.caught(made.root, "tables")
