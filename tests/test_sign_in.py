"""Who may open the page: passphrases and links, where the key is kept, and what Lock forgets."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from command_line import CommandLine, Launched
from playwright.sync_api import Locator, Page, expect
from studies import link
from visit import Visits, check_accessible, go_to, has_no_overflow, progress, title_of, wait_until

LOCKED = "Locked. This browser has forgotten the key"


def passphrase(study: Launched, role: str) -> str:
    """The words by which the page opens as this role."""
    return str(study.ran.json()[f"{role}_passphrase"])


def field(page: Page) -> Locator:
    """Where the passphrase is typed."""
    return page.get_by_role("textbox", name="Passphrase")


def sign_in(page: Page, words: str, kept: str = "") -> None:
    """Types a passphrase; `kept` says for how long."""
    if kept:
        page.get_by_role("radio", name=kept).check()
    field(page).fill(words)
    page.get_by_role("button", name="Open the study").click()


def address(study: Launched) -> str:
    """The page's address, which holds no key."""
    return str(study.ran.json()["page_url"])


def stored(page: Page) -> str:
    """All that the page has stored, but for the databases."""
    return str(
        page.evaluate("JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), history.state])")
    )


def databases(page: Page) -> list[Any]:
    """The keys of what the page has stored in databases."""
    found: list[Any] = page.evaluate(
        """async () => {
            const keys = [];
            for (const { name } of await indexedDB.databases()) {
                const asked = indexedDB.open(name);
                const opened = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
                for (const store of opened.objectStoreNames) {
                    const all = opened.transaction(store).objectStore(store).getAllKeys();
                    keys.push(...await new Promise((done) => { all.onsuccess = () => done(all.result); }));
                }
                opened.close();
            }
            return keys;
        }"""
    )
    return found


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_a_passphrase_opens_the_page_as_its_role(finished: Launched, visits: Visits, role: str) -> None:
    words = passphrase(finished, role)
    assert len(words.split(" ")) >= 6
    page = visits.open(f"{address(finished)}#/errors?batch=*")
    expect(page.get_by_text("This address leads to a part of the study")).to_be_visible()
    # As somebody types who read it from paper.
    sign_in(page, f"  {words.upper().replace(' ', '-')} ")
    expect(page).to_have_title(title_of("Errors"))
    expect(page.get_by_text(role, exact=True)).to_be_visible()
    assert words not in stored(page) and "access=" not in page.url
    page.reload()
    expect(page).to_have_title(title_of("Errors"))


def test_a_wrong_passphrase_is_refused_at_its_field_and_the_page_goes_on(finished: Launched, visits: Visits) -> None:
    page = visits.open(address(finished))
    expect(field(page)).to_be_focused()
    page.get_by_role("button", name="Open the study").click()
    expect(page.get_by_role("alert").filter(has_text="Type the passphrase")).to_be_visible()
    wrong = passphrase(finished, "viewer").rsplit(" ", 1)[0]
    sign_in(page, wrong)
    expect(page.get_by_role("button", name="Opening …")).to_be_disabled()
    expect(page.get_by_role("alert").filter(has_text="This is no passphrase of this study")).to_be_visible()
    expect(field(page)).to_have_attribute("aria-invalid", "true")
    expect(field(page)).to_have_value(wrong)
    field(page).fill(passphrase(finished, "viewer"))
    field(page).press("Enter")
    expect(progress(page)).to_be_visible()


def test_the_key_is_kept_for_as_long_as_its_owner_wants(finished: Launched, visits: Visits) -> None:
    secret = finished.key("viewer").secret
    page = visits.open(address(finished))
    sign_in(page, passphrase(finished, "viewer"), "until this page is closed")
    expect(progress(page)).to_be_visible()
    # Every page of the study opens, and none of it is stored.
    for name in ("Results", "Cases", "Design"):
        go_to(page, name)
    expect(page.get_by_role("heading", name="Model")).to_be_visible()
    assert secret not in stored(page)
    page.reload()
    sign_in(page, passphrase(finished, "viewer"), "until this tab is closed")
    expect(page.get_by_role("heading", name="Model")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Model")).to_be_visible()
    assert secret not in page.evaluate("JSON.stringify(Object.entries(localStorage))")
    other = page.context.new_page()
    other.goto(address(finished))
    sign_in(other, passphrase(finished, "viewer"), "on this computer")
    expect(progress(other)).to_be_visible()
    third = page.context.new_page()
    third.goto(address(finished))
    expect(progress(third)).to_be_visible()
    # Lock forgets it for all tabs.
    third.get_by_role("button", name="Lock").click()
    expect(third.get_by_text(LOCKED)).to_be_visible()
    expect(field(other)).to_be_visible()
    assert secret not in stored(third) + stored(other)


def test_lock_forgets_the_key_and_what_was_read_and_keeps_what_was_made(finished: Launched, visits: Visits) -> None:
    page = visits.open(address(finished))
    sign_in(page, passphrase(finished, "operator"))
    go_to(page, "Results")
    expect(page.get_by_role("combobox", name="Response")).to_be_visible()
    go_to(page, "Design")
    page.get_by_role("textbox", name="Batch").fill("draft-of-mine")
    wait_until(page, "the draft is kept", lambda: any("draft" in str(key) for key in databases(page)))
    go_to(page, "Overview")
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text(LOCKED)).to_be_visible()
    assert not [key for key in databases(page) if str(key).startswith("read")]
    kept = stored(page)
    for role in ("viewer", "operator", "worker"):
        assert finished.key(role).secret not in kept
    page.reload()
    expect(field(page)).to_be_visible()
    sign_in(page, passphrase(finished, "operator"))
    go_to(page, "Design")
    expect(page.get_by_role("textbox", name="Batch")).to_have_value("draft-of-mine")


