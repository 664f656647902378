"""The pages Cases and Errors: every case in its state, filtered, sent again and called off by an operator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from attached import attach
from command_line import CommandLine, Launched, wait_for
from enqueue import Parameters, enqueue
from playwright.sync_api import Locator, Page, expect
from studies import documents, line_of, link, messages, queue_of, wait_for_end
from visit import Visits, check_accessible, go_to, has_no_overflow

FACTORS = [{"name": "number"}, {"name": "soil"}, {"name": "gate"}]

MODEL = """\
import os, time
if {{soil}} == 'sand' and not os.path.exists({{gate}}):
    raise KeyError('sand')
if {{soil}} == 'rock' and not os.path.exists({{gate}}):
    raise ValueError('too hard')
while {{soil}} == 'slow' and not os.path.exists({{gate}}):
    time.sleep(0.02)
result['double'] = 2 * {{number}}
"""


@pytest.fixture
def study(cruncher: CommandLine) -> Launched:
    """A fresh study."""
    return cruncher.launch()


# It leaves a file, and fails for sand as long as the gate is closed.
MODEL_WITH_FILES = """\
import os
os.makedirs('outputs', exist_ok=True)
open('outputs/curve.csv', 'w').write('1,2')
print('reached ' + {{soil}})
if {{soil}} == 'sand' and not os.path.exists({{gate}}):
    raise KeyError('sand')
