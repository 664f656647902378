"""A model and its placeholders."""

from __future__ import annotations

import re

from command_line import Launched
from design_page import (
    button,
    choose_file,
    define,
    open_design,
    preview,
    review,
    take_table,
    text,
)
from playwright.sync_api import expect
from small_models import DOUBLE
from visit import Visits, requests_of


def test_a_file_that_is_no_text_is_no_model(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", b"PK\x03\x04\nsecond\n\xff\xfe", "model.py")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("model.py can't be a model")
    expect(alert).to_contain_text("see line 3: save it as UTF-8")
    choose_file(page, "Model file", DOUBLE, "other.py")
    expect(alert).to_have_count(0)
    expect(page.get_by_role("region", name="Model", exact=True)).to_contain_text("other.py")


def test_placeholders_without_factor_and_factors_without_placeholder_are_named(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    model = page.get_by_role("region", name="Model", exact=True)
    choose_file(page, "Model file", "import math\nx = {{a}}\ny = {{b}} + {{a}}\nresult['x'] = x\n")
    chips = page.get_by_role("list", name="Placeholders").get_by_role("listitem")
    expect(chips).to_have_text([re.compile("a.*lines 2, 3.*has no factor"), re.compile("b.*line 3.*has no factor")])
    define(page)
    expect(chips).to_have_text([re.compile("a.*lines 2, 3.*has a factor"), re.compile("b.*line 3.*has no factor")])
    preview(page, "64 cases")
    expect(page.get_by_role("alert")).to_have_text("Line 3: {{b}} has no factor, so this case would fail.")
    button(page, "Add the factor b").click()
    define(page, "b", "3", "4", number=2)
    preview(page, "64 cases")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("region", name="Rendered model")).to_contain_text(re.compile(r"y = 3\.\d+ \+ \d"))
    button(page, "Add a factor").click()
    text(page, "Name of factor 3").fill("c")
    expect(model).to_contain_text("No placeholder for c: the model has to read it as parameters")
    choose_file(page, "Model file", "pass\n", "plain.py")
    expect(model).to_contain_text("It has no placeholder")


def test_a_design_of_which_every_case_would_fail_is_not_sent(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE + "depth = {{depth}}\n")
    define(page)
    text(page, "Cases").fill("16")
    preview(page, "16 cases")
    asked = requests_of(page)
    button(page, "Review and send …").click()
    refusal = page.get_by_role("alert").filter(has_text="All 16 cases would fail. Line 2: {{depth}} has no factor.")
    expect(refusal).to_contain_text("Nothing was sent.")
    assert [request for request in asked if "/data/" in request] == []
    button(page, "Go to the model").click()
    expect(page.get_by_label("Model file", exact=True)).to_be_focused()
    button(page, "Add the factor depth").click()
    expect(refusal).to_have_count(0)
    expect(text(page, "Minimum of depth")).to_be_focused()
    define(page, "depth", number=2)
    preview(page, "16 cases")
    assert review(page)["To be sent"] == "16 cases to the batch model"


def test_a_factor_that_is_a_misspelt_placeholder_is_offered_its_name(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    model = page.get_by_role("region", name="Model", exact=True)
    choose_file(page, "Model file", "result['load'] = 5 * {{cohesion}}\n")
    define(page, "cohesoin")
    button(page, "Add a constraint").click()
    text(page, "Constraint 1").fill("cohesoin <= 90")
    expect(model).to_contain_text("cohesoin isn't in the model; cohesion is.")
    expect(model).not_to_contain_text("the model has to read it as parameters")
    button(page, "Rename it to cohesion").click()
    expect(text(page, "Name of factor 1")).to_have_value("cohesion")
    expect(text(page, "Constraint 1")).to_have_value("cohesion <= 90")
    expect(page.get_by_role("list", name="Placeholders")).to_contain_text("has a factor")
    expect(model).not_to_contain_text("isn't in the model")
    take_table(page)
    choose_file(page, "Table of cases", "Cohesion\n1\n2\n", "cases.csv")
    expect(model).to_contain_text("Cohesion isn't in the model; cohesion is. Rename the column in the table.")


SURROUNDED = """# the cohesion {{c}} of the layers
top = {{c[0]}}
energy = {{a}}**2 + {{ c[2] }}
label = f"{{a}} m wide"
command("zone cohesion {{c[1]}}")
"""


def test_placeholders_in_strings_comments_and_for_elements_are_pointed_at(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    model = page.get_by_role("region", name="Model", exact=True)
    choose_file(page, "Model file", SURROUNDED)
    expect(model).to_contain_text(
        "In an f-string {{…}} is Python's own way to write a brace; here it is a placeholder: a in line 4."
    )
    expect(model).to_contain_text("In a string, put in as text: c[1] in line 5.")
    expect(model).to_contain_text("In a comment, without effect: c in line 1.")
    button(page, "Add 2 factors").click()
    expect(text(page, "Vector length of c")).to_have_value("3")
    text(page, "Minimum of c").fill("1")
    text(page, "Maximum of c").fill("2")
    text(page, "Minimum of a").fill("-2")
    text(page, "Maximum of a").fill("-1")
    preview(page, "64 cases")
    rendered = page.get_by_role("region", name="Rendered model")
    expect(rendered).to_contain_text(re.compile(r"energy = \(-1\.\d+\)\*\*2 \+ 1\.\d+"))
    expect(rendered).to_contain_text(re.compile(r'label = f"-1\.\d+ m wide"'))
    text(page, "Vector length of c").fill("2")
    expect(model).to_contain_text(
        "Line 3: {{c[2]}} isn't one of the 2 components, counted from 0, so every case would fail."
    )
    expect(page.get_by_role("alert")).to_contain_text("counted from 0, so this case would fail.")
