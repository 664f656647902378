"""What becomes of the values that models put into `result`: those of NumPy and pandas, and any other."""

from __future__ import annotations

import json
import math
import sys
import types
from collections.abc import Mapping
from typing import Any

import attach
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.any_values import ANYTHING, MEANT, is_meant


def plain(result: Any) -> tuple[Any, list[str]]:
    """What a reader of the document has, and the warnings."""
    warnings: list[str] = []
    return json.loads(attach.to_json(attach.to_plain(result, warnings))), warnings


def plain_of(value: Any) -> Any:
    """The same of one value, which needs no warning."""
    result, warnings = plain({"a": value})
    assert warnings == []
    return result["a"]


def refused(value: Any) -> str:
    """Why it is refused."""
    with pytest.raises(attach.UnusableResult) as caught:
        plain({"a": {"b": [value]}})
    return str(caught.value)


# ---------------------------------------------------------------- NumPy

SCALARS = [
    (np.float64(1.5), 1.5),
    (np.float32(0.1), float(np.float32(0.1))),
    (np.float16(0.5), 0.5),
    (np.longdouble("0.1"), 0.1),
    (np.longdouble("3.14159265358979323846264338"), 3.141592653589793),
    (np.int8(-3), -3),
    (np.int64(2**62 + 1), 2**62 + 1),
    (np.uint64(2**64 - 1), 2**64 - 1),
    (np.bool_(True), True),
    (np.str_("clay"), "clay"),
    (np.array(2.5), 2.5),
    (np.array(7), 7),
]


@pytest.mark.parametrize(("value", "expected"), SCALARS, ids=[f"{type(one).__name__} {one}" for one, _ in SCALARS])
def test_a_scalar_of_numpy_is_a_scalar(value: Any, expected: Any) -> None:
    found = plain_of(value)
    assert (found, type(found)) == (expected, type(expected))


def test_arrays_of_numpy_are_lists_whatever_their_numbers_are() -> None:
    for kind in ("float16", "float32", "float64", "longdouble", "int8", "uint64"):
        assert plain_of(np.array([[1, 2], [3, 4]], dtype=kind)) == [[1, 2], [3, 4]], kind
    assert plain_of(np.zeros((0, 3))) == []
    assert plain_of(np.array([True, False])) == [True, False]
    assert plain_of(np.array(["a", "bc"])) == ["a", "bc"]
    assert plain_of(np.array([1, "x", None, [2.0]], dtype=object)) == [1, "x", None, [2.0]]


@pytest.mark.parametrize("value", [np.array([2.5]), np.array([[2.5]]), pd.Series([2.5]), pd.Series([2.5], index=[7])])
def test_an_array_of_one_element_is_that_element_and_said(value: Any) -> None:
    result, warnings = plain({"peak": value})
    assert result == {"peak": 2.5}
    assert warnings == ["peak is an array of one element and was written as that element"]


def test_numbers_that_are_too_large_for_a_float_are_null_and_said() -> None:
    if np.finfo(np.longdouble).max <= np.finfo(np.float64).max:
        pytest.skip("a longdouble is a float of 64 bits here")
    result, warnings = plain({"a": np.longdouble("1e4000"), "b": np.longdouble("1e-4000"), "c": np.longdouble("inf")})
    assert result == {"a": None, "b": 0.0, "c": None}
    assert warnings == [
        "a is too large for a float of 64 bits and was written as null",
        "b is too small for a float of 64 bits and was written as 0",
        "c is infinite and was written as null",
    ]


def test_masked_elements_are_null_and_said() -> None:
    masked = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])
    result, warnings = plain({"a": masked, "b": np.ma.masked, "c": {"d": masked.astype("datetime64[s]")}})
    assert result["a"] == [1.0, None, 3.0]
    assert result["b"] is None
    assert result["c"]["d"] == ["1970-01-01T00:00:01", None, "1970-01-01T00:00:03"]
    words = "{} is masked and was written as null"
    assert warnings == [words.format(name) for name in ("a[1]", "b", "c.d[1]")]


def test_records_of_numpy_are_dicts_of_their_fields() -> None:
    records = np.array([(1.0, 2), (3.0, 4)], dtype=[("load", "f8"), ("step", "i4")])
    assert plain_of(records) == {"load": [1.0, 3.0], "step": [2, 4]}
    assert plain_of(records[1]) == {"load": 3.0, "step": 4}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", "ps", "fs"])
def test_a_time_has_the_same_text_in_every_unit(unit: str) -> None:
    times = np.array(["1970-01-01T00:00:00", "1970-01-01T01:02:03"], dtype=f"datetime64[{unit}]")
    assert plain_of(times) == ["1970-01-01T00:00:00", "1970-01-01T01:02:03"]
    assert plain_of(times[1]) == "1970-01-01T01:02:03"