result['double'] = 2 * {{number}}
"""


def send(study: Launched, gate: Path, soils: list[str], batch: str = "b", model: str = MODEL) -> list[str]:
    """One case for each of these soils, with one attempt."""
    cases: list[Parameters] = [{"number": number, "soil": soil, "gate": str(gate)} for number, soil in enumerate(soils)]
    return enqueue(queue_of(study), batch, model, {1: cases}, max_attempts=1, factors=FACTORS)


def table(page: Page) -> Locator:
    """The table of the cases."""
    return page.get_by_role("grid", name="Cases")


def rows(page: Page) -> Locator:
    """Its rows of cases."""
    return table(page).get_by_role("row").filter(has=page.get_by_role("gridcell"))


def type_filter(page: Page, text: str) -> None:
    """Types into the field of the filter."""
    page.get_by_role("combobox", name="Filter").or_(page.get_by_role("searchbox", name="Filter")).fill(text)


def test_every_case_stands_there_in_its_state_and_is_found_by_the_filter(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    ids = send(study, tmp_path / "gate", ["clay", "sand", "slow", "clay", "sand"])
    page = visits.open(link(study))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(5)
    expect(page.get_by_role("group", name="States")).to_have_text(re.compile(r"^○ queued 5$"))
    expect(table(page)).to_contain_text("slow")
    with attach(line_of(study)) as worker:
        wait_for(lambda: worker.output.count("attempt 1 of") + worker.output.count("taken") >= 1)
        states = page.get_by_role("group", name="States")
        expect(states.get_by_role("button", name=re.compile("running 1"))).to_be_visible()
        expect(states.get_by_role("button", name=re.compile("queued 2"))).to_be_visible()
        (tmp_path / "gate").touch()
        expect(states.get_by_role("button", name=re.compile("done 4"))).to_be_visible()
    expect(states.get_by_role("button", name=re.compile("failed 1"))).to_be_visible()
    type_filter(page, "state:done number > 1")
    expect(rows(page)).to_have_count(3)
    expect(page).to_have_url(re.compile(r"select=case\.state:done"))
    type_filter(page, f"case:{ids[1][:6]}")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("KeyError: 'sand'")
    type_filter(page, "state:done soill:clay")
    expect(page.get_by_text("At “soill”: there is no column `soill`; there is `soil`.")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    type_filter(page, "clay")
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"select=\*:clay"))
    page.reload()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Show all").click()
    expect(rows(page)).to_have_count(5)
    rows(page).filter(has_text=ids[1][:8]).click()
    case = page.get_by_role("dialog")
    expect(case.get_by_role("region", name="Traceback")).to_contain_text("KeyError: 'sand'")
    expect(page).to_have_url(re.compile(f"case={ids[1]}"))


def test_a_group_of_failures_is_sent_again_and_nothing_else(study: Launched, visits: Visits, tmp_path: Path) -> None:
    send(study, tmp_path / "gate", ["clay", "sand", "rock", "sand"])
    queue = queue_of(study)
    with attach(line_of(study)) as worker:
        wait_for_end(study, done=1, errors=3)
        (tmp_path / "gate").touch()
        page = visits.open(link(study))
        go_to(page, "Errors")
        page.get_by_role("link", name=re.compile("KeyError")).click()
        page.get_by_role("button", name="Retry 2 cases").click()
        expect(page.get_by_role("status").filter(has_text="2 cases to be sent again in")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("button", name="Retry 2 cases")).to_be_enabled()
        page.get_by_role("button", name="Retry 2 cases").click()
        page.get_by_role("button", name="Do it now").click()
        wait_for(lambda: len(documents(queue.s3, study.bucket, "done-")) == 3)
        expect(page.get_by_role("heading", name="Errors")).to_contain_text("1 case in 1 group")
        wait_for(lambda: messages(queue.sqs, queue.queue_url) == (0, 0))
        assert worker.output.count("ValueError: too hard") == 1
    go_to(page, "Cases")
    expect(page.get_by_role("group", name="States")).to_have_text(re.compile("✓ done 3.*✕ failed 1"))


def test_chosen_cases_are_called_off_and_sent_again(study: Launched, visits: Visits, tmp_path: Path) -> None:
    ids = send(study, tmp_path / "gate", ["clay"] * 5)
    page = visits.open(link(study))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(5)
    for case in ids[:2]:
        rows(page).filter(has_text=case[:8]).get_by_role("checkbox").click()
    page.get_by_role("button", name="Cancel 2 cases").click()
    page.get_by_role("button", name="Do it now").click()
    states = page.get_by_role("group", name="States")
    expect(states.get_by_role("button", name=re.compile("cancelled 2"))).to_be_visible()
    with attach(line_of(study)):
        wait_for_end(study, done=3)
        expect(states.get_by_role("button", name=re.compile("done 3"))).to_be_visible()
        page.get_by_role("button", name="Retry 2 cases").click()
        page.get_by_role("button", name="Do it now").click()
        expect(states.get_by_role("button", name=re.compile("done 5"))).to_be_visible()


def test_cases_are_chosen_by_keyboard(study: Launched, visits: Visits, tmp_path: Path) -> None:
    send(study, tmp_path / "gate", ["clay"] * 5)
    page = visits.open(link(study))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(5)
    # As soon as the page has chosen its batch, the table is that of this batch.
    expect(page).to_have_url(re.compile("batch="))
    table(page).focus()
    for key in ("Home", "Space", "Shift+ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Cancel 3 cases")).to_be_visible()
    for key in ("Space", "End", "Space"):
        page.keyboard.press(key)
    expect(table(page).get_by_role("row", selected=True)).to_have_count(3)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Cancel 5 cases")).to_be_visible()


def test_a_viewer_sees_the_cases_and_can_do_nothing_about_them(study: Launched, visits: Visits, tmp_path: Path) -> None:
    send(study, tmp_path / "gate", ["clay", "sand"])
    page = visits.open(link(study, "viewer"))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("button", name=re.compile("Retry|Cancel"))).to_have_count(0)


def unfold(case: Locator, title: str) -> None:
    """Presses the title of a section of the open case."""
    case.locator("summary").filter(has_text=title).click()


def test_an_open_case_has_all_of_its_attempts_its_files_and_its_model(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    ids = send(study, gate, ["clay", "sand"], model=MODEL_WITH_FILES)
    page = visits.open(link(study))
    go_to(page, "Cases")
    # Nobody has computed it yet.
    rows(page).filter(has_text=ids[1][:8]).click()
    case = page.get_by_role("dialog")
    expect(case.get_by_text("Attempts")).to_have_count(0)
    unfold(case, "Model with these inputs")
    model = case.get_by_role("region", name="Model with these inputs")
    expect(model).to_contain_text(f"if 'sand' == 'sand' and not os.path.exists('{gate}'):")
    expect(model).to_contain_text("result['double'] = 2 * 1")
    with attach(line_of(study)):
        wait_for_end(study, done=1, errors=1)
        gate.touch()
        expect(case.get_by_role("region", name="Traceback")).to_contain_text("KeyError: 'sand'")
        page.keyboard.press("Escape")
        rows(page).filter(has_text=ids[1][:8]).get_by_role("checkbox").click()
        page.get_by_role("button", name="Retry 1 case").click()
        page.get_by_role("button", name="Do it now").click()
        expect(
            page.get_by_role("group", name="States").get_by_role("button", name=re.compile("done 2"))
        ).to_be_visible()
    rows(page).filter(has_text=ids[1][:8]).click()
    told = case.get_by_role("table", name="Attempts")
    expect(told.locator("xpath=..")).to_have_text(re.compile(r"^Attempts · 2\s*1✕ failed"))
    expect(told).to_contain_text(
        re.compile("1✕ failed, no attempt left.*KeyError: 'sand'Sent again.*1✓ done", re.DOTALL)
    )
    # Its name comes from outside.
    hostile = "<img src=x onerror=alert(1)>\u202egpj.html"
    key = f"data/b/files/{ids[1]}/{hostile}"
    study.command_line.cloud.client("s3").put_object(Bucket=study.bucket, Key=key, Body=b"<script>alert(2)</script>")
    unfold(case, "Files")
    files = case.get_by_role("list", name="Files").get_by_role("listitem")
    expect(files).to_have_text(
        [re.compile(r"^<img src=x onerror=alert\(1\)>\\u\{202e\}gpj\.html"), "curve.csvPreview3 bytes"]
    )
    for place, name, content in [(1, "curve.csv", b"1,2"), (0, "_img_src_x_onerror_alert_1___gpj.html", None)]:
        with page.expect_download() as download:
            files.nth(place).get_by_role("button", name=re.compile("^Download")).click()
        assert download.value.suggested_filename == f"{ids[1][:8]}-{name}"
        assert content is None or Path(download.value.path()).read_bytes() == content
    # The next case has files and a model of its own.
    expect(model).to_have_count(0)
    unfold(case, "Model with these inputs")
    expect(model).to_contain_text("print('reached ' + 'sand')")
    case.focus()
    # Cases stand in the order of their ids.
    there, back = ("ArrowUp", "ArrowDown") if ids[0] < ids[1] else ("ArrowDown", "ArrowUp")
    page.keyboard.press(there)
    expect(case.locator("code").first).to_have_text(ids[0])
    expect(page).to_have_url(re.compile(f"case={ids[0]}"))
    expect(model).to_contain_text("print('reached ' + 'clay')")
    expect(files).to_have_text(["curve.csvPreview3 bytes"])
    page.keyboard.press(there)
    expect(case.locator("code").first).to_have_text(ids[0])
    page.keyboard.press(back)
    expect(case.locator("code").first).to_have_text(ids[1])
    page.keyboard.press("Escape")
    expect(case).to_have_count(0)
    expect(table(page)).to_be_focused()


# A picture of points, one of lines that would run a script, a table, a text, and what is none of them.
MODEL_WITH_PICTURES = """\
import struct, zlib
def chunk(kind, body):
    return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
