"""The local cloud's process: ministack, an address that takes many objects in one request, and one condition more.

An object that is PUT costs ministack some milliseconds, most of it for HTTP and for the permissions. A study of a
hundred thousand cases would take minutes. `POST /_cruncher/objects/<bucket>` takes objects one after the other, each a
line of JSON and then its bytes: `{"size": 12, "key": "…", "modified_time": 1790000000.0, "headers": {}}`.
They are put by ministack's own function, so that they are what a PUT would have made of them, but for the time.

A listing sorts all keys of the bucket for each page of a thousand, which takes a second where there are a million: of a
large bucket the sorted keys are kept, and ministack's own function is given those that are on the page.

Ministack's policies don't know `s3:if-none-match`, which AWS takes from the request's header: it is told of it here.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_left
from datetime import datetime, timezone
from typing import Any

import ministack.app
import ministack.core.iam_actions as iam_actions
from ministack.core.responses import get_account_id

PREFIX = "/_cruncher/objects/"
# From so many objects on the keys are kept in order.
LARGE = 5_000
ministack_app = ministack.app.app
object_context = iam_actions._s3_object_context


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Ministack's application, with the address in front of it."""
    if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
        await ministack_app(scope, receive, send)
        return
    status, answer = put_objects(scope["path"].removeprefix(PREFIX), await body_of(receive))
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": answer.encode()})


def context_with_condition(action: str, query: dict[str, Any], path: str, headers: dict[str, Any]) -> dict[str, Any]:
    """What policies can ask of a request."""
    context: dict[str, Any] = object_context(action, query, path, headers)
    if action == "s3:PutObject" and (condition := headers.get("if-none-match")):
        context["s3:if-none-match"] = condition
    return context


async def body_of(receive: Any) -> bytes:
    """The whole request."""
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def put_objects(bucket: str, body: bytes) -> tuple[int, str]:
    """Puts every object. Returns the status, and how many there were or what ministack said about one."""
    from ministack.services import s3  # as late as ministack itself does it

    place = count = 0
    while place < len(body):
        end = body.index(b"\n", place) + 1
        told = json.loads(body[place:end])
        place = end + told["size"]
        status, _, answer = s3._put_object(bucket, told["key"], body[end:place], told["headers"])
        if status != 200:
            return status, f"{told['key']}: {answer.decode()}"
        record = s3._buckets.get_scoped(get_account_id(), None, bucket)["objects"][told["key"]]
        record["last_modified"] = iso(told["modified_time"])
        count += 1
    return 200, str(count)


class SortedKeys:
    """The keys of the bucket that was listed last, in order."""

    def __init__(self, collect: Any) -> None:
        """Instead of ministack's `collect`, which lists."""
        self._collect = collect
        self._objects: dict[str, Any] = {}
        self._last = ""
        self._keys: list[str] = []

    def collect(self, objects: dict[str, Any], prefix: str, delimiter: str, max_keys: int, start_after: str) -> Any:
        """A page of a listing."""
        if len(objects) >= LARGE:
            objects = dict.fromkeys(self._page(objects, prefix, delimiter, max_keys, start_after))
        return self._collect(objects, prefix, delimiter, max_keys, start_after)

    def _page(self, objects: dict[str, Any], prefix: str, delimiter: str, max_keys: int, start_after: str) -> list[str]:
        """The keys that a page is made of, and one that is behind it; of a folder, its first one."""
        # A key that was added is the last one.
        last = next(reversed(objects))
        if objects is not self._objects or len(objects) != len(self._keys) or last != self._last:
            self._keys, self._objects, self._last = sorted(objects), objects, last
        keys, page = self._keys, list[str]()
        place = bisect_left(keys, max(prefix, start_after))
        # The first one may be what the page before ended with.
        while place < len(keys) and keys[place].startswith(prefix) and len(page) < max_keys + 2:
            page.append(keys[place])
            end = keys[place].find(delimiter, len(prefix)) if delimiter else -1
            place = (
                place + 1 if end < 0 else bisect_left(keys, keys[place][: end + len(delimiter)] + "\U0010ffff", place)
            )
        return page


def iso(time: float) -> str:
    """A time as ministack writes it."""
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


if __name__ == "__main__":
    ministack.app.app = app
    iam_actions._s3_object_context = context_with_condition
    import ministack.services.s3 as s3

    s3._collect_list_entries = SortedKeys(s3._collect_list_entries).collect
    sys.exit(ministack.app.main())
