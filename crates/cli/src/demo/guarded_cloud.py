"""The demo's cloud: ministack behind a guard, in one process, so that no port leads past the guard.

Started as `python guarded_cloud.py <port> <the page's origin>`. Any website that is open in a browser of this computer
can send requests to loopback. The guard answers a browser only if it says that the page of the demo asks, and everybody
only under the cloud's own address (a name that a website has rebound to loopback is another one). Ministack's own
paths, most of which ask for no signature, aren't reachable at all, nor is what it lets anybody do without one, but for
reading single objects: there the bucket's policy decides.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import ministack.app

# By these headers a browser is known; a page can neither set nor leave them out.
BROWSER_HEADERS = ("origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")
SIGNED = "AWS4-HMAC-SHA256 "
# The services' own address, or a bucket's name and a key.
PATH = re.compile(r"/(?:[a-z0-9][a-z0-9.-]{2,62}(?:/(?P<key>.*))?)?", re.DOTALL)


def refusal(scope: Any, host: str, page_origin: str) -> tuple[int, str] | None:
    """Status and reason for which a request isn't passed on to ministack."""
    if scope["type"] != "http":
        return 403, "nothing but HTTP"
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    if headers.get("host") != [host]:
        return 421, "asked for under another name"
    is_browser = any(name in headers for name in BROWSER_HEADERS)
    if is_browser and headers.get("origin") != [page_origin]:
        return 403, "a browser asks, and not for the page of the demo"
    path = PATH.fullmatch(scope["path"])
    if path is None:
        return 403, "no path of S3 or SQS"
    is_signed = any(value.startswith(SIGNED) for value in headers.get("authorization", []))
    reads_object = scope["method"] in ("GET", "HEAD") and path["key"]
    if not (is_signed or reads_object or scope["method"] == "OPTIONS"):
        return 403, "not signed"
    return None


class Guard:
    """An ASGI application in front of ministack's."""

    def __init__(self, app: Any, host: str, page_origin: str) -> None:
        """Guards `app`, which is asked for as `host` by pages of one origin."""
        self._app = app
        self._host = host
        self._page_origin = page_origin

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Passes a request on, or refuses it."""
        refused = None if scope["type"] == "lifespan" else refusal(scope, self._host, self._page_origin)
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            status, reason = refused
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": f"The demo's cloud refuses this: {reason}.\n".encode()})
        else:
            await send({"type": "websocket.close", "code": 1008})


if __name__ == "__main__":
    port, origin = sys.argv[1:]
    # Ministack reads its own arguments from there.
    del sys.argv[1:]
    ministack.app.app = Guard(ministack.app.app, f"127.0.0.1:{port}", origin)
    sys.exit(ministack.app.main())
