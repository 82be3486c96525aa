"""The application on a real port, driven by the system's Chromium, judged by axe."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from web_house import PASSWORD, House

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SCREEN = {"viewport": {"width": 1366, "height": 768}}


@contextmanager
def served(house: House) -> Iterator[str]:
    """The house's application on a port of 127.0.0.1; its address."""
    import uvicorn

    config = uvicorn.Config(house.client.app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        for _ in range(200):
            if server.started:
                break
            time.sleep(0.02)
        (socket,) = server.servers[0].sockets
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def give_password(house: House, *names: str) -> None:
    """The accounts sign in by the common password."""
    from inspection.web.accounts import change_password

    for name in names:
        change_password(house.office.workspace.store, name, PASSWORD)


def sign_in(page: Any, site: str, name: str, path: str = "/") -> None:
    page.goto(f"{site}/sign-in?next={quote(path, safe='/')}")
    page.fill("#account", name)
    page.fill("#password", PASSWORD)
    page.click("form.stack button.main")
    page.wait_for_url(lambda url: url.startswith(f"{site}{path}"))


def violations(page: Any) -> list[str]:
    """What axe finds wrong with the page: rule and first element."""
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found]


def overflow(page: Any) -> int:
    """Pixels by which the page is wider than the screen."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
