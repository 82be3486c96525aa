"""Lists in pages by key: a cursor holds the key of the last row sent, so that no row is skipped or sent twice."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from inspection.web.refusal import Refused

Row = TypeVar("Row")
Key = tuple[str | int, ...]

MOST = 1000


class Page(BaseModel, Generic[Row]):
    """Some rows, and the cursor of the next page; none after the last."""

    items: list[Row]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Paging:
    """How many rows are wanted, after which cursor."""

    limit: int
    cursor: str | None

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """The key of the last row sent; None for the first page.

        Raises:
            Refused: 422, the cursor is none of ours, or of another list.
        """
        if self.cursor is None:
            return None
        try:
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValueError, binascii.Error, RecursionError):
            raise Refused(422, "web.cursor") from None
        is_ours = isinstance(key, list) and len(key) == len(kinds)
        if not is_ours or any(type(part) is not kind for part, kind in zip(key, kinds, strict=True)):
            raise Refused(422, "web.cursor")
        if any(
            (isinstance(part, int) and abs(part) >= 2**63) or (isinstance(part, str) and "\0" in part) for part in key
        ):
            raise Refused(422, "web.cursor")
        return tuple(key)

    def page(self, rows: Sequence[Any], key: Callable[[Any], Key], facts: Callable[[Any], Any]) -> dict[str, Any]:
        """The page of rows, of which one more than wanted was read where there are more."""
        shown = rows[: self.limit]
        following = cursor_of(key(shown[-1])) if len(rows) > self.limit else None
        return {"items": [facts(row) for row in shown], "next": following}


def _is_storable(part: str | int) -> bool:
    """Whether a database can be asked for it."""
    return abs(part) < 2**63 if isinstance(part, int) else part.isprintable()


def cursor_of(key: Key) -> str:
    """The cursor that stands for a key."""
    text = json.dumps(list(key), ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def paging(
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Paging:
    """The paging a request asks for."""
    return Paging(limit, cursor)
