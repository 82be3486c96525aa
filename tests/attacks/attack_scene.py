"""The insider's tools: with the database, the server and the log's key, everything that can be made to fit is.

``Checkers.caught`` is the only way a bundle attack counts as caught: the named step must fail in verify.py, and in the
checker in JavaScript as well.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle_maker import PLAN, Made, Spec, canonical, make, sha, spec, write_log

from inspection import verify as checker
from inspection.verify import tree_head

MANY = Path(__file__).parents[1] / "web" / "verify_many.mjs"
FIRMS, INSPECTORS = "draws/1-firms", "draws/2-inspectors"
Change = Callable[[Spec], None]


@dataclass(frozen=True)
class Checkers:
    """verify.py in this process, verify.js in one kept for all attacks."""

    node: subprocess.Popen[str] | None

    def rows(self, bundle: Path) -> dict[str, tuple[str, str]]:
        """The worst verdict of each step over all draws, and its reason, as verify.py says."""
        found: dict[str, tuple[str, str]] = {}
        for row in checker.verify(bundle):
            step, worst = row["step"].rpartition(" ")[0], ["passed", "not checked", "failed"]
            if step not in found or worst.index(row["verdict"]) > worst.index(found[step][0]):
                found[step] = row["verdict"], row["detail"]
        return found

    def failed(self, bundle: Path) -> set[str]:
        """The steps that fail in verify.py."""
        return {step for step, (verdict, _) in self.rows(bundle).items() if verdict == "failed"}

    def caught(self, bundle: Path, step: str, reason: str = "", *, by_node: bool = True) -> None:
        """The step fails, for this reason, in Python; and in JavaScript, whose reasons have other words."""
        verdict, detail = self.rows(bundle)[step]
        assert verdict == "failed" and reason in detail, (step, self.rows(bundle))
        if self.node is None or not by_node:
            return
        assert self.node.stdin is not None and self.node.stdout is not None
        self.node.stdin.write(json.dumps({"bundle": str(bundle)}) + "\n")
        self.node.stdin.flush()
        rows = json.loads(self.node.stdout.readline())["rows"]
        said = {row["step"].rpartition(" ")[0] for row in rows if row["verdict"] == "failed"}
        assert step in said, (step, rows)

    def passes(self, bundle: Path) -> dict[str, tuple[str, str]]:
        """No step fails and none is left unchecked; what the steps say."""
        rows = self.rows(bundle)
        assert {verdict for verdict, _ in rows.values()} == {"passed"}, rows
        return rows


def forged(folder: Path, *changes: Change, plan: Spec | None = None) -> Path:
    """A bundle in which every digest and signature fits, whatever the changes did before it was committed to."""
    plan = plan or spec()
    for change in changes:
        change(plan)
    return make(folder / "bundle", plan).root


def honest(folder: Path) -> Made:
    """An honest small bundle."""
    return make(folder / "bundle", spec())


def rewrite(path: Path, edit: Callable[[Any], Any]) -> None:
    """The JSON file with its value edited, canonical again."""
    path.write_bytes(canonical(edit(json.loads(path.read_bytes()))))


def entries(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "log/entries.jsonl").read_text().splitlines()]


def log_again(made: Made, edit: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """The log rewritten and every checkpoint signed anew with its own key."""
    told = edit(entries(made.root))
    shutil.rmtree(made.root / "log/checkpoints")
    write_log(made, told)


def commit_again(made: Made, draw: str) -> None:
    """The log's commit names the commitment as it now stands; all is signed anew."""
    digest = sha((made.root / "draws" / draw / "commitment.json").read_bytes())

    def edit(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        is_ours = [one["draw"] == f"{PLAN}/{draw}" and one["type"] == "commit" for one in told]
        return [{**one, "digest": digest} if ours else one for one, ours in zip(told, is_ours, strict=True)]

    log_again(made, edit)


def refit(made: Made, draw: str, file: str) -> None:
    """The commitment names an input as it now stands, and the log that commitment."""
    data = (made.root / "draws" / draw / file).read_bytes()
    fits = tree_head(data, hashlib.sha256).hex() if file.endswith(".csv") else sha(data)
    path = made.root / "draws" / draw / "commitment.json"
    rewrite(path, lambda value: value | {"inputs": value["inputs"] | {file: fits}})
    commit_again(made, draw)


def edit_lines(path: Path, edit: Callable[[list[str]], list[str]]) -> None:
    """The text file with its lines edited."""
    lines = edit(path.read_text(encoding="utf-8").splitlines())
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
