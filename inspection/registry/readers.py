"""How a cell becomes a value: pure functions of its text, called once per distinct text of a column.

Every reader returns a `Reading`: the canonical value, or the code of a fault with a language-free detail. Lists are
canonical when sorted, without repeats and joined by ';'.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from inspection.registry.calendar_text import read_date, read_month, read_window
from inspection.registry.industry import read_industry
from inspection.registry.quota_text import read_count, read_percent, read_quota, read_ratio
from inspection.registry.reading import Reading, fault, value
from inspection.registry.settings import ImportSettings
from inspection.registry.specification import Column, blanks, data_table, plain, words

Reader = Callable[[str], Reading]

# PROTOCOL 2, 3: identifiers become node names and table fields.
_FORBIDDEN = re.compile(r"[\s,:\"'\x00-\x1f;]")
_SEPARATORS = re.compile(r"[、，,;；\s]+")


@dataclass(frozen=True, slots=True)
class References:
    """What later registers may refer to: codes accepted, and codes by plain name."""

    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


def tidy(text: str) -> str:
    """Half width, trimmed, inner white space as one space; what is left of an Excel text mark is taken off."""
    folded = unicodedata.normalize("NFKC", text).strip(" \t\r\n\u200b\ufeff")
    if folded.startswith('="') and folded.endswith('"'):
        folded = folded[2:-1]
    return re.sub(r"\s+", " ", folded.lstrip("'"))


def split_list(text: str) -> list[str]:
    """Parts of a list written with 、 ， , ; ； or spaces, without blanks and repeats, in order."""
    parts = _SEPARATORS.split(tidy(text))
    return list(dict.fromkeys(part for part in parts if plain(part) not in blanks()))


def reader(column: Column, settings: ImportSettings, references: References) -> Reader:
    """The reader a column's specification names."""
    simple: dict[str, Reader] = {
        "identifier": _identifier,
        "text": lambda text: value(tidy(text)),
        "word": lambda text: _marked(text, "registers.words.characters"),
        "place": lambda text: _marked(text, "registers.place.characters"),
        "words": _words,
        "certificate": _certificate,
        "date": _date,
        "valid_until": lambda text: _valid_until(text, settings.as_of),
        "kind": read_kind,
        "kinds": lambda text: _each(text, read_kind),
        "status": lambda text: _word(text, "status"),
        "duty": _duty,
        "importance": lambda text: _word(text, "importance", default="general"),
        "ground": lambda text: value(words("ground").get(plain(text), "other")),
        "tier": tier_reader(settings.tiers, settings.blank_tier),
        "tiers": lambda text: _each(text, tier_reader(settings.tiers, None)),
        "region": lambda text: _region(text, settings.regions, column.optional),
        "industry": read_industry,
        "industries": lambda text: _each(text, read_industry),
        "agency": lambda text: _reference(text, "agency", references),
        "agencies": lambda text: _each(text, lambda part: _reference(part, "agency", references)),
        "items": lambda text: _items(text, references),
        "inspector": lambda text: _reference(text, "inspector", references),
        "count": read_count,
        "ratio": read_ratio,
        "percent": read_percent,
        "quota": read_quota,
        "month": lambda text: read_month(text, settings.year),
        "window": lambda text: read_window(text, settings.year),
    }
    return simple[column.read]


def _identifier(text: str) -> Reading:
    code = tidy(text)
    if plain(code) in blanks():
        return fault("registers.identifier.blank")
    found = _FORBIDDEN.search(code)
    return fault("registers.identifier.characters", _visible(found.group())) if found else value(code)


def _visible(character: str) -> str:
    return "␣" if character.isspace() else character


def _marked(text: str, code: str) -> Reading:
    word = tidy(text).replace(" ", "")
    if plain(word) in blanks():
        return value("")
    found = _FORBIDDEN.search(word)
    return fault(code, _visible(found.group())) if found else value(word)


def _words(text: str) -> Reading:
    return _each(text, lambda part: _marked(part, "registers.words.characters"))


def _certificate(text: str) -> Reading:
    number = tidy(text).replace(" ", "")
    if plain(number) in blanks():
        return fault("registers.certificate.blank")
    if re.fullmatch(r"[\d.]+E\+?\d+", number.upper()):
        return fault("registers.certificate.number")
    return value(number)


def _date(text: str) -> Reading:
    # Most cells are days in the first form there is: they need no tidying.
    read = read_date(text)
    if read.value is not None:
        return read
    return value(None) if plain(text) in blanks() else read_date(tidy(text))