def test_a_rotated_passphrase_opens_nothing_and_the_new_one_does(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    page = visits.open(address(study))
    sign_in(page, passphrase(study, "operator"))
    expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()
    ran = cruncher.run("configure", study.study, "--rotate-keys", "--json")
    visits.expected.append("status of 403")
    page.reload()
    page.get_by_role("button", name="Sign in anew").click()
    sign_in(page, passphrase(study, "operator"))
    expect(page.get_by_role("alert").filter(has_text="after a rotation of the keys")).to_be_visible()
    sign_in(page, ran.json()["operator_passphrase"])
    expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()


def test_anyone_may_look_at_a_public_study_and_an_operator_signs_in(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch("--public-view")
    assert "viewer_passphrase" not in study.ran.json()
    page = visits.open(f"{address(study)}#/overview")
    expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()
    expect(page.get_by_text("viewer", exact=True)).to_be_visible()
    page.get_by_role("button", name="Lock").click()
    expect(field(page)).to_be_visible()
    page.get_by_role("button", name="Look without a passphrase").click()
    expect(page.get_by_text("viewer", exact=True)).to_be_visible()
    page.get_by_role("button", name="Lock").click()
    sign_in(page, passphrase(study, "operator"))
    expect(page.get_by_text("operator", exact=True)).to_be_visible()


def test_a_link_is_made_with_a_passphrase(finished: Launched, visits: Visits) -> None:
    cruncher = finished.command_line
    for typed, role, made in [("viewer", "viewer", True), ("operator", "viewer", True), ("viewer", "operator", False)]:
        ran = cruncher.run("link", finished.study, "--role", role, answer=f"{passphrase(finished, typed)}\n")
        assert (ran.code == 0) is made, ran.err
        if made:
            page = visits.open(ran.out.strip())
            expect(page.get_by_text(role, exact=True)).to_be_visible()
        else:
            assert "This is the viewer's passphrase, which makes no operator's link." in ran.err
    ran = cruncher.run("link", finished.study, "--role", "viewer", answer="a b c d e f\n")
    assert (ran.code, ran.out) == (1, "") and "no passphrase of this study" in ran.err
    # The operator passes on the viewer's from the page.
    page = visits.open(link(finished), permissions=["clipboard-read", "clipboard-write"])
    expect(progress(page)).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=re.compile("^Search")).fill("viewer's link")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert "#access=" in str(page.evaluate("navigator.clipboard.readText()"))


def test_what_is_published_tells_no_secret(finished: Launched) -> None:
    s3 = finished.command_line.cloud.client("s3")
    body = s3.get_object(Bucket=finished.bucket, Key="public/access.json")["Body"].read().decode()
    document = json.loads(body)
    assert (document["kdf"]["name"], document["cipher"]) == ("argon2id", "xchacha20poly1305")
    assert [sealed["role"] for sealed in document["sealed"]] == ["operator", "viewer"]
    for role in ("viewer", "operator", "worker"):
        assert finished.key(role).secret not in body and finished.key(role).key_id not in body


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_sign_in(finished: Launched, visits: Visits, scheme: Any) -> None:
    page = visits.open(address(finished), color_scheme=scheme)
    expect(field(page)).to_be_visible()
    page.get_by_text("With a link").click()
    sign_in(page, "wrong")
    expect(page.get_by_role("alert").filter(has_text="This is no passphrase")).to_be_visible()
    check_accessible(page)
    assert has_no_overflow(page)
