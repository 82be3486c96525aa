"""The policy file as a form: its sections and keys as people fill them in, and the file made of what they filled in."""

from __future__ import annotations

import json
import tomllib
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from inspection.errors import InputError, Language, RuleError
from inspection.rules.policy import Policy, parse_policy
from inspection.rules.policy_faults import Loc, PolicyFault, key_of
from inspection.rules.policy_text import PolicyText
from inspection.rules.policy_values import read_days_of_month, read_share, read_weight

FieldKind = Literal["share", "whole", "weight", "choice", "switch", "text", "list", "days", "dates", "table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One key: how it is filled in, what it holds (a default where the file has none), and what is said of it.

    ``shown`` is without the file's quotes and brackets; of a table it is TOML. ``is_written`` says whether the file
    has the key.
    """

    path: Loc
    kind: FieldKind
    shown: str
    remark: str
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    is_written: bool = True

    @property
    def name(self) -> str:
        """What the form calls it: the dotted key."""
        return key_of(self.path)

    @property
    def rule(self) -> str:
        """Table and key without what stands between, as messages name the rule: ``tiers.weight``."""
        return f"{self.path[0]}.{self.path[-1]}"

    def said(self, language: Language) -> str:
        """The remark in one language, where the file writes both with two spaces between."""
        return in_language(self.remark, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection:
    """A table of the file and its keys."""

    path: Loc
    remark: str
    fields: tuple[FormField, ...]

    @property
    def name(self) -> str:
        """The dotted name of the table."""
        return key_of(self.path)

    def title(self, language: Language) -> str:
        """The first remark above the header, or the table's name."""
        return in_language(self.remark.partition("\n")[0], language) or self.name

    def lines(self, language: Language) -> tuple[str, ...]:
        """Further remarks above the header, those of the language where there are both."""
        every = [in_language(line, language) for line in self.remark.split("\n")[1:] if line]
        own = [line for line in every if is_chinese(line) == (language == "zh")]
        return tuple(own or every)


def policy_form(text: str) -> tuple[FormSection, ...]:
    """The sections of a policy file that the TOML parser accepts, in the order of the template.

    Exemptions are a list of tables and are edited as text alone.

    Raises:
        InputError: it is not TOML.
    """
    written, data = PolicyText.read(text), _data(text)
    return tuple(_sections(written, data))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The file with what was filled in, by dotted key; what was left as shown is not touched.

    A value that cannot be what the key asks for is written down all the same, quoted, so that its fault is told with
    all others and in place.
    """
    changes: dict[Loc, str | None] = {}
    for section in policy_form(text):
        for field in section.fields:
            value = values.get(field.name)
            if value is not None and value.strip() != field.shown.strip():
                changes[field.path] = _written(field, value.strip())
    return PolicyText.read(text).changed(changes)


def faults_in(text: str, file: str = "policy.toml") -> tuple[PolicyFault, ...]:
    """Every fault of the text; none where it is a policy.

    Raises:
        InputError: it is not TOML at all.
    """
    try:
        parse_policy(text, file)
    except (InputError, RuleError) as error:
        if error.code != "policy.invalid":
            raise
        return typing.cast("tuple[PolicyFault, ...]", error.params["faults"])
    return ()


def settings_between(before: str, after: str) -> tuple[str, ...]:
    """``key=value`` for every key whose value differs, as ``changed_policy`` takes them."""
    old, new = PolicyText.read(before).values, PolicyText.read(after).values
    differing = [path for path in new if path not in old or old[path].value != new[path].value]
    return tuple(f"{key_of(path)}={new[path].value}" for path in differing if not isinstance(path[-1], int))


def in_language(remark: str, language: Language) -> str:
    """Of ``中文  English`` the part in the language; the whole where there is but one."""
    first, _, second = remark.partition("  ")
    return (second.strip() or first.strip()) if language == "en" else first.strip()


def is_chinese(text: str) -> bool:
    """Whether any of it is written in Chinese characters."""
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def _data(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        parse_policy(text)  # raises with the line and the parser's reason
        raise


def _sections(written: PolicyText, data: Mapping[str, Any]) -> Iterator[FormSection]:
    for name, described in Policy.model_fields.items():
        if name == "exemptions":
            continue
        if name == "tiers":
            for tier in data.get("tiers", {}):
                yield _section(written, data, ("tiers", tier), _model_of(described))
            continue
        yield _section(written, data, (name,), _model_of(described))
        for path in written.tables:
            # [capacity.by_agency.XF], [ceremony.issues.1-firms]: tables of their own below a key.
            if len(path) == 3 and path[0] == name:
                below = _model_of(described).model_fields.get(str(path[1]))
                if below is not None and isinstance(_model_of(below), type):
                    yield _section(written, data, path, _model_of(below))


def _section(written: PolicyText, data: Mapping[str, Any], path: Loc, model: type[BaseModel]) -> FormSection:
    heading = written.tables.get(path) or _template().tables.get(path)
    fields = (
        _field(written, data, (*path, key), described)
        for key, described in model.model_fields.items()
        if (*path, key) in written.values or not any(table[: len(path) + 1] == (*path, key) for table in written.tables)
    )
    return FormSection(path=path, remark=heading.remark if heading else "", fields=tuple(fields))


def _field(written: PolicyText, data: Mapping[str, Any], path: Loc, described: FieldInfo) -> FormField:
    kind = _kind(described)
    place = written.values.get(path)
    value = _value_at(data, path)
    if place is None:
        value = described.get_default(call_default_factory=True)
    original = _template().values.get(path) or _template().values.get(("tiers", "A", path[-1]))
    remark = (place.remark if place else "") or (original.remark if original else "")
    bounds = {name: getattr(each, name) for each in described.metadata for name in ("ge", "le") if hasattr(each, name)}
    return FormField(
        path=path,
        kind=kind,
        shown=place.value if place and kind == "table" else shown(kind, value),
        remark=remark,
        choices=tuple(str(each) for each in typing.get_args(described.annotation)) if kind == "choice" else (),
        least=bounds.get("ge"),
        most=bounds.get("le"),
        is_written=place is not None,
    )


def _kind(described: FieldInfo) -> FieldKind:
    annotation, readers = described.annotation, [getattr(each, "func", None) for each in described.metadata]
    named: dict[Any, FieldKind] = {read_share: "share", read_weight: "weight", read_days_of_month: "days"}
    for reader in readers:
        if reader in named:
            return named[reader]
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return "choice"
    if origin is dict:
        return "table"
    if origin in (tuple, frozenset):
        return "dates" if "read_day" in str(annotation) or "date" in str(annotation) else "list"
    if annotation is bool:
        return "switch"
    plain = [typing.get_args(each)[0] if typing.get_origin(each) is Annotated else each for each in _parts(annotation)]
    return "whole" if int in plain else "text"


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of ``A | None``, or the annotation alone."""
    return typing.get_args(annotation) or (annotation,)


def shown(kind: FieldKind, value: Any) -> str:
    """A value as it stands in its field."""
    if value is None:
        return ""
    if kind == "switch":
        return "true" if value else "false"
    if kind in ("list", "days", "dates"):
        entries = sorted(value) if isinstance(value, frozenset) else value
        return ", ".join(str(entry) for entry in entries) if isinstance(entries, Sequence | list) else str(value)
    if kind == "table":
        return "{}" if not value else str(value)
    if kind == "share" and isinstance(value, Fraction | int | Decimal):
        return f"{float(Fraction(value) * 100):.10g}%"
    return value.isoformat() if isinstance(value, date) else str(value)


def _written(field: FormField, value: str) -> str | None:
    """The value as the file writes it; None for a key that is taken away."""
    if not value and field.kind in ("text", "whole", "choice"):
        return None if field.kind == "text" or field.least is None else '""'
    if field.kind in ("share", "text", "choice"):
        return quoted(value)
    if field.kind in ("list", "days", "dates"):
        return "[" + ", ".join(_entry(field.kind, each) for each in _entries(value)) + "]"
    plain = value if field.kind in ("whole", "weight", "switch", "table") else ""
    return plain if _is_value(plain) else quoted(value)


def quoted(text: str) -> str:
    """The text as a string of TOML, which takes what JSON takes but for one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _entries(value: str) -> list[str]:
    for mark in "，、；;\n[]\"'":
        value = value.replace(mark, ",")
    return [each.strip() for each in value.split(",") if each.strip()]


def _entry(kind: FieldKind, text: str) -> str:
    is_plain = kind in ("days", "dates") and "-" not in text.replace("-", "", 2 if kind == "dates" else 0)
    return text if is_plain and _is_value(text) else quoted(text)


def _is_value(text: str) -> bool:
    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal).keys() == {"value"}
    except (ValueError, ArithmeticError, RecursionError):
        return False


def _value_at(data: Mapping[str, Any], path: Loc) -> Any:
    value: Any = data
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _model_of(described: FieldInfo) -> Any:
    annotation = described.annotation
    for candidate in (annotation, *typing.get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


@cache
def _template() -> PolicyText:
    return PolicyText.read((resources.files("inspection_data") / "policy.toml").read_text(encoding="utf-8"))