def test_a_time_has_the_decimals_that_it_needs() -> None:
    assert plain_of(np.datetime64("2024-01-02T03:04:05.120", "ms")) == "2024-01-02T03:04:05.12"
    assert plain_of(np.datetime64("2024-01-02T03:04:05.123456789")) == "2024-01-02T03:04:05.123456789"
    assert plain_of(pd.Timestamp("2024-01-02T03:04:05.123456789")) == "2024-01-02T03:04:05.123456789"
    assert plain_of(pd.Timestamp("2024-01-02T03:04:05.5", tz="Europe/Berlin")) == "2024-01-02T03:04:05.5+01:00"


def test_a_time_that_is_coarser_than_seconds_keeps_its_date() -> None:
    texts = {"Y": "2024", "M": "2024-02", "D": "2024-02-03", "h": "2024-02-03T04:00:00", "m": "2024-02-03T04:05:00"}
    for unit, text in texts.items():
        assert plain_of(np.datetime64("2024-02-03T04:05").astype(f"datetime64[{unit}]")) == text


def test_a_span_is_seconds_in_every_unit() -> None:
    for unit, count in (("W", 1), ("D", 7), ("h", 168), ("s", 604_800), ("ns", 604_800 * 10**9)):
        assert plain_of(np.array(count, dtype=f"timedelta64[{unit}]")[()]) == 604_800.0
    assert plain_of(np.array([1500, 2500], dtype="timedelta64[ms]")) == [1.5, 2.5]
    assert plain_of(pd.Timedelta("1 min 250 ms")) == 60.25
    assert "a.b[0] is of type numpy.timedelta64" in refused(np.timedelta64(1, "Y"))


def test_what_is_no_time_is_null_and_said() -> None:
    values = [
        np.datetime64("NaT"),
        np.timedelta64("NaT", "s"),
        pd.NaT,
        np.array(["NaT", "2024"], dtype="datetime64[ns]"),
    ]
    result, warnings = plain({"a": values})
    assert result == {"a": [None, None, None, [None, "2024-01-01T00:00:00"]]}
    words = "{} is no time (NaT) and was written as null"
    assert warnings == [words.format(name) for name in ("a[0]", "a[1]", "a[2]", "a[3][0]")]


def test_complex_numbers_and_bytes_are_refused_by_name_and_type() -> None:
    assert refused(np.complex64(1j)).startswith("a.b[0] is of type numpy.complex64; a result holds real numbers")
    assert refused(np.array([1j, 2.0])).startswith("a.b[0][0] is of type complex; ")
    assert refused(np.bytes_(b"x")).startswith("a.b[0] is of type numpy.bytes_; a result holds texts")
    assert refused(np.void(b"xy")).startswith("a.b[0] is of type bytes; ")
    assert refused({1, 2}).startswith("a.b[0] is of type set; ")


# ---------------------------------------------------------------- pandas


def test_a_table_is_lists_by_column() -> None:
    table = pd.DataFrame({"x": [1, 2], "t": pd.to_datetime(["2024-01-01", "2024-01-02"]), "s": ["a", None]})
    result, warnings = plain({"curve": table, "one": table.iloc[:1]})
    assert result["curve"] == {"x": [1, 2], "t": ["2024-01-01T00:00:00", "2024-01-02T00:00:00"], "s": ["a", None]}
    assert result["one"]["x"] == [1]
    assert all("is nan" in warning for warning in warnings)


def test_an_index_that_says_something_is_a_column() -> None:
    assert plain_of(pd.DataFrame({"y": [3.0, 4.0]}, index=[0.5, 1.5])) == {"index": [0.5, 1.5], "y": [3.0, 4.0]}
    named = pd.Series([3.0, 4.0], index=pd.Index([0.5, 1.5], name="depth"), name="load")
    assert plain_of(named) == {"depth": [0.5, 1.5], "load": [3.0, 4.0]}
    assert plain_of(pd.Series([3.0, 4.0], index=[0.5, 1.5])) == {"index": [0.5, 1.5], "values": [3.0, 4.0]}
    assert plain_of(pd.Series([1.0, 2.0], index=[5, 9])) == [1.0, 2.0]
    assert plain_of(pd.DataFrame({"a": [1.0], "b": [3.0]}).mean()) == {"a": 1.0, "b": 3.0}


def test_scalars_and_columns_of_pandas() -> None:
    result, warnings = plain({"a": pd.NA, "b": pd.array([1, None], dtype="Int64"), "c": pd.Categorical(["x", "y"])})
    assert result == {"a": None, "b": [1, None], "c": ["x", "y"]}
    assert warnings == ["a is missing (NA) and was written as null", "b[1] is missing (NA) and was written as null"]
    assert plain_of(pd.date_range("2024-01-01", periods=2)) == ["2024-01-01T00:00:00", "2024-01-02T00:00:00"]
    assert "of type pandas.Interval" in refused(pd.Interval(0, 1))


def test_columns_that_have_no_name_or_the_same_are_refused() -> None:
    assert "has the key 0, of type int; keys must be strings" in refused(pd.DataFrame([[1, 2], [3, 4]]))
    assert "has the key 'a' twice" in refused(pd.DataFrame([[1, 2]], columns=["a", "a"]))


# ---------------------------------------------------------------- quantities with units


