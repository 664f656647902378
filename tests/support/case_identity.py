"""The id of a case, for any parameters: SHA-256 over its canonical JSON.

It is that of RFC 8785, but whole numbers of 64 bits have all of their digits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

Parameter = bool | int | float | str | list["Parameter"]


def case_id(model_digest: str, parameters: Mapping[str, Parameter], replicate: int) -> str:
    """The first 32 hex digits of the digest of what tells a case from every other."""
    return hashlib.sha256(identity(model_digest, parameters, replicate).encode()).hexdigest()[:32]


def identity(model_digest: str, parameters: Mapping[str, Parameter], replicate: int) -> str:
    """The canonical JSON of a case."""
    names = sorted(parameters, key=lambda name: name.encode("utf-16-be"))
    members = ",".join([f"{text(name)}:{canonical(parameters[name])}" for name in names])
    return f'{{"model":"{model_digest}","parameters":{{{members}}},"replicate":{replicate}}}'


def canonical(value: Parameter) -> str:
    """The canonical JSON of a value."""
    if isinstance(value, float):
        is_whole = value.is_integer() and -(2**63) <= value < 2**64
        return str(int(value)) if is_whole else number(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return text(value)
    return f"[{','.join(map(canonical, value))}]"


@lru_cache(1000)
def text(value: str) -> str:
    """A string."""
    return json.dumps(value, ensure_ascii=False)


def number(value: float) -> str:
    """A double as ECMAScript writes it: Python's shortest digits, but with other limits for the exponent."""
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e16:
        return repr(value).removesuffix(".0")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int), f"{value} is no number that JSON knows"
    return ("-" if sign else "") + written("".join(map(str, digits)), len(digits) + exponent)


def written(digits: str, point: int) -> str:
    """Digits with a decimal point behind the `point`th of them, or with an exponent (ECMA-262, Number::toString)."""
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{mantissa}e{point - 1:+d}"
