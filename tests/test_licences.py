"""The licences of what is handed out are all there, in the program and in the page."""

from __future__ import annotations

import subprocess

import pytest
from command_line import CommandLine, Launched
from local_cloud import REPOSITORY
from playwright.sync_api import expect
from studies import link
from visit import Visits, check_accessible, progress

PAGE_PROGRAMS = ["dashboard", "designer", "dialogs", "explorer", "fleet", "sign-in"]


def linked_crates(target: str, programs: list[str]) -> set[str]:
    """What cargo itself says is linked into them, each with its version."""
    packages = [word for program in programs for word in ("-p", f"cruncher-{program}")]
    command = ["cargo", "tree", "--locked", "-e", "normal", "--prefix", "none", "--target", target, *packages]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    lines = {" ".join(line.split()[:2]).replace(" v", " ") for line in answer.stdout.splitlines() if line}
    return {line for line in lines if not line.startswith("cruncher-")}


@pytest.fixture(scope="module")
def text(cruncher: CommandLine) -> str:
    ran = cruncher.run("licences")
    assert ran.code == 0, ran.err
    return ran.out


@pytest.mark.parametrize(
    ("target", "programs"), [("x86_64-unknown-linux-gnu", ["cli"]), ("wasm32-unknown-unknown", PAGE_PROGRAMS)]
)
def test_every_crate_that_is_linked_is_listed_and_has_a_text(text: str, target: str, programs: list[str]) -> None:
    linked = linked_crates(target, programs) - {"wasm-streams 0.5.0"}  # Ours: vendor/wasm-streams.
    assert len(linked) > 100
    table, texts = text.split("Their texts follow.", 1)
    listed = {" ".join(line.split()[:2]) for line in texts.splitlines()}
    assert linked - listed == set()
    heads = " ".join(" ".join(section.split("\n\n", 1)[0].split()) for section in texts.split("=" * 36 + "\nOf ")[1:])
    assert [crate for crate in sorted(linked) if f"{crate}," not in heads + "," and f"{crate} " not in heads] == []
    assert "Cruncher authors" in table


def test_our_own_licence_and_those_of_data_are_there(text: str) -> None:
    for words in [
        "The Cruncher authors",
        "TERMS AND CONDITIONS FOR USE",
        "Kuo and Stephen Joe",
        "EFF's long word list",
    ]:
        assert words in text


def test_the_page_shows_what_the_program_prints(finished: Launched, visits: Visits, text: str) -> None:
    page = visits.open(link(finished))
    expect(progress(page)).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search pages, batches, cases, workers and actions").fill("licences")
    page.keyboard.press("Enter")
    shown = page.get_by_role("dialog", name="Licences").get_by_role("region", name="Texts of the licences")
    expect(shown).to_contain_text("TERMS AND CONDITIONS FOR USE")
    assert shown.text_content() == text
    check_accessible(page)
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)


def test_the_sign_in_leads_to_them(finished: Launched, visits: Visits) -> None:
    page = visits.open(str(finished.ran.json()["page_url"]))
    visits.expected.append("favicon.ico")  # Asked for beside a text, by the browser alone.
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Licences").click()
    expect(opened.value.locator("body")).to_contain_text("TERMS AND CONDITIONS FOR USE")
