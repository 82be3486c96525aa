"""Codes of firms as DuckDB expressions: the unified social credit code and the 15-digit registration number.

A code is refused, never repaired, when a spreadsheet has had it as a number. A number cell, a decimal point and the
notation 9.1E+17 say so themselves. Digits in a text are taken as cut when they are what a program writes for a number
kept to 15 significant digits n (a multiple of 1000): n itself, ending in 000 (914690062012665000), or the nearest
double's exact value (914690062012664960). Two of 1000 genuine all-digit codes look so by chance: they are confirmed
one by one in the mapping file. A 15-digit registration number is exact even as a number and may stand in such a cell.
"""

from __future__ import annotations

from collections.abc import Iterable

from inspection.registry.source import quoted

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015, table 2: no I, O, S, V, Z."""

WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
"""GB 32100-2015, table 3."""

_WIDE = "".join(chr(0xFF01 + offset) for offset in range(94))
_HALF = "".join(chr(0x21 + offset) for offset in range(94))
_DROPPED = " \t\r\n'`‘’\u3000\u00a0\ufeff\u200b"


def check_digit(code: str) -> str:
    """The 18th character that belongs to 17, of `ALPHABET`.

    >>> check_digit("91350100M000100Y4")
    '3'
    """
    total = sum(weight * ALPHABET.index(character) for weight, character in zip(WEIGHTS, code, strict=False))
    return ALPHABET[-total % 31]


def clean_sql(text: str) -> str:
    """The code as it is compared: upper case, half width, without spaces and the marks that make Excel keep text."""
    unwrapped = f"regexp_replace({text}, '^\\s*=\"(.*)\"\\s*$', '\\1')"
    swept = f"upper(translate({unwrapped}, {quoted(_WIDE + _DROPPED)}, {quoted(_HALF)}))"
    return f"CASE WHEN regexp_full_match({text}, '[0-9A-Z]{{18}}|[0-9]{{15}}') THEN {text} ELSE {swept} END"


def expected_sql(code: str) -> str:
    """The check character of 18 characters of the alphabet."""
    terms = " + ".join(
        f"{weight} * (strpos('{ALPHABET}', substr({code}, {place}, 1)) - 1)" for place, weight in enumerate(WEIGHTS, 1)
    )
    return f"substr('{ALPHABET}', CAST((31 - ({terms}) % 31) % 31 AS INTEGER) + 1, 1)"


def registration_expected_sql(code: str) -> str:
    """The check digit of a 15-digit registration number (GS 15-2006; ISO 7064, MOD 11,10)."""
    product = "10"
    for place in range(1, 15):
        product = f"((({product}) + CAST(substr({code}, {place}, 1) AS INTEGER) + 9) % 10 + 1) * 2 % 11"
    return f"CAST((11 - ({product})) % 10 AS VARCHAR)"


def fault_sql(code: str, confirmed: Iterable[str], blanks: Iterable[str]) -> str:
    """The fault of a cleaned code, NULL when it is sound; the first that applies of those below."""
    empty = ", ".join(quoted(text) for text in sorted(blanks))
    sound = f"regexp_full_match({code}, '[{ALPHABET}]{{18}}')"
    fits = f"{expected_sql(code)} = substr({code}, 18, 1)"
    # Nearly all codes leave at the first branch: the others are not even evaluated for them.
    return f"""CASE
        WHEN CASE WHEN {sound} THEN {fits} ELSE false END THEN
            CASE WHEN {_cut_sql(code, confirmed)} THEN 'registers.code.cut' END
        WHEN {code} IN ({empty}) THEN 'registers.code.blank'
        WHEN regexp_full_match({code}, '[0-9]+(\\.[0-9]+)?E\\+?[0-9]+|[0-9]+\\.[0-9]+') THEN 'registers.code.number'
        WHEN regexp_full_match({code}, '[0-9]{{15}}') THEN
            CASE WHEN {registration_expected_sql(code)} <> substr({code}, 15, 1) THEN 'registers.code.registration' END
        WHEN length({code}) <> 18 THEN 'registers.code.length'
        WHEN NOT {sound} THEN 'registers.code.characters'
        WHEN {_cut_sql(code, confirmed)} THEN 'registers.code.cut'
        ELSE 'registers.code.check_digit'
    END"""


def _cut_sql(code: str, confirmed: Iterable[str]) -> str:
    """Whether 18 characters are what is written for a number kept to 15 digits, and are not confirmed."""
    number = f"TRY_CAST({code} AS BIGINT)"
    double = f"CAST(CAST(({number} + 500) // 1000 * 1000 AS DOUBLE) AS BIGINT)"
    excused = ", ".join(quoted(text) for text in sorted(confirmed)) or "''"
    alike = f"{code} LIKE '%000' OR {number} = {double}"
    # Both forms end in an even digit, which spares most rows the rest.
    return f"""CASE WHEN substr({code}, 18, 1) NOT IN ('0', '2', '4', '6', '8') THEN false
        WHEN NOT regexp_full_match({code}, '[0-9]{{18}}') THEN false
        ELSE ({alike}) AND {code} NOT IN ({excused}) END"""


def detail_sql(code: str, fault: str) -> str:
    """What the message of a fault names: the expected check character, the length, the characters not allowed."""
    return f"""CASE {fault}
        WHEN 'registers.code.check_digit' THEN {expected_sql(code)}
        WHEN 'registers.code.registration' THEN {registration_expected_sql(code)}
        WHEN 'registers.code.length' THEN CAST(length({code}) AS VARCHAR)
        WHEN 'registers.code.characters' THEN regexp_replace({code}, '[{ALPHABET}]', '', 'g')
        ELSE '' END"""
