"""For everybody: keyboard, screen readers, narrow windows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Launched
from design_page import (
    MAX_STEPS,
    PASTED,
    TABLE,
    A,
    Hands,
    button,
    choose_file,
    enter,
    filled,
    open_design,
    preview,
    sent,
    take_table,
    text,
    with_first_results,
    with_summary,
)
from playwright.sync_api import Page, expect
from small_models import DOUBLE
from studies import drain
from visit import Visits, check_accessible, has_no_overflow


def empty(page: Page) -> None:
    """Nobody has done anything."""


def with_errors(page: Page) -> None:
    """Mistakes wherever there can be one."""
    filled(page)
    enter(page, {"Minimum of a": "200", "Name of factor 2": "c c", "Constraint 1": "a =", "Cases": "x", "Seed": "x",
                 "Replicates": "x", "Batch": "b b", "Attempts per case": "0", "Time limit, minutes": "x"})  # fmt: skip
    button(page, "Review and send …").click()
    expect(page.get_by_role("alert").filter(has_text="things are wrong or missing above")).to_be_visible()


def with_a_wrong_table(page: Page) -> None:
    """Rows that are wrong."""
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", "a,b\n1,2\n3\n4,5\n6,7,8\n", "cases.csv")
    expect(page.get_by_role("alert").filter(has_text="cases.csv can't be used")).to_be_visible()


def with_a_table(page: Page) -> None:
    """A table that can be sent."""
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", TABLE, "cases.csv")
    preview(page, "3 cases")


def with_a_question(page: Page) -> None:
    """A table that may be meant in two ways."""
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", PASTED, "pasted.tsv")
    expect(page.get_by_role("alert").filter(has_text="Do decimals have a point or a comma?")).to_be_visible()


def with_notes(page: Page) -> None:
    """A table of which much has to be said."""
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    rows = "".join(f'{row};{row}.{row:03};clay;"[{row}.5, 2.0]";WAHR\n' for row in range(1, 9))
    content = 'level;a;soil;depths;drained\n0;−1.250,50;sand;"[1.5, 2.0]";FALSCH\n' + rows
    choose_file(page, "Table of cases", content, "boreholes.csv")
    preview(page, "9 cases")


def with_a_constraint(page: Page) -> None:
    """Half of the points are left out."""
    enter(page, {**A, "Add a constraint": "press", "Constraint 1": "a > 0.5"})
    expect(button(page, "Take 128 random ones")).to_be_visible()


STATES = [
    empty, filled, with_errors, with_a_table, with_a_wrong_table, with_a_question, with_notes, with_a_constraint,
    with_summary, with_first_results, sent,
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    study: Launched, launched: Launched, visits: Visits, state: Callable[[Page], None], scheme: str
) -> None:
    page = open_design(visits, launched if state in (with_first_results, sent) else study, color_scheme=scheme)
    state(page)
    check_accessible(page)
    for width in (1440, 1000, 800, 390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert has_no_overflow(page), width
        if folder := os.environ.get("CRUNCHER_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{state.__name__}-{scheme}-{width}.png", full_page=True)


FOUR_FACTORS = "result['load'] = {{cohesion}} * {{width}} + {{depth}} / {{stiffness}}\n"


def test_the_first_five_are_sent_by_keyboard_alone_in_a_few_steps(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    page.reload()
    preview(page, "Nothing to show yet")
    hands = Hands(page)
    hands.tab_to(page.get_by_role("link", name="Skip to content"))
    hands.press("Enter")
    hands.tab_to(button(page, "Skip to the model"))
    hands.press("Enter")
    hands.tab_to(page.get_by_label("Model file", exact=True))
    hands.choose(FOUR_FACTORS)
    hands.tab_to(button(page, "Add 4 factors"))
    hands.press("Enter")
    for name in ("cohesion", "width", "depth", "stiffness"):
        for field, value in {"Minimum": "1", "Maximum": "2"}.items():
            expect(text(page, f"{field} of {name}")).to_be_focused()
            hands.write(value)
            hands.press("Enter")
    expect(button(page, "Review and send …")).to_be_focused()
    preview(page, "64 cases")
    hands.press("Enter")
    expect(page.get_by_role("group", name="Summary")).to_be_focused()
    hands.tab_to(button(page, "Send 5 first, then decide"))
    hands.press("Enter")
    expect(page.get_by_role("list", name="The first cases").get_by_role("listitem")).to_have_count(5)
    assert len(drain(launched)) == 5
    assert hands.steps <= MAX_STEPS, hands.steps


def test_the_parts_of_the_page_are_landmarks_that_can_be_skipped_to(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    parts = {"model": "Model", "points": "Points", "preview": "Nothing to show yet", "sending": "Send"}
    for words, name in parts.items():
        part = page.get_by_role("region", name=name, exact=True)
        button(page, f"Skip to the {words}".replace("the sending", "sending")).press("Enter")
        expect(part).to_be_focused()
    expect(page.get_by_role("navigation", name="Parts of the design")).to_have_count(1)