def _valid_until(text: str, as_of: date) -> Reading:
    if plain(text) in blanks():
        return fault("registers.certificate.undated")
    if plain(text) in {plain(word) for word in data_table("words")["forever"]["words"]}:
        return value("9999-12-31")
    read = read_date(tidy(text))
    if read.code is None and read.value is not None and date.fromisoformat(read.value) < as_of:
        return fault("registers.certificate.expired", as_of.isoformat())
    return read


def _word(text: str, table: str, default: str | None = None) -> Reading:
    word = plain(text)
    if word in blanks():
        return value(default) if default is not None else fault(f"registers.{table}.blank")
    known = words(table).get(word)
    return value(known) if known else fault(f"registers.{table}.unknown")


def _duty(text: str) -> Reading:
    read = _word(text, "duty", default="active")
    return fault("registers.duty.inactive") if read.value == "inactive" else read


def read_kind(text: str) -> Reading:
    """The kind of a word, of a 企业类型 code, or of the first pattern the wording contains."""
    word = plain(text)
    if word in blanks():
        return fault("registers.kind.blank")
    known = words("kind").get(word) or _kind_of_code(word) or _kind_of_wording(word)
    return value(known) if known else fault("registers.kind.unknown")


def _kind_of_code(word: str) -> str | None:
    if not re.fullmatch(r"\d{4}", word):
        return None
    by_prefix = words("kind_code")
    lengths = (length for length in (3, 2, 1) if word[:length] in by_prefix)
    return next((by_prefix[word[:length]] for length in lengths), None)


def _kind_of_wording(word: str) -> str | None:
    for pattern in data_table("words")["kind_pattern"]:
        if any(plain(part) in word for part in pattern["contains"]):
            return str(pattern["kind"])
    return None


def tier_reader(tiers: tuple[str, ...], blank_tier: str | None) -> Reader:
    """A reader that knows the policy's tiers and the usual words for so many of them."""
    usual = data_table("words")["tier"].get(str(len(tiers)), [])
    known = {plain(word): tier for tier, spellings in zip(tiers, usual, strict=False) for word in spellings}
    known.update({plain(tier): tier for tier in tiers})

    def read(text: str) -> Reading:
        word = plain(text)
        if word in blanks():
            return value(blank_tier) if blank_tier else fault("registers.tier.blank", "、".join(tiers))
        bare = re.sub(r"(级|类|等|等级|类企业|级企业)$", "", word)
        tier = known.get(word) or known.get(bare) or _bracketed(word, known)
        return value(tier) if tier else fault("registers.tier.unknown", "、".join(tiers))

    return read


def _bracketed(word: str, known: Mapping[str, str]) -> str | None:
    """The tier of a word such as 「A(低风险)」 or 「低风险(A类)」 when both parts agree."""
    parts = [re.sub(r"(级|类)$", "", part) for part in re.split(r"[()\-—:/]", word) if part]
    found = {known.get(part) for part in parts}
    return found.pop() if len(found) == 1 else None


def _region(text: str, regions: frozenset[str], optional: bool) -> Reading:
    code = plain(text)
    if code in blanks():
        if optional:
            return value("")
        return value(next(iter(regions))) if len(regions) == 1 else fault("registers.region.blank", _some(regions))
    if code in regions:
        return value(code)
    # Codes of towns and villages (9 and 12 digits) begin with their county's.
    county = code[:6]
    if re.fullmatch(r"\d{9}|\d{12}", code) and county in regions:
        return value(county)
    return fault("registers.region.unknown", _some(regions))


def _some(names: frozenset[str]) -> str:
    shown = sorted(names)
    return "、".join(shown[:6]) + ("…" if len(shown) > 6 else "")


def _reference(text: str, what: str, references: References) -> Reading:
    word = tidy(text)
    if plain(word) in blanks():
        return fault(f"registers.{what}.blank")
    if word in references.codes.get(what, frozenset()):
        return value(word)
    codes = references.names.get(what, {}).get(plain(word), ())
    if len(codes) == 1:
        return value(codes[0])
    if codes:
        return fault(f"registers.{what}.ambiguous", "、".join(codes[:6]))
    return fault(f"registers.{what}.unknown", word)


def _items(text: str, references: References) -> Reading:
    whole = _reference(text, "item", references)
    # A name may itself hold 、 ("食品、药品监督检查"), so the whole cell is tried first.
    if whole.code is None or whole.code.endswith(".blank"):
        return whole
    return _each(text, lambda part: _reference(part, "item", references))


def _each(text: str, read: Reader) -> Reading:
    values: set[str] = set()
    for part in split_list(text):
        reading = read(part)
        if reading.code is not None:
            return fault(reading.code, reading.detail or part)
        if reading.value:
            values.add(reading.value)
    return value(";".join(sorted(values)))
