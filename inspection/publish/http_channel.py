"""Records to a receiver over HTTP: a signed request per batch, an answer for each record, mutual TLS on demand."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from inspection.errors import PublishError
from inspection.outgoing import Outcome
from inspection.publish.letters import Ready, envelope, read_answer
from inspection.publish.signatures import Check, Sign, signed_headers
from inspection.publish.targets import Target

if TYPE_CHECKING:
    import httpx

MEDIA_TYPE = "application/json"
MOST_BYTES = 16 * 1024 * 1024
"""Of an answer; a longer one is not read."""

LONGEST_PAUSE = timedelta(days=1)
UNFIT = (400, 413, 422)
"""The request as a whole is refused: its records are sent in halves, to find the one that is meant."""
MISDIRECTED = (401, 403, 404, 405, 407)
"""Nothing sent to this address by us will be taken: stop and tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What came of the records carried; where ``halt`` says why, the others were not sent and the run stops."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    halt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who signs requests."""

    name: str
    sign: Sign


class HttpChannel:
    """A kept connection to one target; close it in the end."""

    def __init__(self, target: Target, sender: Sender, check: Check, now: Callable[[], datetime]) -> None:
        self._target, self._sender, self._check, self._now = target, sender, check, now
        self._client = _client(target)

    def close(self) -> None:
        """No connection is open any more."""
        self._client.close()

    def carry(self, letters: Sequence[Ready]) -> Carried:
        """Send the records; never raises for what a receiver or network does."""
        import httpx

        if not letters:
            return Carried()
        try:
            status, pause, answer = self._post(letters)
        except httpx.ConnectError as error:
            return Carried(halt=f"{self._target.settings.url}: {error}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Carried(outcomes=_again(letters, f"{type(error).__name__}: {error}"))
        if status == 200:
            key = self._target.receiver_key
            return Carried(outcomes=read_answer(answer, letters, key, self._check))
        told = f"HTTP {status} {answer[:300].decode(errors='replace')}".strip()
        if status in MISDIRECTED:
            return Carried(halt=f"{self._target.settings.url}: {told}")
        if status in UNFIT:
            return self._halves(letters, told)
        return Carried(outcomes=_again(letters, told, pause))

    def _halves(self, letters: Sequence[Ready], told: str) -> Carried:
        if len(letters) == 1:
            seq = letters[0].seq
            return Carried(outcomes={seq: Outcome(seq=seq, result="refused", detail=told)})
        middle = len(letters) // 2
        first = self.carry(letters[:middle])
        if first.halt is not None:
            return first
        second = self.carry(letters[middle:])
        return Carried(outcomes=first.outcomes | second.outcomes, halt=second.halt)

    def _post(self, letters: Sequence[Ready]) -> tuple[int, timedelta, bytes]:
        """Status, how long to wait, and the body, which is cut where it is too long."""
        url = self._target.settings.url or ""
        body = envelope(self._target.adapter.name, self._sender.name, letters)
        headers = signed_headers(
            url, body, media_type=MEDIA_TYPE, key_id=self._sender.name, sign=self._sender.sign, now=self._now()
        )
        with self._client.stream("POST", url, content=body, headers=headers) as response:
            answer = b""
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > MOST_BYTES:
                    break
            return response.status_code, _pause(response.headers.get("retry-after", "")), answer


def _pause(retry_after: str) -> timedelta:
    """What Retry-After asks for in seconds; dates are not understood."""
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 8 else 0
    return min(timedelta(seconds=seconds), LONGEST_PAUSE)


def _again(letters: Sequence[Ready], detail: str, after: timedelta = timedelta(0)) -> dict[int, Outcome]:
    detail = detail[:1_000]
    return {
        each.seq: Outcome(seq=each.seq, result="again", detail=detail, after=after, is_shared=True) for each in letters
    }


def _client(target: Target) -> httpx.Client:
    try:
        import httpx
    except ModuleNotFoundError:
        raise PublishError("publish.extra") from None
    settings = target.settings
    # No TLS, no certificates to load: redirects, the other way to https, are not followed.
    trust = _trust(target) if (settings.url or "").startswith("https:") else False
    # The environment's proxies are not followed: on a government network the address itself is the agreement.
    return httpx.Client(
        timeout=settings.timeout_seconds, verify=trust, trust_env=False, headers={"user-agent": "open-draw"}
    )


def _trust(target: Target) -> ssl.SSLContext:
    """Whom the target's certificate must come from, and our own certificate where the target asks for one."""
    settings = target.settings
    try:
        context = ssl.create_default_context(cafile=str(settings.authority) if settings.authority else None)
        if settings.certificate is not None and settings.private_key is not None:
            context.load_cert_chain(settings.certificate, settings.private_key)
    except (OSError, ssl.SSLError) as error:
        raise PublishError("publish.target.tls", target=target.name, reason=error) from None
    return context