with open('outputs/points.png', 'wb') as file:
    file.write(bytes([137]) + b'PNG\\r\\n' + bytes([26, 10]))
    file.write(chunk(b'IHDR', struct.pack('>IIBBBBB', 30, 20, 8, 0, 0, 0, 0)))
    file.write(chunk(b'IDAT', zlib.compress((bytes([0]) + bytes([90]) * 30) * 20)) + chunk(b'IEND', b''))
open('outputs/lines.svg', 'w').write(
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><script>parent.document.title = "owned"</script>'
    '<image href="https://example.org/x.png"/><path d="M0 0L80 40" stroke="black"/></svg>')
open('outputs/curve.csv', 'w').write('time;load\\n' + '1,5;2\\n' * 80)
open('outputs/run.log', 'w').write('step 1\\nstep 2')
open('outputs/wrong.png', 'w').write('<script>')
open('outputs/mesh.vtk', 'w').write('x')
result['double'] = 2 * {{number}} + len({{soil}}) + len({{gate}})
"""


def test_files_of_a_case_are_previewed_and_none_becomes_a_part_of_the_page(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    send(study, tmp_path / "gate", ["clay"], model=MODEL_WITH_PICTURES)
    with attach(line_of(study)):
        wait_for_end(study, done=1)
    page = visits.open(link(study))
    go_to(page, "Cases")
    rows(page).first.click()
    case = page.get_by_role("dialog")
    unfold(case, "Files")
    files = case.get_by_role("list", name="Files").get_by_role("listitem")
    expect(files).to_have_count(6)
    expect(files.filter(has_text="mesh.vtk").get_by_role("button", name="Preview")).to_have_count(0)
    for name in ("curve.csv", "lines.svg", "points.png", "run.log", "wrong.png"):
        case.get_by_role("button", name=f"Preview {name}").click()
    shown = case.get_by_role("region", name="Preview of curve.csv")
    expect(shown.get_by_role("columnheader")).to_have_text(["time", "load"])
    expect(shown.get_by_role("row").nth(1)).to_have_text("1,52")
    expect(shown).to_contain_text("30 more rows.")
    expect(case.get_by_role("region", name="Preview of run.log")).to_have_text("step 1\nstep 2")
    expect(files.filter(has_text="wrong.png")).to_contain_text("It is no PNG picture.")
    for name, size in (("points.png", [30, 20]), ("lines.svg", [80, 40])):
        picture = case.get_by_role("img", name=f"Preview of {name}")
        expect(picture).to_be_visible()
        page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
        assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == size
    assert page.title() != "owned" and page.locator("svg script").count() == 0
    button = case.get_by_role("button", name="Preview curve.csv")
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(shown).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    study: Launched, visits: Visits, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    ids = send(study, tmp_path / "gate", ["clay", "sand", "clay"], model=MODEL_WITH_FILES)
    with attach(line_of(study)):
        wait_for_end(study, done=2, errors=1)
    page = visits.open(link(study), color_scheme=scheme)
    go_to(page, "Cases")
    rows(page).first.get_by_role("checkbox").click()
    expect(page.get_by_role("region", name="Cases 1 chosen")).to_be_visible()
    page.get_by_text("Columns").click()

    check_accessible(page)
    assert has_no_overflow(page)
    page.keyboard.press("Escape")
    rows(page).filter(has_text=ids[1][:8]).click()
    case = page.get_by_role("dialog")
    expect(case.get_by_role("region", name="Traceback")).to_be_visible()
    for title in ("Document as stored", "Model with these inputs", "Files"):
        unfold(case, title)
    expect(case.get_by_role("region", name="Model with these inputs")).to_be_visible()
    expect(case.get_by_text("None. What a model leaves")).to_be_visible()
    check_accessible(page)
    assert has_no_overflow(page)
    page.keyboard.press("Escape")
    go_to(page, "Errors")
    page.get_by_role("link", name=re.compile("KeyError")).click()
    expect(page.get_by_role("region", name="Traceback")).to_be_visible()
    check_accessible(page)
    assert has_no_overflow(page)


def test_a_model_that_cannot_be_rendered_says_where_and_one_that_is_gone_is_asked_for_again(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    send(study, tmp_path / "gate", ["clay"], model="x = {{phi}}\ny = {{number[1]}}\n<b>{{soil}}</b>")
    s3 = study.command_line.cloud.client("s3")
    (key,) = [entry["Key"] for entry in s3.list_objects_v2(Bucket=study.bucket, Prefix="models/")["Contents"]]
    content = s3.get_object(Bucket=study.bucket, Key=key)["Body"].read()
    s3.delete_object(Bucket=study.bucket, Key=key)
    visits.expected.append("status of 404")
    page = visits.open(link(study))
    go_to(page, "Cases")
    rows(page).first.click()
    case = page.get_by_role("dialog")
    unfold(case, "Model with these inputs")
    expect(case.get_by_role("alert")).to_contain_text("The model of this case can't be shown.")
    s3.put_object(Bucket=study.bucket, Key=key, Body=content)
    case.get_by_role("button", name="Try again").click()
    expect(case).to_contain_text("In line 1, {{phi}} isn't filled: there is no such parameter.")
    expect(case).to_contain_text("In line 2, {{number[1]}} isn't filled: that is no vector.")
    expect(case.get_by_role("region", name="Model with these inputs")).to_contain_text("<b>{{soil}}</b>")


def test_failures_are_held_against_done_cases_over_the_inputs_that_differ_most(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    ids = send(study, tmp_path / "gate", ["clay", "sand", "clay", "rock", "sand", "clay"])
    with attach(line_of(study)):
        wait_for_end(study, done=3, errors=3)
        page = visits.open(link(study))
        go_to(page, "Errors")
        page.get_by_role("link", name=re.compile("KeyError.*2 cases.*67 % of all failures")).click()
        plot = page.get_by_role("img", name=re.compile("5 of 5 cases: number .* against soil .*; 2 failed"))
        expect(plot).to_be_visible()
        expect(
            page.get_by_text(re.compile("Largest difference of the distributions, of 1: soil 1.00, number 0.33"))
        ).to_be_visible()
        page.get_by_role("combobox", name="Factor to the right").select_option("number")
        expect(page).to_have_url(re.compile("x=factor.number.*group="))
        expect(page.get_by_role("img", name=re.compile("soil .* against number"))).to_be_visible()
        page.reload()
        expect(page.get_by_role("img", name=re.compile("soil .* against number"))).to_be_visible()
        page.get_by_role("button", name="Open the case").click()
        case = page.get_by_role("dialog")
        expect(case).to_contain_text(re.compile("[12] of 2"))
        first = case.locator("code").first.inner_text()
        page.keyboard.press("ArrowDown" if "1 of 2" in case.inner_text() else "ArrowUp")
        expect(case.locator("code").first).not_to_have_text(first)
        assert {first, case.locator("code").first.inner_text()} == {ids[1], ids[4]}
        expect(page).to_have_url(re.compile("case=.*group="))
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Open the case")).to_be_focused()


def open_errors(study: Launched, visits: Visits, folder: Path) -> Page:
    """The page Errors of a study in which three of four cases have failed, two of them alike."""
    send(study, folder / "gate", ["clay", "sand", "rock", "sand"])
    with attach(line_of(study)):
        wait_for_end(study, done=1, errors=3)
    page = visits.open(link(study))
    go_to(page, "Errors")
    return page


def test_the_errors_page_and_the_rail_count_alike_while_cases_are_sent_again(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    page = open_errors(study, visits, tmp_path)
    heading = page.get_by_role("heading", name="Errors", exact=False).first
    rail = page.get_by_role("link", name=re.compile("^Errors"))
    expect(heading).to_contain_text("3 cases in 2 groups")
    expect(rail).to_contain_text("3")
    page.get_by_role("link", name=re.compile("KeyError")).click()
    page.get_by_role("button", name="Retry 2 cases").click()
    page.get_by_role("button", name="Do it now").click()
    expect(rail).to_contain_text("1")
    expect(heading).to_contain_text("1 case in 1 group")
    expect(page.get_by_text("will be tried again")).to_have_count(0)


def headers(page: Page) -> list[str]:
    """The names of the table's columns."""
    return [name for name in table(page).get_by_role("columnheader").all_inner_texts() if name]


