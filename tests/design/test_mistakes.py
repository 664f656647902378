"""What is wrong is said at its place."""

from __future__ import annotations

from command_line import Launched
from design_page import (
    A,
    B,
    button,
    check_said_at,
    choose_file,
    enter,
    open_design,
    preview,
    start_anew,
    text,
)
from playwright.sync_api import expect
from small_models import DOUBLE
from visit import Visits

LIMIT = "more than 1,000,000: lower its size, or split it into batches with different seeds"
MISTAKES: dict[str, tuple[dict[str, str], str, str]] = {
    "minimum above maximum": (
        {**A, "Minimum of a": "2"}, "Maximum of a", "The minimum of a, 2, isn't below its maximum, 1"
    ),
    "log of zero": (
        {**A, "Values of a": "logarithmic range"}, "Minimum of a",
        "a has a logarithmic scale, so its minimum must be above 0",
    ),
    "a comma for the decimals": ({**A, "Minimum of a": "0,5"}, "Minimum of a", "write a point for the decimals"),
    "no number": ({**A, "Maximum of a": "much"}, "Maximum of a", "much isn't a number"),
    "no whole number": ({**A, "Values of a": "whole numbers", "Maximum of a": "2.5"}, "Maximum of a", "a whole number"),
    "no number in a list": (
        {"Name of factor 1": "a", "Values of a": "list of numbers", "Levels of a": "1, two"}, "Levels of a",
        "two isn't a number",
    ),
    "a value twice": (
        {"Name of factor 1": "a", "Values of a": "choice", "Choices of a": "clay, clay"}, "Choices of a", "twice"
    ),
    "no vector length": ({**A, "Vector length of a": "0"}, "Vector length of a", "no vector length from 1"),
    "the same name twice": ({**A, **B, "Name of factor 2 again": "a"}, "Name of factor 2", "Two factors are named a"),
    "no name in Python": ({"Name of factor 1": "2nd layer"}, "Name of factor 1", "2nd layer is not a name in Python"),
    "a word of Python": ({"Name of factor 1": "lambda"}, "Name of factor 1", "lambda is a word of Python itself"),
    "a column of Cruncher's": ({"Name of factor 1": "level"}, "Name of factor 1", "level is the name of a column"),
    "no case": ({**A, "Cases": "0"}, "Cases", "The design has no case: ask for at least one"),
    "half a case": ({**A, "Cases": "1.5"}, "Cases", "1.5 is no whole number"),
    "too many cases": ({**A, "Cases": "1,000,001"}, "Cases", f"The design has 1,000,001 cases, {LIMIT}"),
    "too many levels": (
        {**A, "Size": "levels, 2^first to 2^last", "Last level": "20"}, "Last level",
        f"The design has 2,097,144 cases, {LIMIT}",
    ),
    "levels the wrong way round": (
        {**A, "Size": "levels, 2^first to 2^last", "First level": "7"}, "Last level",
        "The first level, 7, is above the last, 6",
    ),
    "no first level": (
        {**A, "Size": "levels, 2^first to 2^last", "First level": "x"}, "First level", "x is no whole number"
    ),
    "a grid that is too large": (
        {**A, "Vector length of a": "6", "Method": "Full grid", "Values of a range": "11"}, "Values of a range",
        f"The design has 1,771,561 cases, {LIMIT}",
    ),
    "a grid of one step": ({**A, "Method": "Full grid", "Values of a range": "1"}, "Values of a range", "at least 2"),
    "too many replicates": ({**A, "Replicates": "1000000"}, "Replicates", LIMIT),
    "no replicate": ({**A, "Replicates": "0"}, "Replicates", "at least one"),
    "too many for an optimised hypercube": (
        {**A, "Optimised for": "distance (maximin)", "Cases": "500000"}, "Cases",
        "An optimised Latin hypercube has at most",
    ),
    "no seed": ({**A, "Seed": "-1"}, "Seed", "-1 is no whole number"),
    "a constraint that is none": (
        {**A, "Add a constraint": "press", "Constraint 1": "a + 1"}, "Constraint 1", "Nothing is compared here"
    ),
    "a constraint on a factor that isn't there": (
        {**A, "Add a constraint": "press", "Constraint 1": "a > 0.1", "Add a constraint again": "press",
         "Constraint 2": " a<=b "}, "Constraint 2", "There is no factor b",
    ),
    "a batch's name": ({**A, "Batch": "soft clay"}, "Batch", "soft clay can't be a part of a batch's name"),
    "a reserved batch's name": ({**A, "Batch": "a/files"}, "Batch", "are reserved"),
    "no attempt": ({**A, "Attempts per case": "0"}, "Attempts per case", "needs at least one attempt"),
    "no time limit": ({**A, "Time limit, minutes": "-3"}, "Time limit, minutes", "no number of minutes above 0"),
}  # fmt: skip


def test_each_mistake_is_told_at_its_field(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    for name, (fields, at, words) in MISTAKES.items():
        start_anew(page)
        expect(page.get_by_role("alert"), name).to_have_count(0)
        enter(page, fields)
        check_said_at(page, at, words)
        expect(page.get_by_role("alert"), name).to_have_count(1)


def test_what_is_missing_is_told_when_somebody_wants_to_send_and_not_before(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    alerts = page.get_by_role("alert")
    send = button(page, "Review and send …")
    expect(alerts).to_have_count(0)
    text(page, "Name of factor 1").fill("a")
    text(page, "Minimum of a").fill("1")
    text(page, "Cases").fill("")
    expect(text(page, "Cases")).to_have_value("")
    expect(alerts).to_have_count(0)
    send.click()
    check_said_at(page, "Maximum of a", "A number is needed here")
    check_said_at(page, "Cases", "A whole number is needed here")
    check_said_at(page, "Batch", "Name the batch")
    expect(alerts.filter(has_text="Choose the model file that the cases are computed with")).to_be_visible()
    expect(alerts.filter(has_text="4 things are wrong or missing above")).to_be_visible()
    text(page, "Maximum of a").fill("2")
    text(page, "Cases").fill("3")
    text(page, "Batch").fill("b")
    expect(alerts.filter(has_text="1 thing is wrong or missing above")).to_be_visible()
    choose_file(page, "Model file", DOUBLE)
    expect(alerts).to_have_count(0)
    send.click()
    expect(page.get_by_role("group", name="Summary")).to_be_visible()
    button(page, "Back to the design").click()
    button(page, "Remove a").click()
    expect(alerts.filter(has_text="The design has no factor: add one")).to_be_visible()


def test_a_design_that_cannot_become_cases_says_why(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    enter(page, {**A, "Add a constraint": "press", "Constraint 1": "a > 2"})
    preview(page, "No design")
    expect(page.get_by_role("alert").filter(has_text="No point of the design meets its constraints")).to_be_visible()
    text(page, "Constraint 1").fill("a > 0.5")
    preview(page, "32 cases")
    thinned = page.get_by_text(
        "32 of 64 points were left out by the constraints: what is left is no Latin hypercube any more"
    )
    expect(thinned).to_be_visible()
    button(page, "Take 128 points").click()
    preview(page, "64 cases")
    button(page, "Take 256 random ones").click()
    expect(page.get_by_text("left out by the constraints")).not_to_contain_text("hypercube")
    expect(page.get_by_label("Method").locator("option:checked")).to_have_text("Random")
