"""Values that are put into Python code mean there what a variable would mean."""

from __future__ import annotations

import re
from typing import Any

import attach
import pytest
from hypothesis import given
from hypothesis import strategies as st

NAMES = {"{{x}}": "x", "{{ n }}": "n", "{{c[0]}}": "c[0]"}
BLANKS = st.sampled_from(["", " ", "  ", "\t", " \\\n "])
BLANKS_IN_BRACKETS = st.sampled_from(["", " ", "\n", "  # a 'note\n ", "\r\n"])
NUMBERS = st.one_of(st.integers(-9, 9), st.floats(-9, 9), st.just(-0.0))


def larger(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions of expressions."""
    joined = st.tuples(inside, BLANKS, st.sampled_from(["*", "-", "+", "<", "and", ",-"]), BLANKS, inside)
    return st.one_of(
        st.tuples(inside, BLANKS, st.just("**"), BLANKS, st.just("2")).map("".join),
        joined.map(lambda parts: "(" + " ".join(parts) + ")"),
        st.tuples(st.sampled_from(["-", "not ", "+ "]), inside).map("".join),
        st.tuples(st.just("("), BLANKS_IN_BRACKETS, inside, BLANKS_IN_BRACKETS, st.just("**2)")).map("".join),
        st.tuples(inside, BLANKS, st.just(".real")).map(
            lambda parts: "".join(parts) if parts[0][-1] == "}" else parts[0]
        ),
        inside.map(lambda one: f"max({one}, [{one}][0])"),
        inside.map(lambda one: f"len(f'{{ {one} }}')" if not set("\\\n'#") & set(one) else one),
        inside.map(lambda one: f"('a' \"it's\" * 2 and {one})"),
    )


EXPRESSIONS = st.recursive(st.sampled_from([*NAMES, "2", "0.5"]), larger, max_leaves=8)


def value_of(code: str, **names: Any) -> str:
    """What it evaluates to, or which error that is."""
    try:
        return repr(eval(f"(\n{code})", names))
    except (ArithmeticError, TypeError, ValueError, SyntaxError, AttributeError) as error:
        return type(error).__name__


@given(EXPRESSIONS, NUMBERS, st.integers(-9, 9), NUMBERS)
def test_an_expression_has_the_value_that_it_has_with_variables(expression: str, x: Any, n: int, c: Any) -> None:
    with_names = expression
    for placeholder, name in NAMES.items():
        with_names = with_names.replace(placeholder, name)
    compile(f"(\n{with_names})", "", "eval")
    rendered, _ = attach.render(f"(\n{expression})", {"x": x, "n": n, "c": [c]})
    assert value_of(rendered) == value_of(with_names, x=x, n=n, c=[c]), rendered


@given(st.text("'\"{}()[]\\\n\r#frbx:*.é {}N", max_size=40), st.sampled_from([-1.5, -2, 3, "a", True, [-1.0]]))
def test_whatever_a_model_is_only_parentheses_are_added(text: str, value: Any) -> None:
    template = text.replace("x", "{{x}}")
    parameters = dict.fromkeys("xfrbN", value)
    plain = re.sub(r"\{\{ *[xfrbN] *\}\}", lambda _: repr(value), template)
    assert attach.render(template, parameters, "text")[0] == plain
    rendered = attach.render(template, parameters)[0]
    assert rendered.replace(f"({value!r})", repr(value)) == plain.replace(f"({value!r})", repr(value))


@pytest.mark.parametrize(
    ("kind", "name", "language"),
    [
        ("python", "a.dat", "python"),
        ("command", "A.PY", "python"),
        ("command", "a.sh", "text"),
        ("command", "py", "text"),
    ],
)
def test_a_command_is_python_if_it_is_such_a_file(kind: str, name: str, language: str) -> None:
    assert attach.language_of(kind, name) == language
