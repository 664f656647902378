"""The golden files that the worker shares with the dashboard and the command line."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import json
import math
import types
from pathlib import Path
from typing import Any

import attach
import pytest

GOLDEN = Path(__file__).resolve().parents[2] / "tests/golden"


def cases(file: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in json.loads((GOLDEN / file).read_text("utf-8"))]


@pytest.mark.parametrize("case", cases("substitution.json"))
def test_placeholders_become_literals(case: dict[str, Any]) -> None:
    template, language = case["template"], case.get("language", "python")
    if "error" in case:
        kind = attach.WrongIndex if "reason" in case["error"] else attach.MissingParameter
        with pytest.raises(kind) as caught:
            attach.render(template, case["parameters"], language)
        error: Any = caught.value
        assert (error.name, error.line) == (case["error"]["placeholder"], case["error"]["line"])
        assert case["error"]["placeholder"] in str(error) and str(case["error"]["line"]) in str(error)
    else:
        assert attach.render(template, case["parameters"], language) == (case["text"], case["unused"])
    if "surroundings" in case:
        assert attach.where_in_python(template, list(attach.PLACEHOLDER.finditer(template))) == case["surroundings"]


@pytest.mark.parametrize("case", cases("model_documents.json"))
def test_model_documents_are_read_by_the_same_rules(case: dict[str, Any]) -> None:
    content = json.dumps(case["document"]).encode()
    if case["error"] is not None:
        with pytest.raises(attach.WrongModelDocument) as caught:
            attach.read_model_document(content)
        assert str(caught.value) == case["error"]
    else:
        assert attach.read_model_document(content) == attach.read_model_document(case["stored"].encode())


COMMAND_LINES = json.loads((GOLDEN / "command_lines.json").read_text("utf-8"))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in COMMAND_LINES["commands"]])
def test_commands_are_filled_by_the_same_rules(case: dict[str, Any]) -> None:
    fill: Any = attach.shell_line if case["shell"] else attach.command_words
    if "error" in case:
        with pytest.raises((attach.WrongCommand, attach.MissingParameter, attach.WrongIndex)) as caught:
            fill(case["command"], COMMAND_LINES["parameters"])
        error: Any = caught.value
        said = str(error) if isinstance(error, attach.WrongCommand) else f"placeholder {error.name}"
        assert said == case["error"]
    else:
        assert fill(case["command"], COMMAND_LINES["parameters"]) == case["runs"]


class Array:
    """What the worker knows of a NumPy array: that it has `tolist`."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def tolist(self) -> list[Any]:
        return self.values


class Scalar:
    """What it knows of a NumPy scalar of older versions: that it has `item`."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value


class Float64(float):
    """NumPy's float64 is a float."""


class Color(enum.IntEnum):
    """A whole number with a name."""

    RED = 1


class Soil(str, enum.Enum):
    """A text with a name."""

    CLAY = "clay"


class Shape(enum.Enum):
    """Anything with a name."""

    ROUND = (1, 2.5)


class Raising:
    """An array whose values can't be had."""

    def tolist(self) -> list[Any]:
        raise OSError("no memory on the card")


class OwnArray:
    """An array that gives itself."""

    def tolist(self) -> Any:
        return [self]


class Pretending:
    """A stand-in, such as those of unittest.mock, for something that it isn't."""

    __class__ = float  # type: ignore[assignment]


class Quantity:
    """What the worker knows of a quantity: that it has a unit."""

    def __init__(self) -> None:
        self.units = "pascal"

    def tolist(self) -> list[float]:
        return [1.0]


def nested(depth: int) -> list[Any]:
    """Lists in lists."""
    return [nested(depth - 1)] if depth else []


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)
ENDLESS_DICT: dict[str, Any] = {}
ENDLESS_DICT["b"] = ENDLESS_DICT
NAMES = {
    "Array": Array, "Scalar": Scalar, "Float64": Float64, "Color": Color, "Soil": Soil, "Shape": Shape,
    "Raising": Raising, "OwnArray": OwnArray, "Pretending": Pretending, "Quantity": Quantity, "nested": nested,
    "UserString": collections.UserString,
    "OrderedDict": collections.OrderedDict, "deque": collections.deque, "MappingProxyType": types.MappingProxyType,
    "Decimal": decimal.Decimal, "Fraction": fractions.Fraction, "date": datetime.date, "time": datetime.time,
    "datetime": datetime.datetime, "timedelta": datetime.timedelta, "timezone": datetime.timezone,
    "nan": math.nan, "inf": math.inf, "endless": ENDLESS, "endless_dict": ENDLESS_DICT, "shared": [1],
}  # fmt: skip


@pytest.mark.parametrize("case", cases("results.json"))
def test_results_become_json(case: dict[str, Any]) -> None:
    value = eval(case["python"], dict(NAMES))
    warnings: list[str] = []
    if "error" in case:
        with pytest.raises(attach.UnusableResult) as caught:
            attach.to_plain(value, warnings)
        assert case["error"] in str(caught.value)
    else:
        written = json.loads(attach.to_json(attach.to_plain(value, warnings)))
        assert json.dumps(written) == json.dumps(case["result"])  # 1 and 1.0 and True differ
        assert warnings == case["warnings"]


@pytest.mark.parametrize("case", cases("signatures.json"))
def test_failures_are_grouped_by_their_signature(case: dict[str, Any]) -> None:
    frames = [(frame["function"], frame["line"]) for frame in case["frames"]]
    assert attach.without_varying(case["message"]) == case["normalised"]
    assert attach.signature(case["exception"], case["message"], frames) == case["signature"]


@pytest.mark.parametrize("case", cases("endpoints.json"))
def test_addresses_are_built(case: dict[str, Any]) -> None:
    study = attach.read_study({**case["config"], "study": "s", "queue_url": "q", "lease_secs": 120})
    assert study.object_url(case["key"]) == case["object_url"]
    assert study.queue_service_url == case["sqs_url"]


@pytest.mark.parametrize("case", cases("pools.json"))
def test_a_pools_queue_stands_beside_the_studys(case: dict[str, Any]) -> None:
    study = attach.Study(case["study"], "r", "b", None, case["queue_url"], 120)
    if case["expected"] is None:
        with pytest.raises(attach.NoStudy):
            study.of_pool(case["pool"])
    else:
        own = study.of_pool(case["pool"])
        is_main = case["pool"] in ("", "main")
        assert (own.queue_url, own.pool) == (case["expected"]["queue_url"], None if is_main else case["pool"])


@pytest.mark.parametrize("case", cases("messages.json"))
def test_messages_are_read(case: dict[str, Any]) -> None:
    message = case.get("message", case.get("body", case))
    body = message if isinstance(message, str) else json.dumps(message)
    read, sent = attach.read_case(body), json.loads(body)
    assert (read.case_id, read.isolation) == (sent["case_id"], sent.get("isolation", "worker"))
    assert read.pool == sent.get("pool")


@pytest.mark.parametrize("case", cases("halting.json"))
def test_so_many_failures_halt(case: dict[str, Any]) -> None:
    rule, _ = attach.read_halt_rule(case["rule"])
    outcomes = attach.AttemptOutcomes()
    found: tuple[str | None, int | None] = (None, None)
    for number, letter in enumerate(case["outcomes"], start=1):
        outcomes.add(float(number), letter == "F", rule)
        reason = outcomes.reason_to_halt(rule)
        if reason is not None:
            found = reason, number
            break
    assert found == (case["reason"], case["at"])
