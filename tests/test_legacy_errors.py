"""What the predecessor's error documents hold, `tests/golden/legacy_errors.json`, is what Python itself says.

The predecessor executes a model in `bootstrap.py`. Of an exception it notes what `traceback.format_exc()` says as
`exception`, and what `traceback.format_tb()` says as `traceback`.
"""

import json
import traceback
from typing import Any

import pytest
from local_cloud import REPOSITORY

GOLDEN: list[dict[str, Any]] = json.loads((REPOSITORY / "tests/golden/legacy_errors.json").read_text("utf-8"))
FIRST_LINE = "Traceback (most recent call last):\n"


def fail(model: str) -> Exception:
    """Executes a model as the predecessor does, a text in a text."""
    try:
        exec("exec(model, {'__name__': '__main__'})", {"model": model})
    except Exception as error:  # noqa: BLE001 - a model may raise anything
        return error
    raise AssertionError("it doesn't fail")


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["name"])
def test_an_exception_ends_with_its_frames_and_what_it_is(golden: dict[str, Any]) -> None:
    error = fail(golden["model"])
    frames = "".join(traceback.format_tb(error.__traceback__))
    whole = "".join(traceback.format_exception(error))
    assert whole.endswith(FIRST_LINE + frames + "".join(traceback.format_exception_only(error)))
    # The golden file has the same shape, whatever another version of Python says in its words.
    name, message = golden["expected"]["exception"], golden["expected"]["message"]
    assert type(error).__name__ == name
    _, separator, closing = golden["exception"].partition(FIRST_LINE + "".join(golden["traceback"]))
    assert separator
    assert closing.rstrip().endswith(f"{name}: {message}" if message else name)
