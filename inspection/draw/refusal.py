"""The one refusal of the draw; the service turns it into a DrawError of the same code."""

from __future__ import annotations


class DrawRefusal(ValueError):
    """The draw declines to go on: ``code`` names the message in data/messages/draw.toml, ``params`` fill it.

    >>> raise DrawRefusal("draw.pool.short", pool="A-east", size=3, needed=4)
    Traceback (most recent call last):
    inspection.draw.refusal.DrawRefusal: draw.pool.short: pool='A-east', size=3, needed=4
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return f"{self.code}: " + ", ".join(f"{name}={value!r}" for name, value in self.params.items())
