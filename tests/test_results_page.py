"""The Results page, as its users see it: a generated study in Chromium; the bucket's documents say what is true."""

from __future__ import annotations

import itertools
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from command_line import CommandLine, Launched
from generate import Extent, generate_into
from legacy_bucket import GOLDEN, upload
from odd_results import Ended, write_ended
from playwright.sync_api import Page, expect
from results_page import (
    Filled,
    drag,
    ends,
    fragment,
    open_results,
    plot,
    save,
    selected,
    selection,
    summary,
    wait_for_address,
    wait_for_address_without,
)
from studies import documents, link
from visit import Visits, check_accessible, go_to, go_to_all, has_no_overflow, progress, requests_of, wait_until

EXTENT = Extent(cases=600, batches=2, workers=4, failed=0.02, without_response=0.06)
FACTOR, RESPONSE = "cohesion_array[0]", "end_load"


# ---- Fixtures ----


@pytest.fixture(scope="module")
def filled(cruncher: CommandLine) -> Filled:
    """A small study: the page could read it alone."""
    launched = cruncher.launch()
    made = generate_into(launched, EXTENT)
    return Filled(launched, made, documents(cruncher.cloud.client("s3"), launched.bucket, "done-"))


@pytest.fixture(scope="module")
def forgotten(cruncher: CommandLine) -> Launched:
    """A study whose first cases lack the length of a vector, and failed."""
    launched = cruncher.launch()
    numbers = np.random.default_rng(11)
    ended = [
        Ended({"load": 1.0 * load, "cohesion": 10.0 + load}, error=("ValueError", "no layers")) for load in range(5)
    ]
    for load, *cohesion in numbers.uniform(0, 1, (40, 4)).tolist():
        ended.append(Ended({"load": load, "cohesion": cohesion}, {"safety": 1 + 0.8 * load + 0.3 * cohesion[1]}))
    write_ended(launched, ended)
    return launched


@pytest.fixture(scope="module")
def empty(cruncher: CommandLine) -> Launched:
    """A study without any case."""
    return cruncher.launch()


# ---- Tests ----


def test_results_are_loaded_when_they_are_shown_and_are_all_there(filled: Filled, visits: Visits) -> None:
    page = visits.person().new_page()
    sent = requests_of(page)
    page.goto(link(filled.launched))
    go_to_all(page, "Overview")
    expect(progress(page)).to_contain_text(f"{filled.made.done} of 600 done")
    page.wait_for_load_state("networkidle")
    assert [request for request in sent if "explorer" in request] == []
    go_to(page, "Results")
    main = page.get_by_role("main")
    expect(main).to_contain_text(f"{filled.made.done} of 600 cases have a result · {filled.made.failed} failed")
    expect(page.get_by_text("Loading the results page")).to_have_count(0)
    page.get_by_label("Response", exact=True).select_option(label="settlement")
    missing = int(np.isnan(filled.column("settlement")).sum()) + filled.made.failed
    assert missing > filled.made.failed
    expect(plot(page, "Scatter plot")).to_have_attribute(
        "aria-label", re.compile(rf"^{600 - missing} of 600 cases: settlement .* {missing} without a value$")
    )


