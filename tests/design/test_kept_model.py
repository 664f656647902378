"""A model that is chosen anew, becomes another kind, or isn't kept: what is shown and sent is what was chosen last."""

from __future__ import annotations

from pathlib import Path

from command_line import Launched
from design_page import (
    button,
    choose_file,
    define,
    ids,
    in_order,
    open_design,
    open_file,
    preview,
    review,
    save,
    small_study,
    told,
)
from local_cloud import REPOSITORY
from playwright.sync_api import Locator, Page, expect
from small_models import DOUBLE
from visit import Visits, wait_until

WAVE = REPOSITORY / "examples" / "harbour_wave" / "wave"

# The name of the model that the browser keeps.
KEPT_MODEL = """async () => {
    const done = request => new Promise(resolve => request.onsuccess = () => resolve(request.result));
    const [{name}] = await indexedDB.databases();
    const database = await done(indexedDB.open(name));
    const kept = await done(database.transaction("values").objectStore("values").get("model"));
    database.close();
    return kept?.[0] ?? null;
}"""

# Keeps another model, as another tab does.
KEEP_OTHER = """async () => {
    const done = request => new Promise(resolve => request.onsuccess = () => resolve(request.result));
    const [{name}] = await indexedDB.databases();
    const database = await done(indexedDB.open(name));
    const store = database.transaction("values", "readwrite").objectStore("values");
    await done(store.put(["other.py", new TextEncoder().encode("result['double'] = 3 * {{a}}")], "model"));
    database.close();
}"""

# Leaves no room for models.
NO_ROOM = """(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function(value, key) {
        if (key === "model") throw new DOMException("no room", "QuotaExceededError");
        return put.call(this, value, key);
    };
})()"""

# Lets files of this name be read only when `letGo` is called, which waits until the page has taken what was read.
SLOW_FILE = """name => {
    const read = Blob.prototype.arrayBuffer;
    const gate = new Promise(resolve => { window.openGate = resolve; });
    window.letGo = async () => {
        window.openGate();
        await new Promise(resolve => setTimeout(resolve));
        await new Promise(resolve => requestAnimationFrame(resolve));
    };
    Blob.prototype.arrayBuffer = function() {
        return this.name === name ? gate.then(() => read.call(this)) : read.call(this);
    };
}"""


def model_of(page: Page) -> Locator:
    """The part of the form that shows the model."""
    return page.get_by_role("region", name="Model", exact=True)


def choose_folder(page: Page, folder: Path) -> None:
    """Chooses a folder as the model."""
    button(page, "A folder").click()
    page.get_by_label("Model folder", exact=True).set_input_files(folder)


def test_a_file_that_was_chosen_again_after_a_folder_is_what_comes_back_and_is_sent(
    study: Launched, visits: Visits, binary: Path, tmp_path: Path
) -> None:
    page = open_design(visits, study)
    small_study(page, 4)
    choose_folder(page, WAVE)
    expect(model_of(page)).to_contain_text("4 files")
    wait_until(page, "the folder is kept", lambda: page.evaluate(KEPT_MODEL) == "wave.zip")
    button(page, "A file").click()
    expect(model_of(page)).to_contain_text("model.py")
    wait_until(page, "the file is kept", lambda: page.evaluate(KEPT_MODEL) == "model.py")
    page.reload()
    preview(page, "4 cases")
    expect(model_of(page)).to_contain_text("model.py")
    design = save(page, "Save JSON")
    assert ids(save(page, "Save CSV")) == ids(in_order(binary, tmp_path, design, DOUBLE))
    assert review(page)["To be sent"] == "4 cases to the batch model"

    page.evaluate(KEEP_OTHER)
    page.reload()
    preview(page, "4 cases")
    alert = model_of(page).get_by_role("alert")
    expect(alert).to_have_text("model.py isn't here: choose or drop the file again. Everything else is.")
    button(page, "Review and send …").click()
    expect(page.get_by_text("choose the model file again")).to_be_visible()
    # What isn't here is no folder.
    button(page, "A folder").click()
    expect(alert).to_have_text("Choose the folder that the cases are computed with.")


def test_a_model_that_the_browser_has_no_room_for_is_told_of_until_it_is_kept(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE, "earlier.py")
    wait_until(page, "the file is kept", lambda: page.evaluate(KEPT_MODEL) == "earlier.py")
    page.evaluate(NO_ROOM)
    choose_file(page, "Model file", DOUBLE)
    file = told(page, "doesn't keep the model (this browser has no room left for this page): save the design as JSON")
    expect(file).to_be_visible()
    define(page)
    preview(page, "64 cases")
    expect(file).to_be_visible()
    assert page.evaluate(KEPT_MODEL) is None, "the one of before would come back in its place"
    choose_folder(page, WAVE)
    expect(told(page, "the files of the folder")).to_contain_text("Save ZIP")
    expect(file).to_have_count(0)
    page.reload()
    gone = "The files of wave aren't here: choose or drop the folder again. Everything else is."
    expect(model_of(page).get_by_role("alert")).to_have_text(gone)
    expect(told(page, "doesn't keep")).to_have_count(0)


def test_a_folder_that_is_still_read_does_not_take_the_place_of_what_is_chosen_meanwhile(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    page = open_design(visits, study)
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "run.py").write_text(DOUBLE)
    page.evaluate(SLOW_FILE, "run.py")
    choose_folder(page, folder)
    expect(told(page, "slow …")).to_be_visible()
    button(page, "A file").click()
    expect(told(page, "slow …")).to_have_count(0)
    choose_file(page, "Model file", DOUBLE)
    page.evaluate("letGo()")
    expect(model_of(page)).to_contain_text("model.py")
    expect(model_of(page)).not_to_contain_text("1 file")
    # So with a file that is still read when a design brings its own.
    page.evaluate(SLOW_FILE, "slow.py")
    choose_file(page, "Model file", DOUBLE, "slow.py")
    design = save_of(page)
    open_file(page, design)
    expect(told(page, "Its model model.py came with it.")).to_be_visible()
    page.evaluate("letGo()")
    expect(model_of(page)).to_contain_text("model.py")
    expect(model_of(page)).not_to_contain_text("slow.py")


def save_of(page: Page) -> bytes:
    """Saves the design, once it can be."""
    define(page)
    preview(page, "64 cases")
    return save(page, "Save JSON")
