"""Identification numbers of made-up firms, each with the check digits of the standards, a whole register at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inspection.demo.mixing import Indices, Words, key, words

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015, 4.2: 31 characters, no I, O, S, V, Z."""

_BYTES = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_LETTER_OFFSET = 55  # GB 11714: A counts 10, …, Z counts 35


def credit_codes(heads: Sequence[str], choice: Indices, stream: str) -> Words:
    """Unified social credit codes, all different, never all digits, shape (n,).

    Each is ``heads[choice]`` (8 characters: authority, kind, region), a subject number MA…… with its own check
    character, and the check character of the whole.

    Source: GB 32100-2015 (31 characters, weights 3^i mod 31); GB 11714-1997 (subject number, modulo 11).
    """
    size = len(choice)
    text = np.empty((size, 18), dtype=np.uint8)
    text[:, :8] = np.array([list(head.encode()) for head in heads], dtype=np.uint8)[choice]
    text[:, 8:16] = _subject_numbers(size, stream)
    text[:, 16] = _subject_checks(text[:, 8:16])
    text[:, 17] = _BYTES[(-(_values(text[:, :17]) @ _credit_weights()) % 31)]
    return words(text.view("S18").ravel().astype("U18").tolist())


def registration_numbers(region: str, size: int) -> Words:
    """Fifteen-digit registration numbers of households as issued before 2015, shape (size,).

    Source: GS15-2006 of the former 工商总局: region 6, serial 8 (6 leads households), check by ISO 7064 MOD 11,10.
    """
    serial = np.arange(60_000_000, 60_000_000 + size)
    digits = np.array([int(digit) for digit in region] * size, dtype=np.int64).reshape(size, 6)
    digits = np.hstack([digits, (serial[:, None] // 10 ** np.arange(7, -1, -1)) % 10])
    product = np.full(size, 10)
    for column in digits.T:
        remainder = (product + column) % 10
        product = np.where(remainder == 0, 10, remainder) * 2 % 11
    digits = np.hstack([digits, ((11 - product) % 10)[:, None]])
    return words((digits + ord("0")).astype(np.uint8).view("S15").ravel().astype("U15").tolist())


def _subject_numbers(size: int, stream: str) -> NDArray[np.uint8]:
    """MA and six characters, shape (size, 8): a scattered walk through the numbers, no number twice."""
    span = 31**6
    start = key(f"{stream}/start") % span
    numbers = (np.arange(size, dtype=np.int64) * 48_271_913 + start) % span  # a prime step meets every number once
    text = np.empty((size, 8), dtype=np.uint8)
    text[:, 0], text[:, 1] = ord("M"), ord("A")
    for column in range(7, 1, -1):
        text[:, column] = _BYTES[numbers % 31]
        numbers //= 31
    return text


def _subject_checks(text: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ninth character of the subject number: 0-9, or X for 10."""
    numbers = text.astype(np.int64)
    numbers -= np.where(numbers > ord("9"), _LETTER_OFFSET, ord("0"))
    check = (11 - numbers @ _ORGANISATION_WEIGHTS % 11) % 11
    return np.where(check == 10, ord("X"), check + ord("0")).astype(np.uint8)


def _values(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Position of each character in the alphabet."""
    table = np.zeros(128, dtype=np.int64)
    table[_BYTES] = np.arange(31)
    return table[text]


def _credit_weights() -> NDArray[np.int64]:
    """3^i mod 31 for the 17 positions."""
    return np.array([pow(3, place, 31) for place in range(17)], dtype=np.int64)
