"""Makes a table of cases of what `get_points()` of a script returns.

The command line runs this file by the user's Python, the page has it run as a case by a worker. Python 3.6, the
standard library; what NumPy and pandas return is known by its methods.
"""

import json
import math
import os
import sys
import traceback

MAX_POINTS = 1000000
MAX_TABLE_BYTES = 64 << 20
MAX_MESSAGE_CHARACTERS = 10000
MAX_TRACEBACK_CHARACTERS = 65536


class PointsError(Exception):
    """What a script returned is no table of cases; the text says why."""


def points_table(path):
    """Returns the table of what `get_points()` of the script at `path` returns: names, and rows of values."""
    names = script_names(path)
    get_points = names.get("get_points")
    if not callable(get_points):
        raise PointsError("there is no function get_points() in " + os.path.basename(path))
    return table_of(get_points(), names.get("names"))


def script_names(path):
    """Executes a script as the module that an `import` makes of it, and returns its names."""
    name = os.path.splitext(os.path.basename(path))[0]
    module = type(sys)(name)
    module.__file__ = path
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    sys.modules[name] = module  # dataclasses and pickle look names up there
    exec(code, module.__dict__)
    return module.__dict__


def table_of(points, names=None):
    """Returns a table of points: objects with names, lists with `names`, or lists without, each the vector `point`."""
    if names is not None:
        names = checked_names(names)
    points, own_names = rows_of(points)
    columns, has_names, rows = own_names or names, True, []
    for number, point in enumerate(points, 1):
        if number > MAX_POINTS:
            raise PointsError("get_points() returned more than {:,} points".format(MAX_POINTS))
        values, point_names = values_of(point, columns if has_names else None, number)
        if columns is None:
            columns, has_names = point_names or ["point"], point_names is not None
        elif point_names and point_names != columns:
            words = "point {} has the names {}, and the first one has {}"
            raise PointsError(words.format(number, listed(point_names), listed(columns) if has_names else "none"))
        if len(values) != len(columns):
            raise PointsError(
                "point {} has {} values, and there are {} names".format(number, len(values), len(columns))
            )
        rows.append([value_of(value, name, number) for name, value in zip(columns, values)])
    if not rows:
        raise PointsError("get_points() returned no points")
    return {"columns": columns, "rows": rows, "unnamed": not has_names}


def rows_of(points):
    """Returns the points one by one, and their names if these stand beside them: in a table of pandas, say."""
    if points is None:
        raise PointsError("get_points() returned nothing: it has to end with `return`, and a list of points")
    if isinstance(points, (str, bytes)):
        raise PointsError("get_points() returned a text, and no list of points")
    if hasattr(points, "columns") and hasattr(points, "itertuples"):
        return list(points.itertuples(index=False, name=None)), checked_names(points.columns)
    if hasattr(points, "keys"):
        names = checked_names(points.keys())
        lists = [sequence_of(points[name]) for name in names]
        if any(one is None for one in lists):
            raise PointsError("get_points() returned an object whose values are no lists: a list of points is wanted")
        if len(set(map(len, lists))) > 1:
            raise PointsError("the lists of {} aren't equally long".format(listed(names)))
        return list(zip(*lists)), names
    fields = getattr(getattr(points, "dtype", None), "names", None)
    if hasattr(points, "tolist"):
        points = points.tolist()
    try:
        return iter(points), checked_names(fields) if fields else None
    except TypeError:
        raise PointsError("get_points() returned {}, and no list of points".format(kind_of(points))) from None


def checked_names(names):
    """Returns names as a list of texts."""
    if isinstance(names, str):
        names = names.replace(",", " ").split()
    names = list(names)
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong or not names:
        raise PointsError("names are wanted as texts" + ("" if names else ", and there are none"))
    return names


def values_of(point, columns, number):
    """Returns the values of a point in the order of `columns`, and its own names if it has some."""
    if hasattr(point, "keys"):
        names = columns or checked_names(point.keys())
        if set(point.keys()) != set(names):
            raise PointsError(
                "point {} has the names {}, and not {}".format(number, listed(point.keys()), listed(names))
            )
        return [point[name] for name in names], None if columns else names
    values, fields = sequence_of(point), getattr(point, "_fields", None)
    if columns is None and not fields:
        return [point], None  # without names: the vector `point`
    return [point] if values is None else values, list(fields) if fields else None


def sequence_of(value):
    """Returns a list of what a list, a tuple or an array holds; None for anything else."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return list(value) if isinstance(value, (list, tuple, range)) else None


def value_of(value, name, number):
    """Returns a value as JSON can hold it exactly: a number, a text, a boolean, or a list of those."""
    values = sequence_of(value)
    if values is None:
        return scalar_of(value, name, number)
    if not values:
        raise PointsError("point {}: `{}` is an empty list".format(number, name))
    return [scalar_of(one, name, number) for one in values]


def scalar_of(value, name, number):
    """Returns a single value. Nothing becomes another value unsaid."""
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()  # of NumPy: the same number
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise PointsError("point {}: `{}` is a whole number of more than 64 bits".format(number, name))
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise PointsError("point {}: `{}` is {!r}, and no number".format(number, name, value))
        return float(value)
    words = "point {}: `{}` is {}: a number, a text, a boolean or a list of those is wanted"
    raise PointsError(words.format(number, name, "a missing value" if value is None else kind_of(value)))


def kind_of(value):
    """Returns the kind of a value in words."""
    return "an object of the kind {}".format(type(value).__name__)


def listed(names):
    """Returns a few names in words."""
    names = ["`{}`".format(name) for name in names]
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "")


def as_json(table):
    """Returns a table as JSON."""
    text = json.dumps(table, ensure_ascii=True, allow_nan=False).encode("ascii")
    if len(text) > MAX_TABLE_BYTES:
        raise PointsError("the table has {} MiB, and {} are allowed".format(len(text) >> 20, MAX_TABLE_BYTES >> 20))
    return text


def failure_of(error):
    """Returns an error in words, with its traceback from the script on."""
    if isinstance(error, PointsError):
        return {"reason": str(error)[:MAX_MESSAGE_CHARACTERS], "traceback": None}
    kind, frames = type(error), error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    reason = "".join(traceback.format_exception_only(kind, error)).strip().splitlines()[-1]
    lines = "".join(traceback.format_exception(kind, error, frames))
    return {"reason": reason[:MAX_MESSAGE_CHARACTERS], "traceback": lines[-MAX_TRACEBACK_CHARACTERS:].rstrip()}


def main(path, into):
    """Writes the table, or what went wrong, into a file of its own: what a script prints is its own affair."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    try:
        content, code = as_json(points_table(path)), 0
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a script raises is told
        content, code = json.dumps(failure_of(error)).encode("ascii"), 1
    with open(into, "wb") as file:
        file.write(content)
    sys.exit(code)


if __name__ == "__main__" and len(sys.argv) == 3:
    main(sys.argv[1], sys.argv[2])
