from __future__ import annotations

import ast
import string
import tomllib
from importlib import resources
from pathlib import Path

import inspection.store
from inspection.errors import catalogue


def raised() -> dict[str, set[str]]:
    """Every code the store raises with the parameters it gives, read from the source."""
    found: dict[str, set[str]] = {}
    for file in Path(inspection.store.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "StoreError":
                assert isinstance(node.args[0], ast.Constant)
                found.setdefault(str(node.args[0].value), set()).update(key.arg or "" for key in node.keywords)
    return found


def messages() -> dict[str, dict[str, str]]:
    file = resources.files("inspection_data") / "messages" / "store.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def test_every_code_of_the_store_has_its_message_and_no_message_is_idle() -> None:
    assert raised().keys() <= catalogue().keys()
    assert messages().keys() <= raised().keys()


def test_messages_ask_for_no_parameter_that_is_not_given() -> None:
    for code, given in raised().items():
        for language in ("zh", "en"):
            asked = {name for _, name, _, _ in string.Formatter().parse(catalogue()[code][language]) if name}
            assert asked <= given, (code, language)