def test_a_rectangle_selects_the_same_cases_in_all_plots_and_the_address(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    drag(page, "Scatter plot", (0.4, 0.2), (0.8, 0.7))
    right, up = ends(page, FACTOR), ends(page, RESPONSE)
    x, y = filled.column(FACTOR), filled.column(RESPONSE)
    expected = int(((right[0] <= x) & (x <= right[1]) & (up[0] <= y) & (y <= up[1])).sum())
    assert 20 < expected < 500
    assert selected(page) == expected
    expect(plot(page, "Histogram")).to_have_attribute("aria-label", re.compile(f"{expected} selected"))
    expect(plot(page, "Correlations")).to_have_attribute("aria-label", re.compile(rf"\({expected} cases\)"))

    address = wait_for_address(page, "select=")
    page.reload()
    expect(selection(page)).to_contain_text(f"{expected} of 600 selected")
    assert fragment(page) == address

    drag(page, "Histogram", (0.3, 0.5), (0.5, 0.5))
    assert selected(page) < expected, "both hold"
    selection(page).get_by_role("button", name=f"Take {FACTOR} out of the selection").click()
    up = ends(page, RESPONSE)
    assert selected(page) == int(((up[0] <= y) & (y <= up[1])).sum())
    selection(page).get_by_role("button", name="Select all").click()
    wait_for_address_without(page, "select=")


@pytest.mark.parametrize("width", [1440, 390, 360])
def test_what_is_chosen_is_read_to_its_end(filled: Filled, visits: Visits, width: int) -> None:
    page = open_results(visits, filled.launched, viewport={"width": width, "height": 900})
    page.get_by_label("Second factor", exact=True).select_option("factor.cohesion_array[1]")
    for name in ("Response", "Factor", "Second factor", "Colour"):
        chosen = page.get_by_label(name, exact=True)
        # The arrow of a list takes no more than 20 px.
        fits = chosen.evaluate(
            """list => {
                const style = getComputedStyle(list), pen = document.createElement("canvas").getContext("2d");
                pen.font = style.font;
                const room = list.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 20;
                return [pen.measureText(list.selectedOptions[0].text).width, room];
            }"""
        )
        assert fits[0] <= fits[1], (name, fits)


def test_a_range_is_typed_and_a_selection_has_a_name(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    drag(page, "Histogram", (0.3, 0.5), (0.6, 0.5))
    y = filled.column(RESPONSE)
    least = float(np.nanmedian(y))
    selection(page).get_by_label(f"Least {RESPONSE}", exact=True).fill(str(round(least)))
    selection(page).get_by_label(f"Most {RESPONSE}", exact=True).fill("")
    page.keyboard.press("Tab")
    expect(selection(page).get_by_role("status")).to_contain_text(f"{int((y >= round(least)).sum())} of")
    selection(page).get_by_label("Name of the selection").fill("strong & stiff")
    page.keyboard.press("Tab")
    wait_for_address(page, "name=strong%20%26%20stiff")
    page.reload()
    expect(selection(page).get_by_label("Name of the selection")).to_have_value("strong & stiff")


def test_a_copied_link_has_what_was_typed_just_before(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched, permissions=["clipboard-read", "clipboard-write"])
    drag(page, "Histogram", (0.3, 0.5), (0.6, 0.5))
    for name in ("strong", "weak"):
        selection(page).get_by_label("Name of the selection").fill(name)
        page.get_by_role("button", name="Copy link").click()
        page.wait_for_function(f"async () => (await navigator.clipboard.readText()).includes('name={name}')")
    # The address goes on to follow the view.
    selection(page).get_by_role("button", name="Select all").click()
    page.wait_for_function("() => !location.hash.includes('name=')")


def test_axes_are_chosen_scaled_zoomed_and_moved_by_keyboard(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    page.get_by_label("Response", exact=True).select_option(label="settlement")
    page.get_by_label("Factor", exact=True).select_option(label="friction, °")
    scatter = plot(page, "Scatter plot")
    expect(scatter).to_have_attribute("aria-label", re.compile("settlement .* against friction from .* °"))
    expect(page.get_by_role("heading", name="settlement against friction")).to_be_visible()
    page.get_by_role("button", name="Logarithmic axis for settlement").click()
    wait_for_address(page, "log=response.settlement")
    scatter.focus()
    before = summary(page, "Scatter plot")
    for key in ("+", "+", "+", "ArrowRight"):
        page.keyboard.press(key)
    expect(scatter).to_have_attribute("aria-label", re.compile("outside"))
    wait_for_address(page, "zoom=")
    page.reload()
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", re.compile("outside"))
    plot(page, "Scatter plot").focus()
    page.keyboard.press("0")
    expect(scatter).to_have_attribute("aria-label", before)
    wait_for_address_without(page, "zoom=")


def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    scatter = plot(page, "Scatter plot")
    scatter.focus()
    scatter.hover()
    page.mouse.wheel(0, 200)
    wait_until(page, "the page scrolls", lambda: bool(page.evaluate("scrollY > 0")))
    expect(page.get_by_text("Ctrl and the wheel zoom", exact=True)).to_be_visible()
    assert "zoom=" not in fragment(page)
    scatter.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    wait_for_address(page, "zoom=")


def test_zoom_has_buttons_and_says_that_it_is(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    whole = page.get_by_role("button", name="Zoomed · show all")
    # Units come after the first drawing.
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", re.compile(" Pa "))
    everything = summary(page, "Scatter plot")
    expect(whole).to_have_count(0)
    page.get_by_role("button", name="Zoom into the scatter plot").click()
    expect(whole).to_be_visible()
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", re.compile("outside"))
    whole.click()
    expect(whole).to_have_count(0)
    expect(plot(page, "Scatter plot")).to_be_focused()
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", everything)
    wait_for_address_without(page, "zoom=")


def test_a_double_click_ends_the_zoom_and_leaves_the_selection(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    drag(page, "Scatter plot", (0.4, 0.2), (0.8, 0.7))
    count = selected(page)
    page.get_by_role("button", name="Zoom into the scatter plot").click()
    whole = page.get_by_role("button", name="Zoomed · show all")
    expect(whole).to_be_visible()
    box = plot(page, "Scatter plot").bounding_box()
    assert box is not None
    plot(page, "Scatter plot").dblclick(position={"x": 0.9 * box["width"], "y": 0.9 * box["height"]})
    expect(whole).to_have_count(0)
    assert selected(page) == count
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_click_on_empty_ground_leaves_the_selection(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    drag(page, "Scatter plot", (0.4, 0.2), (0.8, 0.7))
    count = selected(page)
    box = plot(page, "Scatter plot").bounding_box()
    assert box is not None
    plot(page, "Scatter plot").click(position={"x": 0.98 * box["width"], "y": 2})
    # A press of a plot that zooms waits whether it becomes a double one: what follows it is later.
    page.get_by_role("button", name="Zoom into the scatter plot").click()
    wait_for_address(page, "zoom=")
    page.wait_for_function("new Promise(done => setTimeout(() => done(true), 350))")
    assert selected(page) == count
    plot(page, "Scatter plot").press("Escape")
    expect(selection(page)).to_contain_text("Drag in a plot")


def test_a_range_is_added_without_a_pointer(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    selection(page).get_by_role("button", name=f"Add a range of {RESPONSE}", exact=True).press("Enter")
    least = selection(page).get_by_label(f"Least {RESPONSE}", exact=True)
    expect(least).to_be_focused()
    y = filled.column(RESPONSE)
    assert selected(page) == int(np.isfinite(y).sum())
    page.keyboard.type(str(round(float(np.nanmedian(y)))))
    page.keyboard.press("Tab")
    expect(selection(page)).to_contain_text(f"{int((y >= round(float(np.nanmedian(y)))).sum())} of 600 selected")
    expect(selection(page).get_by_role("button", name=f"Add a range of {RESPONSE}", exact=True)).to_have_count(0)
    selection(page).get_by_role("button", name=f"Add a range of {FACTOR}", exact=True).press("Enter")
    expect(selection(page).get_by_label(f"Least {FACTOR}", exact=True)).to_be_focused()


def test_sorting_shows_the_first_case_and_arrow_down_leads_to_it(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    grid = page.get_by_role("grid", name="Cases")
    grid.scroll_into_view_if_needed()
    grid.focus()
    page.keyboard.press("End")
    wait_until(page, "the end", lambda: grid.evaluate("grid => grid.scrollTop") > 1_000)
    name = grid.get_by_role("columnheader", name=re.compile(f"^{RESPONSE}")).get_by_role("button")
    name.press("Enter")
    wait_until(page, "the top", lambda: grid.evaluate("grid => grid.scrollTop") == 0)
    name.press("ArrowDown")
    expect(grid).to_be_focused()
    assert grid.evaluate("grid => grid.scrollTop") == 0
    page.keyboard.press("Enter")
    lowest = min(filled.done, key=lambda document: float(document["result"].get(RESPONSE) or np.inf))
    expect(page.get_by_role("dialog")).to_contain_text(lowest["case_id"])


def test_correlations_are_those_of_numpy_on_incomplete_data(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    page.get_by_label("Response", exact=True).select_option(label="settlement")
    expect(plot(page, "Correlations")).to_have_attribute("aria-label", re.compile("settlement with .*Pearson"))
    said = summary(page, "Correlations")
    assert said.endswith("Without soil: texts have no order")
    y = filled.column("settlement")
    assert np.isnan(y).any()
    for name in (FACTOR, "friction", "width"):
        x = filled.column(name)
        both = ~np.isnan(x) & ~np.isnan(y)
        pearson = np.corrcoef(x[both], y[both])[0, 1]
        ranks = [values[both].argsort().argsort() for values in (x, y)]
        spearman = np.corrcoef(*ranks)[0, 1]
        found = re.search(rf"{re.escape(name)}: Pearson (\S+), Spearman (\S+) \((\d+) cases\)", said)
        assert found is not None, said
        assert [float(text.replace("−", "-")) for text in found.groups()] == pytest.approx(
            [pearson, spearman, both.sum()], abs=0.0051
        )
    shares = page.get_by_role("listitem").filter(has_text=re.compile(r"\d %$"))
    expect(shares.first).to_contain_text("width")


def lines_of_shares(page: Page) -> dict[str, str]:
    """The figure of each factor in the list of shares."""
    lines = page.locator(".shares__one:visible").all_inner_texts()
    return dict(line.split("\n") for line in lines)


def test_a_column_that_only_failed_cases_have_is_no_axis(forgotten: Launched, visits: Visits) -> None:
    page = open_results(visits, forgotten)
    factors = ["cohesion[0]", "cohesion[1]", "cohesion[2]", "load"]
    expect(plot(page, "Correlations")).to_have_attribute("aria-label", re.compile("safety with .*load: Pearson"))
    said = summary(page, "Correlations")
    assert sorted(re.findall(r"([\w\[\]]+): Pearson", said)) == factors
    assert "oo few" not in said
    for name in ("Parallel coordinates", "Scatter matrix"):
        plot(page, name).scroll_into_view_if_needed()
        expect(plot(page, name)).to_have_attribute("aria-label", re.compile("load"))
    assert "cohesion," not in summary(page, "Parallel coordinates")
    assert "5 without a value" in summary(page, "Parallel coordinates"), "the failed cases alone"
    importance = page.locator(".importance").last
    expect(importance).to_contain_text("From 40 cases; 5 without a value left out.")
    expect(importance).not_to_contain_text("oo few")
    assert sorted(lines_of_shares(page)) == factors
    assert lines_of_shares(page)["load"].endswith(" %")

    # Who asks for it gets it.
    page.get_by_label("Factor", exact=True).select_option("factor.cohesion")
    expect(page.get_by_role("heading", name="safety against cohesion")).to_be_visible()


def test_what_stands_out_beside_is_not_faint_here(forgotten: Launched, visits: Visits) -> None:
    page = open_results(visits, forgotten)
    load = page.locator(".shares__one").filter(has_text="load")
    expect(load.locator(".shares__figure")).to_have_text(re.compile(r"^\d+–\d+ %$"))
    expect(load.locator(".shares__bar")).not_to_have_class(re.compile("chance"))
    expect(load.locator(".shares__range")).to_have_count(1)
    low, high = (int(text) for text in re.findall(r"\d+", load.locator(".shares__figure").inner_text()))
    assert 30 < low < high <= 100
    check_accessible(page)


def test_a_drag_beyond_the_outermost_case_leaves_that_side_open(forgotten: Launched, visits: Visits) -> None:
    page = open_results(visits, forgotten)
    drag(page, "Histogram", (0.5, 0.5), (0.995, 0.5))
    least, most = ends(page, "safety")
    assert np.isfinite(least) and most == np.inf
    expect(selection(page).get_by_label("Most safety", exact=True)).to_have_attribute("placeholder", "no limit")
    address = wait_for_address(page, "select=response.safety:")
    assert re.search(r"select=response\.safety:[\d.]+\.\.(&|$)", address)
    above = selected(page)
    page.reload()
    expect(selection(page)).to_contain_text(f"{above} of 45 selected")
    field = selection(page).get_by_label("Most safety", exact=True)
    field.fill("1.5")
    field.press("Tab")
    wait_for_address(page, "..1.5")
    field.fill("")
    field.press("Tab")
    expect(selection(page)).to_contain_text(f"{above} of 45 selected")
    drag(page, "Histogram", (0.4, 0.5), (0.5, 0.5))
    assert all(np.isfinite(ends(page, "safety")))


def test_the_choices_stay_in_another_batch(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    page.get_by_label("Response", exact=True).select_option(label="settlement")
    page.get_by_label("Batch").select_option(filled.made.batches[0])
    expect(page.locator(".results__top")).not_to_contain_text("of 600")
    expect(plot(page, "Histogram")).to_have_attribute("aria-label", re.compile("settlement"))
    wait_until(
        page, "both", lambda: {"batch=", "y=response.settlement"} <= set(re.findall(r"batch=|y=[\w.]+", fragment(page)))
    )


def test_what_was_read_is_not_read_again(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    sent = requests_of(page)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text(f"{filled.made.done} of 600 cases have a result")
    assert [request for request in sent if "/segment-" in request] == []


def test_a_study_of_more_than_one_page_of_documents_is_read_beside_the_page(
    cruncher: CommandLine, visits: Visits
) -> None:
    study = cruncher.launch()
    made = generate_into(study, Extent(cases=1_500, batches=2, levels=2, queued=0.1, failed=0.01))
    page = visits.person().new_page()
    sent = requests_of(page)
    for _ in range(2):
        page.goto(link(study))
        go_to_all(page, "Overview")
        expect(progress(page)).to_contain_text(f"{made.done:,} of 1,500 done")
        expect(page.get_by_role("main")).to_contain_text(re.compile("3 groups|ValueError"))
        segments = [request for request in sent if "/segment-" in request]
        assert len(segments) == made.segments, "each is read once, whoever reads it"
        page.goto("about:blank")


def test_a_reader_that_does_not_come_is_told_of_and_tried_again(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    made = generate_into(study, Extent(cases=1_200))
    visits.expected += ["ERR_FAILED", "Failed to fetch"]
    page = visits.person().new_page()
    pattern = re.compile(r"/cruncher-explorer_bg\.wasm")
    page.route(pattern, lambda route: route.abort())
    page.goto(link(study))
    expect(page.get_by_role("alert").filter(has_text="The page's worker ended.")).to_be_visible()
    page.unroute(pattern)
    page.get_by_role("button", name="no answer").click()
    expect(progress(page)).to_contain_text(f"{made.done:,} of 1,200 done")


def test_a_study_without_results_says_so(empty: Launched, visits: Visits) -> None:
    page = visits.open(link(empty))
    go_to(page, "Results")
    expect(page.get_by_role("heading", name="No results yet")).to_be_visible()


def test_a_viewer_sees_the_same(filled: Filled, visits: Visits) -> None:
    page = visits.open(link(filled.launched, "viewer"))
    go_to_all(page, "Results")
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", re.compile("of 600 cases"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(filled: Filled, visits: Visits, scheme: str) -> None:
    page = open_results(visits, filled.launched, color_scheme=scheme)
    drag(page, "Scatter plot", (0.4, 0.2), (0.8, 0.7))
    check_accessible(page)
    for width in (1440, 390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert has_no_overflow(page), width


def test_every_plot_says_what_it_shows(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    names = [
        "Scatter plot",
        "Histogram",
        "Correlations",
        "Parallel coordinates",
        "Contour",
        "Scatter matrix",
        "Timeline",
    ]
    for name, words in itertools.zip_longest(
        names, [FACTOR, RESPONSE, "Pearson", "soil", "means of", "by", "4 workers"]
    ):
        plot(page, name).scroll_into_view_if_needed()
        expect(plot(page, name)).to_have_attribute("aria-label", re.compile(re.escape(words)))


def test_what_is_selected_is_downloaded_and_read_by_numpy_and_pandas(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    drag(page, "Histogram", (0.3, 0.5), (0.7, 0.5))
    count = selected(page)
    up = ends(page, RESPONSE)
    page.locator("summary", has_text="Download").click()
    cases = pd.read_csv(save(page, page.get_by_role("button", name="Table, CSV")), dtype={"case_id": str})
    assert "friction [°]" in cases.columns
    assert cases["start_time"].str.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}Z").all()
    page.get_by_label("names of factors without their units").check()
    page.get_by_label("times in seconds since 1970").check()
    plain = pd.read_csv(save(page, page.get_by_role("button", name="Table, CSV")), dtype={"case_id": str})
    assert "friction" in plain.columns
    times = pd.to_datetime(cases["start_time"], format="ISO8601") - pd.Timestamp(0, tz="UTC")
    assert np.allclose(times.dt.total_seconds(), plain["start_time"], rtol=0, atol=1e-3)
    cases = plain
    assert len(cases) == count
    assert cases[RESPONSE].between(*up).all()
    by_id = {document["case_id"]: document for document in filled.done}
    assert all(
        by_id[case]["result"][RESPONSE] == load for case, load in zip(cases["case_id"], cases[RESPONSE], strict=True)
    )
    factors = np.load(save(page, page.get_by_role("button", name="X: factors, NPY")))
    assert factors.shape[0] == count
    assert np.array_equal(factors[:, 0], cases[FACTOR].to_numpy())
    archive = zipfile.ZipFile(save(page, page.get_by_role("button", name="Everything, ZIP")))
    assert archive.testzip() is None
    names = {name.rsplit("/", 1)[-1] for name in archive.namelist()}
    assert {"cases.csv", "X.npy", "Y.npy", "case_ids.txt"} <= names


def test_a_plot_is_saved_as_picture_and_as_drawing(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    picture = save(page, page.get_by_role("button", name="Save the scatter plot as PNG")).read_bytes()
    assert picture.startswith(b"\x89PNG")
    drawing = save(page, page.get_by_role("button", name="Save the scatter plot as SVG")).read_text()
    assert "<svg" in drawing
    assert "data:image/png;base64," in drawing
    assert RESPONSE in drawing


def test_the_table_shows_the_selection_sorts_and_opens_a_case(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    drag(page, "Histogram", (0.3, 0.5), (0.6, 0.5))
    grid = page.get_by_role("grid", name="Cases")
    expect(grid).to_have_attribute("aria-rowcount", str(selected(page) + 1))
    grid.scroll_into_view_if_needed()
    header = grid.get_by_role("columnheader", name=re.compile(f"^{RESPONSE}"))
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    up = ends(page, RESPONSE)
    inside = sorted(
        (document for document in filled.done if up[0] <= document["result"][RESPONSE] <= up[1]),
        key=lambda document: float(document["result"][RESPONSE]),
    )
    first = grid.get_by_role("row").nth(1)
    expect(first).to_contain_text(inside[0]["case_id"][:8])
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    case = page.get_by_role("dialog")
    expect(case).to_contain_text("20 load steps")
    check_accessible(page)
    page.keyboard.press("Escape")
    expect(case).to_have_count(0)
    expect(grid).to_be_focused()


def test_escape_closes_the_open_case_from_anywhere_and_menus_before_it(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    drag(page, "Scatter plot", (0.1, 0.1), (0.9, 0.9))
    count = selected(page)
    page.get_by_role("grid", name="Cases").get_by_role("row").nth(1).click()
    case = page.get_by_role("dialog")
    expect(case).to_be_visible()
    menu = page.locator("summary", has_text="Download")
    menu.press("Enter")
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(case).to_be_visible()
    plot(page, "Scatter plot").press("Escape")
    expect(case).to_have_count(0)
    assert selected(page) == count
    plot(page, "Scatter plot").press("Escape")
    expect(selection(page)).to_contain_text("Drag in a plot")


def test_a_failed_case_shows_its_traceback(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    grid = page.get_by_role("grid", name="Cases")
    grid.get_by_role("columnheader", name=re.compile("^state")).get_by_role("button").click()
    grid.get_by_role("columnheader", name=re.compile("^state")).get_by_role("button").click()
    grid.get_by_role("row").filter(has_text="failed").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Traceback")


def test_a_study_of_results_that_are_too_large_does_not_say_that_they_have_no_curves(
    cruncher: CommandLine, visits: Visits
) -> None:
    study = cruncher.launch()
    write_ended(study, [Ended({"c": number}, {"load": number}, blank_bytes=9 << 20) for number in range(2)])
    page = open_results(visits, study)
    page.get_by_role("button", name="Read curves").click()
    expect(page.locator(".curves")).to_contain_text("2 results are too large to be read here (over 8 MiB)")
    expect(page.locator(".curves")).not_to_contain_text("no curves")


def test_cases_of_the_predecessor_open_and_their_curves_are_read(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    upload(study, GOLDEN)
    # They are looked for where they may lie.
    visits.expected.append("status of 404")
    page = open_results(visits, study)
    rows = page.get_by_role("grid", name="Cases").get_by_role("row")
    case = page.get_by_role("dialog")
    for row, said in [
        ("level-4", "on DESKTOP-1_nt_90"),
        ("00000001", "Document as stored"),
        ("failed", "ValueError: negative cohesion: -1.0"),
    ]:
        rows.filter(has_text=row).first.click()
        expect(case).to_contain_text(said)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Read curves").click()
    expect(plot(page, "Curves")).to_be_visible()
    expect(page.locator(".curves")).not_to_contain_text("can't be read")


def test_curves_are_read_when_they_are_asked_for(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    sent = requests_of(page)
    page.get_by_role("button", name="Read curves").click()
    expect(plot(page, "Curves")).to_have_attribute("aria-label", re.compile("500 .*curves|of 500"), timeout=40_000)
    read = [request for request in sent if "/done-" in request]
    assert len(read) == 500
    page.get_by_role("button", name=re.compile(r"Read \d+ more")).click()
    wait_until(page, "all", lambda: len([request for request in sent if "/done-" in request]) == filled.made.done)


def test_curves_have_the_colour_that_is_chosen(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    page.get_by_role("button", name="Read curves").click()
    curves = plot(page, "Curves")
    expect(curves).to_have_attribute("aria-label", re.compile("^500 of 500 curves"), timeout=40_000)
    page.get_by_label("Colour", exact=True).select_option("factor.soil")
    expect(curves).to_have_attribute("aria-label", re.compile("; coloured by soil"))


def test_curves_are_brushed_zoomed_and_moved(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched)
    sent = requests_of(page)
    page.get_by_role("button", name="Read curves").click()
    curves = plot(page, "Curves")
    expect(curves).to_have_attribute("aria-label", re.compile("^500 of 500 curves"), timeout=40_000)
    everything = summary(page, "Curves")
    read = {found[1] for found in (re.search(r"/done-([0-9a-f]{32})", request) for request in sent) if found}
    highest = {
        document["case_id"]: max(document["result"]["curve"]["load_pa"])
        for document in filled.done
        if document["case_id"] in read
    }

    # From the left edge to the right one: whatever reaches that high.
    drag(page, "Curves", (0.01, 0.5), (0.99, 0.01))
    wait_for_address(page, "select=case.case_id:")

    def chosen_cases() -> set[str]:
        return set(re.findall(r"[0-9a-f]{32}", fragment(page)))

    # The address follows a moment after the plot: until both say the same, of the whole rectangle.
    wait_until(page, "the cases that were drawn over", lambda: len(chosen_cases()) == selected(page))
    chosen = chosen_cases()
    assert 10 < len(chosen) < 400
    assert min(highest[case] for case in chosen) > max(highest[case] for case in highest.keys() - chosen)
    expect(selection(page)).to_contain_text(f"{len(chosen)} chosen cases")
    unread = f"{filled.made.done - 500} cases can't be chosen here, their curves weren't read"
    expect(page.get_by_text(unread)).to_be_visible()
    expect(page.get_by_role("grid", name="Cases")).to_have_attribute("aria-rowcount", str(len(chosen) + 1))

    curves.focus()
    for key in ("+", "+", "+", "ArrowUp"):
        page.keyboard.press(key)
    expect(curves).to_have_attribute("aria-label", re.compile("outside of what is shown"))
    assert selected(page) == len(chosen)
    page.keyboard.press("Escape")
    expect(selection(page)).to_contain_text("Drag in a plot")
    page.keyboard.press("0")
    expect(curves).to_have_attribute("aria-label", everything)
    curves.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    expect(curves).not_to_have_attribute("aria-label", everything)
    curves.dblclick(position={"x": 200, "y": 20})
    expect(curves).to_have_attribute("aria-label", everything)


def test_all_factors_are_shown_or_counted_and_can_be_chosen(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched, viewport={"width": 390, "height": 900})
    lines = plot(page, "Parallel coordinates")
    lines.scroll_into_view_if_needed()
    expect(page.get_by_role("heading", name=re.compile("5 of 9 factors at once$"))).to_be_visible()
    pairs = page.get_by_role("heading", name=re.compile("[0-9] of 9 factors each against each, the first ones$"))
    plot(page, "Scatter matrix").scroll_into_view_if_needed()
    expect(pairs).to_be_visible()
    lines.scroll_into_view_if_needed()
    expect(lines).to_have_attribute("aria-label", re.compile("cohesion_array.*depth"))
    page.get_by_text("Choose factors").click()
    for name in ("depth", "width"):
        page.get_by_role("checkbox", name=name).click()
    expect(page.get_by_role("checkbox", name="width")).to_be_checked()
    expect(lines).to_have_attribute("aria-label", re.compile("cohesion_array.*width"))
    assert "depth" not in summary(page, "Parallel coordinates")
    expect(page.get_by_role("heading", name=re.compile("each against each, as chosen above$"))).to_be_attached()
    wait_for_address(page, "axis=factor.width")
    page.reload()
    lines.scroll_into_view_if_needed()
    expect(lines).to_have_attribute("aria-label", re.compile("cohesion_array.*width"))
    wide = open_results(visits, filled.launched, viewport={"width": 1440, "height": 900})
    plot(wide, "Parallel coordinates").scroll_into_view_if_needed()
    expect(plot(wide, "Parallel coordinates")).to_have_attribute("aria-label", re.compile("depth.*soil.*width"))
    expect(wide.get_by_role("heading", name="Parallel coordinates · all factors at once")).to_be_visible()


def is_drawn(page: Page, name: str) -> bool:
    """Whether there is something on a plot."""
    # By a copy that is made for being read: a browser warns of others.
    look = """canvas => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0);
        return copy.getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
    }"""
    return bool(plot(page, name).evaluate(look))


def test_plots_become_dark_with_the_system(filled: Filled, visits: Visits) -> None:
    drawn = "canvas => canvas.toDataURL()"
    dark = open_results(visits, filled.launched, color_scheme="dark")
    page = open_results(visits, filled.launched, color_scheme="light")
    expected = plot(dark, "Scatter plot").evaluate(drawn)
    assert plot(page, "Scatter plot").evaluate(drawn) != expected
    page.emulate_media(color_scheme="dark")
    wait_until(page, "it is drawn anew", lambda: plot(page, "Scatter plot").evaluate(drawn) == expected)


def test_what_was_out_of_sight_is_drawn_when_the_window_grows_or_is_printed(filled: Filled, visits: Visits) -> None:
    page = open_results(visits, filled.launched, viewport={"width": 1280, "height": 700})
    assert not is_drawn(page, "Timeline")
    page.pdf()
    assert is_drawn(page, "Timeline")
    page = open_results(visits, filled.launched, viewport={"width": 1280, "height": 700})
    assert not is_drawn(page, "Timeline")
    page.set_viewport_size({"width": 1280, "height": 4000})
    wait_until(page, "it is drawn", lambda: is_drawn(page, "Timeline"))
