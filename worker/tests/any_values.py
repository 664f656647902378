"""Whatever a model can put into its result: random nested objects, and what each of them means."""

# ruff: noqa: D102, D105, D107 - the classes say what they are
from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import numbers
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

# ---------------------------------------------------------------- what a document can hold


class Kind(enum.Enum):
    """Names for what isn't a number or a text itself."""

    ROUND = (1, 2.5)
    SOFT = "clay"
    NOTHING = None


class Step(enum.IntEnum):
    """Names for numbers."""

    FIRST = 1


class Sides(enum.Flag):
    """Names that can be added."""

    LEFT = 1
    RIGHT = 2


class Soil(str, enum.Enum):
    """Names for texts."""

    CLAY = "clay"


class Point(typing.NamedTuple):
    """A tuple with names."""

    x: Any
    y: Any


class OwnDict(dict[Any, Any]):
    """A dict of a model's own."""

    __getattr__ = dict.__getitem__


class OwnFloat(float):
    """A number of a model's own."""

    def __float__(self) -> float:
        return 0.0

    __repr__ = __str__ = lambda self: "0.0"


class OwnInt(int):
    """The same of a whole one."""

    def __int__(self) -> int:
        return 0

    __index__ = __int__


class OwnText(str):
    """A text of a model's own."""

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        return ""

    def __iter__(self) -> Any:
        return iter(())


EXTREMES = [math.nan, math.inf, -math.inf, -0.0, 5e-324, sys.float_info.max]
TEXTS = st.text(st.characters(exclude_categories=()), max_size=5)  # also halves of surrogate pairs
TIMES = of_numpy.datetime64_dtypes() | of_numpy.timedelta64_dtypes(max_period="D")
DTYPES = st.one_of(
    of_numpy.boolean_dtypes(), of_numpy.integer_dtypes(), of_numpy.unsigned_integer_dtypes(),
    of_numpy.floating_dtypes(sizes=(16, 32, 64)), st.just(np.dtype("longdouble")), TIMES,
    of_numpy.unicode_string_dtypes(max_len=3), st.just(np.dtypes.StringDType()),
)  # fmt: skip
SHAPES = of_numpy.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)
ARRAYS = of_numpy.arrays(DTYPES.filter(lambda one: one.kind != "T"), SHAPES)
RECORDS = of_numpy.arrays(
    of_numpy.array_dtypes(DTYPES.filter(lambda one: one.kind not in "TUmM"), min_size=1, max_size=3), SHAPES
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(EXTREMES), TEXTS,
    st.builds(lambda number, bits: number << bits, st.integers(-9, 9), st.integers(50, 4000)),
    st.decimals(), st.fractions(), st.dates(), st.datetimes(), st.timedeltas(), st.times(),
    st.sampled_from([*Kind, *Step, *Sides, *Soil]),
    st.floats().map(OwnFloat), st.integers().map(OwnInt), TEXTS.map(OwnText),
    DTYPES.flatmap(lambda dtype: of_numpy.arrays(dtype, ())).map(lambda one: one[()]),
    st.floats().map(np.longdouble), st.just(np.ma.masked), st.just(pd.NA), st.just(pd.NaT),
    st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2200, 1, 1)).map(pd.Timestamp),
)  # fmt: skip
TABLES = st.lists(st.tuples(st.floats(), st.integers(-9, 9), TEXTS), max_size=3).map(
    lambda rows: pd.DataFrame(rows, columns=["load", "step", "soil"])
)
FIELDS = st.one_of(
    ARRAYS, RECORDS, TABLES,
    st.builds(lambda one, hidden: np.ma.masked_array(one, hidden), ARRAYS, st.booleans()),
    st.lists(st.floats(), max_size=3).map(lambda values: pd.Series(values, dtype=float)),
    st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=3).map(
        lambda names: pd.Series(range(len(names)), index=names, dtype=int)
    ),
    st.lists(st.integers(-9, 9), max_size=3).map(lambda values: array.array("q", values)),
)  # fmt: skip


