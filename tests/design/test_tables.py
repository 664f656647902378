"""Tables of cases that are imported."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Launched
from design_page import (
    PASTED,
    TABLE,
    button,
    choose_file,
    drop,
    has_pixels,
    ids,
    in_order,
    open_design,
    open_file,
    preview,
    review,
    save,
    take_table,
    text,
    told,
)
from playwright.sync_api import Locator, Page, expect
from small_models import DOUBLE
from visit import Visits, go_to


def paste(page: Page, content: str) -> None:
    """Pastes a table."""
    page.evaluate("text => navigator.clipboard.writeText(text)", content)
    text(page, "Paste a table").press("Control+V")


def type_table(page: Page, content: str) -> None:
    """Types a table where one can be pasted."""
    text(page, "Paste a table").fill(content)
    text(page, "Paste a table").press("Tab")


def understood(page: Page) -> Locator:
    """The first rows of the table as the page understood them."""
    return page.get_by_role("table", name="The table as it was understood")


WAYS: dict[str, Callable[[Page], None]] = {
    "chosen": lambda page: choose_file(page, "Table of cases", TABLE, "cases.csv"),
    "dropped": lambda page: drop(page, "Table of cases", TABLE, "cases.csv"),
    "typed": lambda page: type_table(page, TABLE),
    "pasted from a spreadsheet": lambda page: paste(page, TABLE.replace(",", "\t")),
    "JSON": lambda page: choose_file(
        page, "Table of cases",
        json.dumps([
            {"a": 1, "c": [2.5, 3], "soil": "clay", "level": 0}, {"a": 2, "c": [2.5, 4], "soil": "sand", "level": 1},
            {"a": 3, "c": [0, 1], "soil": "sand", "level": 1},
        ]), "cases.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_table_is_taken_as_it_stands(study: Launched, visits: Visits, binary: Path, tmp_path: Path, way: str) -> None:
    page = open_design(visits, study, permissions=["clipboard-read", "clipboard-write"])
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    WAYS[way](page)
    columns = understood(page).get_by_role("columnheader")
    expect(columns).to_have_text(["a whole number", "c[2] number", "soil text"])
    expect(understood(page).get_by_role("row").nth(1)).to_contain_text("[2.5,3.0]")
    shown = preview(page, "3 cases")
    expect(shown).to_contain_text("levels 0: 1 · 1: 2")
    has_pixels(page, shown.get_by_role("img"))
    rows = list(csv.DictReader(io.StringIO(save(page, "Save CSV").decode())))
    assert [(row["a"], float(row["c[0]"]), float(row["c[1]"]), row["soil"], row["level"]) for row in rows] == [
        ("1", 2.5, 3, "clay", "0"), ("2", 2.5, 4, "sand", "1"), ("3", 0, 1, "sand", "1"),
    ]  # fmt: skip
    saved = save(page, "Save JSON")
    assert ids(in_order(binary, tmp_path, saved, DOUBLE)) == [row["case_id"] for row in rows]
    summary = review(page)
    assert summary["To be sent"] == "3 cases to the batch model"
    button(page, "Back to the design").click()

    other = open_design(visits, study)
    choose_file(other, "Model file", DOUBLE)
    open_file(other, saved)
    preview(other, "3 cases")
    assert save(other, "Save JSON") == saved
    button(page, "Remove").click()
    preview(page, "Nothing to show yet")
    expect(columns).to_have_count(0)
    button(page, "Review and send …").click()
    expect(
        page.get_by_role("alert").filter(has_text="Choose a table of cases first. Nothing was sent.")
    ).to_be_visible()
    page.reload()
    expect(button(page, "A table of cases")).to_have_attribute("aria-pressed", "true")
    preview(page, "Nothing to show yet")


def test_wrong_rows_are_named_and_nothing_can_be_sent(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    choose_file(page, "Table of cases", "a,b\n1,2\n3\n4,5\n6,7,8\n", "cases.csv")
    alert = page.get_by_role("alert").filter(has_text="cases.csv can't be used")
    expect(alert).to_contain_text("2 rows or fields are wrong.")
    expect(alert.get_by_role("listitem")).to_have_count(2)
    expect(alert.get_by_role("listitem").nth(0)).to_have_text(re.compile(r"^Row 3: .{10,}\.$"))
    expect(alert.get_by_role("listitem").nth(1)).to_have_text(re.compile(r"^Row 5: .{10,}\.$"))
    preview(page, "Nothing to show yet")
    placeholders = page.get_by_role("list", name="Placeholders").get_by_role("listitem")
    expect(placeholders).to_have_text([re.compile("waits for the table")] * placeholders.count())
    expect(placeholders).not_to_have_count(0)
    button(page, "Review and send …").click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was sent.")).to_have_count(2)
    expect(page.get_by_role("alert").filter(has_text="Correct the table first. Nothing was sent.")).to_be_visible()
    expect(button(page, "Go to the model")).to_have_count(0)
    expect(page.get_by_role("group", name="Summary")).to_have_count(0)
    choose_file(page, "Table of cases", b"PK\x03\x04 a workbook", "cases.xlsx")
    expect(page.get_by_role("alert").filter(has_text="this is a workbook")).to_be_visible()
    choose_file(page, "Table of cases", "b\n1\n2\n", "cases.csv")
    expect(
        page.get_by_role("alert").filter(has_text="The table has no column for a: every case would fail")
    ).to_be_visible()


def test_texts_are_correlated_with_nothing(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    take_table(page)
    type_table(page, "soil,c,d\nclay,1,3\nsand,2,1\ntuff,3,2\n")
    shown = preview(page, "3 cases")
    expect(shown).to_contain_text(re.compile(r"Largest correlation\s*[-−]0[.]5 \(c, d\)"))


def test_a_table_that_may_be_meant_in_two_ways_is_asked_about(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study, permissions=["clipboard-read", "clipboard-write"])
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    paste(page, PASTED)
    question = page.get_by_role("alert").filter(has_text="Do decimals have a point or a comma?")
    expect(question).to_contain_text("50,000 in column a, row 2, may be two numbers")
    choice = page.get_by_role("group", name="Decimal mark")
    buttons = choice.get_by_role("button")
    expect(buttons).to_have_text(["point: 50000", "comma: 50.0"])
    expect(choice.get_by_role("button", pressed=True)).to_have_count(0)
    preview(page, "Nothing to show yet")

    buttons.nth(1).press("Enter")
    expect(question).to_have_count(0)
    first = understood(page).get_by_role("row").nth(1).get_by_role("cell")
    expect(first).to_have_text(["50.0", "1.2"])
    expect(buttons).to_have_text(["point", "comma"])
    expect(choice.get_by_role("button", pressed=True)).to_have_text(["comma"])
    expect(buttons.nth(1)).to_be_focused()
    expect(page.get_by_role("list", name="How it was read")).to_contain_text("Numbers are read with a decimal comma.")
    preview(page, "2 cases")
    assert [row["a"] for row in csv.DictReader(io.StringIO(save(page, "Save CSV").decode()))] == ["50.0", "75.0"]

    page.reload()
    expect(first).to_have_text(["50.0", "1.2"])
    buttons.nth(0).click()
    expect(first).to_have_text(["50000", "1200"])
    notes = page.get_by_role("list", name="How it was read")
    expect(notes).to_contain_text("50,000 in column a, row 2, is read as 50000")
    preview(page, "2 cases")
    assert [row["a"] for row in csv.DictReader(io.StringIO(save(page, "Save CSV").decode()))] == ["50000", "75000"]
    choose_file(page, "Model file", DOUBLE)
    review(page)
    button(page, "Back to the design").click()

    choose_file(page, "Table of cases", "a\n5%\n7.5%\n", "porosity.csv")
    expect(page.get_by_role("alert").filter(has_text="What does the per cent sign mean?")).to_be_visible()
    button(page, "5% is 0.05").click()
    expect(understood(page).get_by_role("cell")).to_have_text(["0.05", "0.075"])
    expect(choice.get_by_role("button", pressed=True)).to_have_text(["point"])


def test_whole_numbers_of_64_bits_stay_exact_on_their_way_through_the_page(
    study: Launched, visits: Visits, binary: Path, tmp_path: Path
) -> None:
    seeds = ["12157665459056928801", "4611686018427387905", "4611686018427387906", "-9223372036854775808"]
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", "a\n" + "\n".join(seeds) + "\n", "seeds.csv")
    expect(understood(page).get_by_role("cell")).to_have_text(seeds)
    preview(page, "4 cases")
    rows = list(csv.DictReader(io.StringIO(save(page, "Save CSV").decode())))
    assert [row["a"] for row in rows] == seeds
    assert len({row["case_id"] for row in rows}) == 4
    saved = save(page, "Save JSON")
    assert [str(row[0]) for row in json.loads(saved)["table"]["rows"]] == seeds
    assert ids(in_order(binary, tmp_path, saved, DOUBLE)) == [row["case_id"] for row in rows]
    open_file(page, saved)
    preview(page, "4 cases")
    assert save(page, "Save JSON") == saved


def test_a_mark_that_does_not_fit_is_told_and_can_be_chosen_back(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", "a;b\n1.5;2.25\n", "cases.csv")
    choice = page.get_by_role("group", name="Decimal mark")
    expect(choice.get_by_role("button", pressed=True)).to_have_text(["point"])
    choice.get_by_role("button", name="comma").click()
    alert = page.get_by_role("alert").filter(has_text="cases.csv can't be used")
    expect(alert).to_contain_text("has a decimal point, and decimals of this file have a comma")
    choice.get_by_role("button", name="point").click()
    expect(understood(page).get_by_role("cell")).to_have_text(["1.5", "2.25"])
    expect(alert).to_have_count(0)


def test_a_design_is_known_in_each_encoding_wherever_it_is_dropped(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    design = json.dumps({
        "batch": "b", "model": {"file": "model.py", "kind": "python"}, "seed": 1,
        "factors": [{"name": "a", "minimum": 1.0, "maximum": 2.0}], "sampler": {"kind": "latin_hypercube", "cases": 4},
    })  # fmt: skip
    for encoding in ("utf-8-sig", "utf-16"):
        open_file(page, design.encode(encoding))
        preview(page, "4 cases")
        button(page, "A table of cases").click()
        preview(page, "Nothing to show yet")
    choose_file(page, "Table of cases", design, "design.json")
    expect(page.get_by_role("alert").filter(has_text="This is a design and no table of cases")).to_be_visible()
    choose_file(page, "Open a design file", TABLE, "study.json")
    expect(told(page, "no design file")).to_contain_text("a table of cases belongs below")
    choose_file(page, "Table of cases", TABLE, "study.json")
    expect(told(page, "no design file")).to_have_count(0)


def test_what_is_said_of_a_file_goes_with_the_next_thing_that_is_done(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    wrong = told(page, "notes.txt is no design file")

    def go_away_and_back() -> None:
        go_to(page, "Overview")
        go_to(page, "Design")

    deeds: list[Callable[[], None]] = [
        lambda: choose_file(page, "Model file", DOUBLE),
        lambda: text(page, "Name of factor 1").fill("a"),
        lambda: button(page, "Review and send …").click(),
        go_away_and_back,
    ]
    for do in deeds:
        for _ in range(2):
            choose_file(page, "Open a design file", "some notes", "notes.txt")
            expect(wrong).to_be_visible()
        do()
        expect(wrong).to_have_count(0)


def test_a_python_file_that_is_opened_is_the_model(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Open a design file", DOUBLE, "slope.PY")
    expect(told(page, "slope.PY is no design file, and was taken as the model.")).to_be_visible()
    expect(page.get_by_role("region", name="Model", exact=True)).to_contain_text("slope.PY")
    button(page, "Add the factor a").click()
    expect(told(page, "slope.PY is no design file")).to_have_count(0)


# Duration of the longest frame, in milliseconds, from the first call to the second.
WATCH_FRAMES = """() => {
    const seen = window.seenFrames = {longest: 0, count: 0, last: performance.now()};
    const look = now => {
        seen.longest = Math.max(seen.longest, now - seen.last);
        seen.last = now;
        seen.count += 1;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


def test_a_hundred_thousand_rows_do_not_freeze_the_page(study: Launched, visits: Visits, tmp_path: Path) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    rows = "".join(f"{number},{number * 0.37 % 1},{number * 0.73 % 1}\n" for number in range(100_000))
    # Content that isn't a file would be made one in the page, which takes a while.
    (tmp_path / "many.csv").write_text("a,b,c\n" + rows)
    page.evaluate(WATCH_FRAMES)
    page.get_by_label("Table of cases", exact=True).set_input_files(tmp_path / "many.csv")
    preview(page, "100,000 cases")
    page.get_by_text("Computing how evenly they lie").wait_for(state="hidden")
    seen = page.evaluate("seenFrames")
    assert seen["count"] > 10
    # A frame takes 16 ms, beside other tests a few hundred; reading the table in the page would take seconds.
    assert seen["longest"] < 1_000, seen
