"""What becomes of the values that models put into `result`: those of NumPy and pandas, and any other."""

from __future__ import annotations

import datetime
import json
import math
import numbers
import sys
import types
from typing import Any

import attach
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


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


# ---------------------------------------------------------------- limits


def test_a_result_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(tuple[int, ...]):
        def __iter__(self) -> Any:
            return iter(int, 1)

    monkeypatch.setattr(attach, "RESULT_VALUES", 1000)
    assert refused(Endless()).startswith("result has more than 1,000 values; write large fields to a file")


@pytest.mark.parametrize("module", ["numpy", "pandas"])
def test_a_module_that_only_has_the_name_of_numpy_does_no_harm(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    for stand_in in (types.ModuleType(module), None, "numpy"):
        monkeypatch.setitem(sys.modules, module, stand_in)
        assert plain_of({"b": [1, 2.5]}) == {"b": [1, 2.5]}


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

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3),
    st.complex_numbers(), st.decimals(), st.fractions(), st.dates(), st.datetimes(), st.timedeltas(), st.times(),
    st.floats(width=32).map(np.float32), st.floats(width=16).map(np.float16), st.floats().map(np.longdouble),
    st.integers(-(2**63), 2**63 - 1).map(np.int64), st.integers(0, 2**64 - 1).map(np.uint64),
    st.lists(st.floats(), max_size=3).map(np.array), st.lists(st.integers(-9, 9), max_size=3).map(np.array),
    st.integers(-(2**63), 2**63 - 1).map(lambda count: np.datetime64(count, "ns")),
    st.integers(-(2**63), 2**63 - 1).map(lambda count: np.timedelta64(count, "us")),
    st.lists(st.floats(), max_size=3).map(lambda values: pd.Series(values, dtype=float)),
    st.just(pd.NA), st.just(pd.NaT),
    st.just(object()), st.just(len), st.sets(st.integers(), max_size=2), st.from_type(type),
)  # fmt: skip
KEYS = st.one_of(st.text(max_size=3), st.text("ab.", max_size=2), st.integers(), st.none())
VALUES = st.recursive(
    LEAVES,
    lambda inside: st.one_of(
        st.lists(inside, max_size=4),
        st.tuples(inside, inside),
        st.dictionaries(st.text(max_size=3), inside, max_size=4),
        st.dictionaries(KEYS, inside, max_size=2),
    ),
    max_leaves=20,
)


def is_meant(value: Any, found: Any) -> bool:
    """Whether `found` in the JSON is what `value` means."""
    if isinstance(value, (list, tuple)):
        return type(found) is list and all(is_meant(*pair) for pair in zip(value, found, strict=True))
    if isinstance(value, dict):
        return set(found) == set(value) and all(is_meant(one, found[key]) for key, one in value.items())
    if isinstance(value, (np.ndarray, pd.Series)):
        values = value.tolist()
        return is_meant(values[0] if len(values) == 1 else values, found)
    if value is None or isinstance(value, (bool, str)):
        return type(found) is type(value) and bool(found == value)
    if isinstance(value, (datetime.date, datetime.time)) and value is not pd.NaT:
        return value.isoformat().startswith(found)
    if isinstance(value, datetime.timedelta):
        return type(found) is float and found == value.total_seconds()
    return (
        is_number(value, found) if isinstance(value, numbers.Number) and not isinstance(value, np.timedelta64) else True
    )


def is_number(value: Any, found: Any) -> bool:
    """The same for real numbers: what 64 bits can't hold is null, or a text if it is whole."""
    if found is None or isinstance(found, str):
        return found == str(value) or "nan" in str(value).lower() or bool(abs(value) > sys.float_info.max)
    if isinstance(value, (int, np.integer)):
        return type(found) is int and bool(found == value)
    return bool(found == value or found == float(value))


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4))
def test_any_result_is_written_as_it_was_meant_or_refused_by_name(result: dict[str, Any]) -> None:
    try:
        found, _ = plain(result)
    except attach.UnusableResult as error:
        assert any(str(error).startswith(name) for name in ["result has the key", *result])
    else:
        assert is_meant(result, found)


@settings(deadline=None)
@given(VALUES)
def test_whatever_stands_in_place_of_the_result_is_refused(value: Any) -> None:
    if isinstance(value, dict):
        return
    with pytest.raises(attach.UnusableResult):
        plain(value)