class Unit:
    """A unit, as far as the worker asks for it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return self._name


class Quantity:
    """A quantity as pint makes it, `pint/facets/plain/quantity.py` and `pint/facets/numpy/quantity.py`.

    It offers `tolist` and `item`, whatever its magnitude is: the one of a number has no `tolist`, and `item` gives
    a quantity again.
    """

    __module__ = "pint"

    def __init__(self, magnitude: Any, units: str) -> None:
        self._magnitude, self._units = magnitude, units

    @property
    def magnitude(self) -> Any:
        return self._magnitude

    @property
    def units(self) -> Unit:
        return Unit(self._units)

    def tolist(self) -> Any:
        try:
            return [Quantity(value, self._units) for value in self._magnitude.tolist()]
        except AttributeError:
            raise AttributeError(f"Magnitude '{type(self._magnitude).__name__}' does not support tolist.") from None

    def __iter__(self) -> Any:
        iterator = iter(self._magnitude)
        return (Quantity(value, self._units) for value in iterator)

    def __len__(self) -> int:
        return len(self._magnitude)

    def __getitem__(self, key: Any) -> Any:
        return Quantity(self._magnitude[key], self._units)

    def __getattr__(self, item: str) -> Any:
        if item == "item":
            return lambda: Quantity(np.asarray(self._magnitude).item(), self._units)
        return getattr(self._magnitude, item)

    def __float__(self) -> float:
        raise TypeError(f"Cannot convert from '{self._units}' to 'dimensionless'")


@pytest.mark.parametrize("magnitude", [16.56, np.float64(16.56), np.array([1.0, 2.0])])
def test_a_quantity_is_refused_by_name_type_and_unit(magnitude: Any) -> None:
    words = (
        "a.b[0] is of type pint.Quantity; its unit is pascal: convert it to a unit that all cases share, and write the "
        "number alone"
    )
    assert refused(Quantity(magnitude, "pascal")) == words
    assert "its unit is none: " in refused(Quantity(magnitude, ""))


def test_a_long_text_is_whole() -> None:
    echo = "\n".join(f"line {number:05d} of the solver's echo" for number in range(3000))
    assert plain_of(echo) == echo


# ---------------------------------------------------------------- limits


def test_a_result_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(tuple[int, ...]):
        def __iter__(self) -> Any:
            return iter(int, 1)

    monkeypatch.setattr(attach, "RESULT_VALUES", 1000)
    assert refused(Endless()).startswith("result has more than 1,000 values; write large fields to a file")


@pytest.mark.parametrize("module", ["numpy", "pandas"])
def test_a_module_that_only_has_the_name_of_numpy_does_no_harm(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    column = types.new_class("Column", exec_body=lambda names: names.update(tolist=lambda _: [1, 2.5]))
    for stand_in in (types.ModuleType(module), None, "numpy"):
        monkeypatch.setitem(sys.modules, module, stand_in)
        assert plain_of({"b": column()}) == {"b": [1, 2.5]}


def test_the_name_of_a_value_is_cut() -> None:
    _, warnings = plain({"x" * 10_000: math.nan})
    assert warnings == ["x" * 199 + "… is nan and was written as null"]


@pytest.mark.parametrize("method", ["__module__", "__name__"])
def test_a_class_that_hides_its_name_is_refused_all_the_same(method: str) -> None:
    class Hiding(type):
        def __getattribute__(cls, name: str) -> Any:
            if name == method:
                raise RuntimeError("hidden")
            return super().__getattribute__(name)

    assert refused(Hiding("Secret", (), {})()).startswith("a.b[0] is of a type that can't be named")


def test_what_raises_no_exception_but_ends_python_is_refused_all_the_same() -> None:
    class Exiting:
        def tolist(self) -> Any:
            raise SystemExit("gone")

    assert refused(Exiting()).endswith("Exiting and can't be read: SystemExit: gone")


# ---------------------------------------------------------------- anything at all

DICTS = (Mapping, pd.DataFrame, pd.Series, np.ndarray, np.void)  # arrays may have fields


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # where floats of 16 bits are made up
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.text(max_size=3), MEANT, max_size=3))
@example({"infinite": np.ma.masked_array(np.array(np.inf, dtype=np.float16), False)})
def test_what_a_document_can_hold_is_written_as_it_was_meant(result: dict[str, Any]) -> None:
    found, warnings = plain(result)
    assert is_meant(result, found)
    assert len(warnings) <= attach.RESULT_WARNINGS + 2


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.text(max_size=3), ANYTHING, max_size=3))
def test_anything_else_is_refused_by_name(result: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attach, "RESULT_VALUES", 2000)
        try:
            found, _ = plain(result)
        except attach.UnusableResult as error:
            assert any(str(error).startswith(name) for name in ["result has ", *result])
        else:
            json.dumps(found, allow_nan=False)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(ANYTHING.filter(lambda value: not isinstance(value, DICTS)))
def test_whatever_stands_in_place_of_the_result_is_refused(value: Any) -> None:
    with pytest.raises(attach.UnusableResult):
        plain(value)
