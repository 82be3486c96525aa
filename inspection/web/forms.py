"""Kinds of values that requests hold, each with its bounds; what is outside them is refused before anything is done."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Facts = dict[str, Any]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("only printable characters")
    return text


Code = Annotated[str, StringConstraints(pattern=r"^[^\s:,\"\x00-\x1f\x7f]{1,80}$"), AfterValidator(_printable)]
"""A code of a register, a draw or a reason."""

Label = Annotated[str, StringConstraints(pattern=r"^[^\s:,\"\x00-\x1f\x7f]{1,200}$"), AfterValidator(_printable)]
"""A visit as lists show it, or a draw and a visit with a slash between."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_printable)]
"""One line of text."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""64 hex digits."""

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Form(BaseModel):
    """What a request sends; a field nobody knows is a mistake, not a remark."""

    model_config = ConfigDict(extra="forbid", frozen=True)
