"""The rules of the made-up county: the product's own template with a few values changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from inspection.demo.firms import WHITELIST, County

MINIMA = {"A": "0.8%", "B": "2%", "C": "6%", "D": "15%"}
"""Least share of each tier: 2.2 % of all firms on the tier mix of DOMAIN 1.4, within what the general tasks allow."""

MAXIMA = {"A": "15%", "B": "30%", "C": "60%"}
"""Most of each tier: without it, merging visits the few firms of many special registers for certain."""

MOST_ITEMS = 6
MOST_AGENCIES = 3

EXEMPTION = f"""
[[exemptions]]
code = "WHITELIST"
reason = "连续两年检查无问题，列入无事不扰白名单"
tags = ["{WHITELIST}"]
tiers = ["A"]
"""


def write_policy(path: Path, counties: Sequence[County], year: int, visits_per_month: int) -> None:
    """``data/policy.toml`` with the county's codes, tier minima, capacity and whitelist is in ``path``."""
    text = (resources.files("inspection_data") / "policy.toml").read_text(encoding="utf-8")
    single = len(counties) == 1
    division = counties[0].region if single else f"{counties[0].region[:4]}00"
    name = counties[0].name if single else "鲁南市（虚构）"
    regions = ", ".join(f'"{county.region}"' for county in counties)
    text = set_value(text, "plan", "year", str(year))
    text = set_value(text, "plan", "division", f'"{division}"')
    text = set_value(text, "plan", "name", f'"{name}{year}年度双随机抽查工作计划"')
    text = set_value(text, "plan", "regions", f"[{regions}]")
    for bound, shares in (("minimum", MINIMA), ("maximum", MAXIMA)):
        for tier, share in shares.items():
            text = set_value(text, f"tiers.{tier}", bound, f'"{share}"')
    text = set_value(text, "merge", "most_agencies", str(MOST_AGENCIES))
    text = set_value(text, "merge", "most_items", str(MOST_ITEMS))
    text = set_value(text, "capacity", "visits_per_officer_month", str(visits_per_month))
    path.write_bytes((text.rstrip("\n") + "\n" + EXEMPTION).encode())


def set_value(text: str, table: str, name: str, value: str) -> str:
    """The TOML text with one value replaced, its remark kept.

    Raises:
        KeyError: the table holds no such key.
    """
    before = rf"(^\[{re.escape(table)}\][^\n]*\n(?:(?!\[)[^\n]*\n)*?{name} = )"
    pattern = re.compile(before + r"[^#\n]*?( *)(#[^\n]*)?$", re.MULTILINE)
    changed, count = pattern.subn(lambda found: f"{found[1]}{value}{found[2]}{found[3] or ''}", text, count=1)
    if not count:
        raise KeyError(f"[{table}] {name}")
    return changed