def test_columns_are_chosen_and_sized_and_stand_in_the_address(study: Launched, visits: Visits, tmp_path: Path) -> None:
    send(study, tmp_path / "gate", ["clay"] * 3)
    page = visits.open(link(study))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(3)
    # Inputs of cases that nobody has computed are read a moment later.
    expect(table(page).get_by_role("columnheader").filter(has_text="gate")).to_be_visible()
    usual = headers(page)
    assert usual[0] == "case" and "gate" in usual and "end" not in usual
    page.get_by_text("Columns", exact=True).click()
    menu = page.get_by_role("group", name="Columns that are shown")
    expect(menu.get_by_role("checkbox", name="case", exact=True)).to_be_disabled()
    for name in ("gate", "end"):
        menu.get_by_role("checkbox", name=name, exact=True).click()
    expect(page).to_have_url(re.compile(r"col=factor\.gate&col=case\.end_time"))
    assert headers(page) == [*(name for name in usual if name != "gate"), "end"]
    page.get_by_role("searchbox", name="Search").fill("so")
    expect(menu.get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("button", name="None", exact=True).click()
    expect(page.get_by_role("separator", name="Width of soil")).to_have_count(0)
    page.get_by_role("button", name="All", exact=True).click()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    # By the pointer, by keys, and fitted.
    edge = page.get_by_role("separator", name="Width of soil")
    box = edge.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] - 400, box["y"] + 10, steps=3)
    page.mouse.move(box["x"] + 64, box["y"] + 10, steps=3)
    page.mouse.up()
    wide = int(edge.get_attribute("aria-valuenow") or 0)
    edge.press("ArrowRight")
    expect(edge).to_have_attribute("aria-valuenow", str(wide + 8))
    expect(page).to_have_url(re.compile(rf"width=factor\.soil:{wide + 8}"))
    # A drag is no press on the column's name.
    expect(page).not_to_have_url(re.compile("sort="))
    page.reload()
    expect(edge).to_have_attribute("aria-valuenow", str(wide + 8))
    head = page.get_by_role("columnheader", name="soil")
    assert abs((head.bounding_box() or {"width": 0})["width"] - wide - 8) < 1
    edge.dblclick()
    fitted = int(edge.get_attribute("aria-valuenow") or 0)
    assert 40 <= fitted < 100
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page).not_to_have_url(re.compile("col=|width="))
    assert headers(page) == usual


