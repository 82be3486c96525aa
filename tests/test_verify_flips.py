"""Every byte counts: each field of each file of a golden bundle is changed, and the step that should see it fails."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspection.verify import verify

GOLDEN = Path(__file__).parent / "vectors" / "county-small"
FIRMS, INSPECTORS = "draws/1-firms/", "draws/2-inspectors/"
BIG = {FIRMS + "firms.csv": 7, INSPECTORS + "flow.csv": 4}  # every so many rows only; all rows of all other tables

# The steps that must all fail when a field is changed: by file, then by column or key ("" for any other).
MUST_FAIL: dict[str, dict[str, set[str]]] = {
    "bundle.json": {"": {"bundle"}, "plan": {"commitment", "log draws"}},
    "log/entries.jsonl": {
        "": {"checkpoints"},
        "digest": {"checkpoints", "in log|result"},
        "draw": {"checkpoints", "in log", "log draws"},
        "plan": {"checkpoints", "log draws"},
        "type": {"checkpoints", "in log"},
    },
    "log/key": {"": {"checkpoints"}},
    "log/checkpoints": {"": {"checkpoints"}},
    "commitment.json": {
        "": {"in log"},
        "protocol": {"commitment"},
        "plan": {"commitment"},
        "draw": {"commitment"},
        "kind": {"commitment"},
        "digest": {"commitment"},
        "previous": {"in log", "result"},
        "parties": {"in log", "reveal"},
        "seal": {"in log", "reveal"},
        "inputs": {"in log", "inputs"},
        "digits": {"in log", "randomness"},
    },
    "reveal.json": {"": {"reveal"}, "public": {"replay"}},
    "rules.json": {"": {"inputs"}, "plan": {"inputs", "tables"}},
    "firms.csv": {"": {"inputs"}},
    "pools.csv": {"": {"inputs"}, "pool": {"inputs", "tables|flow"}, "tier": {"inputs"}},
    "flow.csv": {"": {"inputs", "flow"}},
    "months.csv": {"": {"inputs", "tables|flow|months"}},
    "needs.csv": {"": {"inputs", "flow|officers|tables"}, "qualified": {"inputs"}},
    "inspectors.csv": {
        "": {"inputs"},
        "inspector": {"inputs", "tables|flow|eligibility"},
        "agency": {"inputs", "eligibility"},
    },
    "recusals.csv": {"": {"inputs"}},
    "visits.csv": {"": {"result", "replay"}, "month": {"result", "replay|tables"}, "salt": {"result"}},
    "assignments.csv": {
        "": {"result", "replay"},
        "salt": {"result"},
        "visit": {"result", "tables|replay"},
        "agency": {"result", "tables|replay"},
        "inspector": {"result", "tables|replay"},
    },
}


def changed(text: str) -> str:
    """The text with its last letter or digit replaced by another of its kind, so that its form mostly stays."""
    for place in range(len(text) - 1, -1, -1):
        char = text[place]
        if char.isascii() and char.isalnum():
            other = (
                "1"
                if char == "0"
                else "0"
                if char.isdigit()
                else "b"
                if char == "a"
                else "B"
                if char == "A"
                else "a"
                if char.islower()
                else "A"
            )
            return text[:place] + other + text[place + 1 :]
    return text + "x"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def with_leaf(value: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    if not path:
        return leaf
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_leaf(value[path[0]], path[1:], leaf)
    return copy


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def json_flips(text: str) -> Iterator[tuple[str, str]]:
    value = json.loads(text)
    for path, leaf in leaves(value):
        other = changed(leaf) if isinstance(leaf, str) else leaf + 1 if isinstance(leaf, int) else "x"
        keys = [key for key in path if isinstance(key, str)]
        top = next((key for key in keys if key in ("parties", "inputs", "digits")), keys[0])
        yield top, canonical(with_leaf(value, path, other))


def file_flips(name: str, text: str) -> Iterator[tuple[str, str]]:
    """(column or key, the whole text with one field changed), for every field."""
    lines = text.split("\n")
    if name.endswith(".json"):
        yield from json_flips(text)
    elif name.endswith(".jsonl"):
        for n, line in enumerate(lines[:-1]):
            for key, other in json_flips(line):
                yield key, "\n".join([*lines[:n], other, *lines[n + 1 :]])
    elif name.endswith(".csv"):
        header = lines[0].split(",")
        for n, line in enumerate(lines[:-1]):
            for place, field in enumerate(line.split(",") if n % BIG.get(name, 1) == 0 else ()):
                fields = line.split(",")
                fields[place] = changed(field)
                yield header[place] if n else "header", "\n".join([*lines[:n], ",".join(fields), *lines[n + 1 :]])
    else:
        for match in re.finditer(r"[^\s+]+", text):
            yield "", text[: match.start()] + changed(match[0]) + text[match.end() :]


FILES = sorted(str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_changed_field_fails_at_the_step_that_should_see_it(name: str, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(GOLDEN, bundle)
    expected = next(table for pattern, table in MUST_FAIL.items() if name.endswith(pattern) or name.startswith(pattern))
    text, missed, count = (GOLDEN / name).read_text("utf-8"), [], 0
    for key, other in file_flips(name, text):
        (bundle / name).write_text(other, "utf-8")
        failed = {row["step"].rpartition(" ")[0] for row in verify(bundle) if row["verdict"] == "failed"}
        must = {"inputs|result", "tables"} if key == "header" else expected.get(key, expected[""])
        missed += [(key, step, sorted(failed)) for step in must if not failed & set(step.split("|"))]
        count += 1
    assert count and other != text
    assert not missed, f"{len(missed)} of {count}: {missed[:5]}"


# Checkpoint 2 covers nothing that 1, 3 and 4 do not; without it the bundle is as complete as with it.
@pytest.mark.parametrize("name", [name for name in FILES if name != "log/checkpoints/2"])
def test_missing_file_fails(name: str, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "bundle")
    (tmp_path / "bundle" / name).unlink()
    assert any(row["verdict"] == "failed" for row in verify(tmp_path / "bundle"))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", ["", "\n", "\ufeff", "cut", "null", "repeat"])
def test_changed_shape_of_a_file_fails(name: str, change: str, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "bundle")
    path = tmp_path / "bundle" / name
    text = path.read_text("utf-8")
    new = {
        "": "",
        "\n": text + "\n",
        "\ufeff": "\ufeff" + text,
        "cut": text[: len(text) // 2],
        "null": "null",
        "repeat": text * 2,
    }[change]
    path.write_text(new, "utf-8")
    assert any(row["verdict"] == "failed" for row in verify(tmp_path / "bundle"))
