"""A firm's proof as people read it: lines for the screen, and one page to print (no script, nothing loaded)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from html import escape
from typing import Any

from inspection.documents.figures import count, one_in
from inspection.errors import Language, message

_PAGE = """<!doctype html>
<html lang="{lang}">
<head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:12pt/1.7 serif;max-width:42em;margin:2em auto;padding:0 1em}}h1{{font-size:16pt}}h2{{font-size:13pt}}
p{{margin:.4em 0;overflow-wrap:anywhere}}@media print{{body{{margin:0}}}}</style></head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def proof_lines(proof: Mapping[str, Any], file: str, language: Language) -> Iterator[str]:
    """What the proof says, a sentence each, from whose it is down to how to check it.

    Args:
        proof: the object of the proof file (docs/public-bundle.md).
        file: what the proof file is called.
    """
    yield message(
        "public.page.head", language, firm=proof["firm"], plan=proof["plan"], time=proof["time"].replace("T", " ")[:16]
    )
    for draw in proof["draws"]:
        yield message("public.page.draw", language, draw=f"{proof['plan']}/{draw['folder']}")
        yield from _draw(draw, language)
    yield message("public.page.check", language, file=file, mark=proof["key"].split("+")[1])
    yield message("public.page.rests", language)


def _draw(draw: Mapping[str, Any], language: Language) -> Iterator[str]:
    commit, result = (json.loads(draw[kind]["line"]) for kind in ("commit", "result"))
    yield message(
        "public.page.register",
        language,
        row=count(draw["register"]["index"]),
        rows=count(draw["register"]["lines"] - 1),
        digest=commit["digest"],
        commit=commit["time"].replace("T", " ")[:19],
        result=result["time"].replace("T", " ")[:19],
    )
    if "chance" in draw:
        _, firms, flow, _ = draw["chance"]["line"].split(",")
        chance = Fraction(int(flow), int(firms) * 1_000_000)
        yield message(
            "public.page.chance",
            language,
            percent=f"{float(chance * 100):.4f}%",
            one_in=one_in(chance, language),
            firms=count(int(firms)),
            visits=f"{int(flow) / 1_000_000:,.2f}",
        )
    else:
        yield message("public.page.chance.untold", language)
    if draw["outcome"] == "opened":
        visit, _, task, month, _ = draw["visit"]["line"].split(",")
        yield message("public.page.opened", language, visit=visit, task=task, month=month)
    else:
        yield message(f"public.page.{draw['outcome'].replace(' ', '_')}", language)


def proof_page(proof: Mapping[str, Any], file: str, language: Language) -> str:
    """The page of HTML; every value is escaped."""
    head, *lines = proof_lines(proof, file, language)
    names = {message("public.page.draw", language, draw=f"{proof['plan']}/{draw['folder']}") for draw in proof["draws"]}
    parts = [f"<p><b>{escape(head)}</b></p>"]
    parts += [f"<h2>{escape(line)}</h2>" if line in names else f"<p>{escape(line)}</p>" for line in lines]
    title = escape(message("public.page.title", language))
    return _PAGE.format(lang="zh-CN" if language == "zh" else "en", title=title, body="\n".join(parts))