def test_a_cell_is_a_text_whatever_it_is(study: Launched, visits: Visits, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>&amp;\"'"
    send(study, tmp_path / "gate", ["clay", hostile])
    page = visits.open(link(study))
    go_to(page, "Cases")
    cell = table(page).get_by_role("gridcell").filter(has_text="onerror")
    expect(cell).to_have_text(hostile)
    expect(cell).to_have_attribute("title", hostile)
    expect(table(page).locator("img")).to_have_count(0)


def test_an_action_goes_on_when_other_batches_are_shown(study: Launched, visits: Visits, tmp_path: Path) -> None:
    send(study, tmp_path / "gate", ["clay"] * 3)
    page = visits.open(link(study))
    go_to(page, "Cases")
    page.get_by_role("button", name="Cancel 3 cases").click()
    page.evaluate("location.hash = '#/cases?batch=*'")
    expect(page.get_by_role("status").filter(has_text="3 cases are cancelled")).to_be_visible()


def test_cancelled_cases_are_taken_back_and_those_whose_message_is_gone_are_sent_again(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    send(study, tmp_path / "gate", ["clay"] * 3)
    page = visits.open(link(study))
    go_to(page, "Cases")
    states = page.get_by_role("group", name="States")
    status = page.get_by_role("status")
    page.get_by_role("button", name="Cancel 3 cases").click()
    page.get_by_role("button", name="Do it now").click()
    expect(status.filter(has_text="3 cases are cancelled")).to_be_visible()
    page.get_by_role("button", name="Take back", exact=True).click()
    expect(states.get_by_role("button", name=re.compile("queued 3"))).to_be_visible()
    expect(status.filter(has_text="3 cases aren't cancelled any more.")).to_be_visible()
    assert messages(queue_of(study).sqs, queue_of(study).queue_url) == (3, 0)
    page.get_by_role("button", name="Cancel 3 cases").click()
    page.get_by_role("button", name="Do it now").click()
    expect(states.get_by_role("button", name=re.compile("cancelled 3"))).to_be_visible()
    with attach(line_of(study)):
        wait_for(lambda: messages(queue_of(study).sqs, queue_of(study).queue_url) == (0, 0))
    page.get_by_role("button", name="Take back 3 cases").click()
    expect(states.get_by_role("button", name=re.compile("(lost|queued) 3"))).to_be_visible()


def test_what_was_asked_for_about_a_group_of_errors_is_told_when_the_group_is_folded(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    page = open_errors(study, visits, tmp_path)
    group = page.get_by_role("link", name=re.compile("KeyError"))
    group.click()
    page.get_by_role("button", name="Retry 2 cases").click()
    group.click()
    expect(page.get_by_role("button", name="Retry 2 cases")).to_have_count(0)
    page.get_by_role("button", name="Do it now").click()
    expect(page.get_by_text("2 cases are in the queue again.")).to_be_visible()