def larger(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What holds others."""
    lists = st.lists(inside, max_size=3)
    dicts = st.dictionaries(st.text(max_size=3), inside, max_size=3)
    return st.one_of(
        lists, lists.map(tuple), lists.map(collections.deque), lists.map(collections.UserList),
        TEXTS.map(collections.UserString),
        st.tuples(inside, inside).map(lambda pair: Point(*pair)), st.just(range(3)),
        dicts, dicts.map(OwnDict), dicts.map(collections.OrderedDict), dicts.map(types.MappingProxyType),
        dicts.map(collections.ChainMap), dicts.map(collections.UserDict),
        dicts.map(lambda one: collections.defaultdict(list, one)), lists.map(in_an_array),
    )  # fmt: skip


def in_an_array(values: list[Any]) -> Any:
    """An array of Python objects."""
    made = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        made[place] = value
    return made


MEANT = st.recursive(SCALARS | FIELDS, larger, max_leaves=12)

# ---------------------------------------------------------------- and what it can't


class Strange:
    """An object whose methods do what nobody expects."""

    def __init__(self, do: Callable[[], Any]) -> None:
        self.do = do

    def _strange(self, *_: Any, **__: Any) -> Any:
        return self.do()

    __str__ = __repr__ = __len__ = __iter__ = __getitem__ = __float__ = __int__ = __index__ = __eq__ = _strange
    __bool__ = __hash__ = __contains__ = __next__ = __array__ = keys = items = values = tolist = item = _strange
    units = dtype = property(_strange)


class StrangeMapping(Strange, Mapping[Any, Any]):
    """The same, and it is a mapping."""

    items = Strange.items


class StrangeSequence(Strange, Sequence[Any]):
    """The same, and it is a sequence."""


class StrangeList(list[Any]):
    """A list that never ends."""

    def __iter__(self) -> Any:
        return iter(lambda: 1, 2)


class StrangeDict(dict[Any, Any]):
    """A dict whose names never end."""

    def items(self) -> Any:
        return ((str(number), number) for number in iter(lambda: len(self) + 1, 0))


class StrangeArray(np.ndarray[Any, Any]):
    """An array that gives itself."""

    def tolist(self) -> Any:
        return self


@dataclasses.dataclass
class Record:
    """A class of a model."""

    load: float


def raising(error: BaseException) -> Callable[[], Any]:
    """A function that raises."""

    def do() -> Any:
        raise error

    return do


ERRORS = [ValueError("no"), SystemExit(3), MemoryError(), RecursionError(), GeneratorExit(), StopIteration(1)]
DEEDS = st.sampled_from(ERRORS).map(raising) | st.sampled_from(
    [lambda: 1, lambda: None, lambda: -1, lambda: "x", lambda: 10**5000, object, lambda: iter(int, 1), lambda: math.nan]
)
STRANGE = st.one_of(
    st.builds(Strange, DEEDS), st.builds(StrangeMapping, DEEDS), st.builds(StrangeSequence, DEEDS),
    st.sampled_from([StrangeList, StrangeDict]).map(lambda kind: kind()),
    st.just(np.zeros(2).view(StrangeArray)), st.binary(max_size=3), st.binary(max_size=3).map(bytearray),
    st.binary(max_size=3).map(lambda one: memoryview(one)),
    st.complex_numbers(), st.complex_numbers().map(np.complex64),
    st.just(np.void(b"xy")), st.just(np.timedelta64(1, "Y")), st.sets(st.integers(), max_size=2),
    st.frozensets(TEXTS, max_size=2), st.just({}).map(dict.keys), st.builds(Record, st.floats()),
    st.builds(lambda: (number for number in range(3))), st.builds(lambda: map(len, ["a"])), st.builds(object),
    st.sampled_from([len, math, Kind, object, ..., NotImplemented, np.float64, np.sin, slice(1), sys._getframe()]),
    st.integers(4097, 9000).map(lambda bits: 1 << bits), st.uuids(), st.just(pd.Interval(0, 1)),
)  # fmt: skip
KEYS = st.one_of(TEXTS, st.text("ab.", max_size=2), st.integers(), st.none(), st.tuples(st.text()), st.booleans())


def with_itself(value: Any) -> Any:
    """The value in something that holds itself."""
    holder: dict[str, Any] = {"value": [value]}
    holder["value"].append(holder)
    return holder


ANYTHING = st.recursive(
    SCALARS | FIELDS | STRANGE,
    lambda inside: larger(inside) | st.dictionaries(KEYS, inside, max_size=2) | inside.map(with_itself),
    max_leaves=8,
)

# ---------------------------------------------------------------- what it means


def is_meant(value: Any, found: Any) -> bool:
    """Whether `found` in the JSON is what `value` means."""
    if isinstance(value, enum.Enum):
        return is_meant(value.value, found)
    if value is None or isinstance(value, (bool, np.bool_)):
        return found is (None if value is None else bool(value))
    if isinstance(value, str):
        return bool(found == str.encode(value, "utf-8", "replace").decode())
    if isinstance(value, collections.UserString):
        return is_meant(value.data, found)
    if value is np.ma.masked or value is pd.NA or value is pd.NaT:
        return found is None
    if isinstance(value, (np.datetime64, np.timedelta64, datetime.date, datetime.time, datetime.timedelta)):
        return is_time(value, found)
    if isinstance(value, numbers.Number):
        return is_number(value, found)
    if isinstance(value, (np.ndarray, np.void, pd.Series, pd.DataFrame)):
        return is_field(value, found)
    if isinstance(value, Mapping):
        return set(found) == set(value) and all(is_meant(value[key], found[key]) for key in found)
    return type(found) is list and all(is_meant(*pair) for pair in zip(value, found, strict=True))


def is_field(value: Any, found: Any) -> bool:
    """The same for arrays, records and tables."""
    if isinstance(value, pd.DataFrame):
        return list(found) == list(value) and all(is_meant(value[name].tolist(), found[name]) for name in found)
    if isinstance(value, pd.Series) and value.index.dtype.kind not in "iu":
        return is_meant(dict(zip(value.index, value.tolist(), strict=True)), found)
    if isinstance(value, pd.Series):
        return is_field(in_an_array(value.tolist()), found)
    if value.dtype.names:
        return set(found) == set(value.dtype.names) and all(is_meant(value[name], found[name]) for name in found)
    return is_meant(value.flat[0], found) if value.size == 1 else are_rows(value, found)


def are_rows(value: Any, found: Any) -> bool:
    """The same for an array whose shape stays."""
    if value.ndim == 0:
        return is_meant(value[()], found)
    # Not the rows themselves: of masked elements those are no arrays any more.
    rows = [value[place : place + 1].reshape(value.shape[1:]) for place in range(len(value))]
    return type(found) is list and all(are_rows(*pair) for pair in zip(rows, found, strict=True))


def is_time(value: Any, found: Any) -> bool:
    """The same for dates, times and spans."""
    if isinstance(value, (np.datetime64, np.timedelta64)):
        if np.isnat(value):
            return found is None
        if isinstance(value, np.timedelta64):
            return bool(found == value / np.timedelta64(1, "s"))
        return bool(np.datetime64(found) == value)
    if isinstance(value, datetime.timedelta):
        return type(found) is float and found == value.total_seconds()
    return type(found) is str and value.isoformat().startswith(found)


def is_number(value: Any, found: Any) -> bool:
    """The same for real numbers: what 64 bits can't hold is null, or a text if it is whole."""
    if isinstance(value, (int, np.integer)):
        exact = int.__int__(value) if isinstance(value, int) else int(value)
        expected = exact if -(2**63) <= exact < 2**64 else str(exact)
        return type(found) is type(expected) and bool(found == expected)
    if isinstance(value, float):
        value = float.__float__(value)
    elif isinstance(value, np.floating):
        # Beside a float of 16 bits, the largest one of 64 would be infinite.
        value = float(value)
    if isinstance(value, (decimal.Decimal, fractions.Fraction)) and isinstance(found, (int, str)):
        return bool(int(found) == value)
    if found is None:
        is_nan = value.is_nan() if isinstance(value, decimal.Decimal) else value != value
        return bool(is_nan) or bool(abs(value) > sys.float_info.max)
    is_near = type(found) is float and found == float(value)
    return is_near and math.copysign(1, found) == math.copysign(1, value)
