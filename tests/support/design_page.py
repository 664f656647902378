"""The Design page as somebody finds their way on it: by roles and labels."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

from command_line import Launched, Ran
from local_cloud import REPOSITORY
from playwright.sync_api import Locator, Page, TimeoutError, expect
from proxy import Answer, Proxy
from small_models import DOUBLE
from studies import drain, encoded, link, messages, table_of
from visit import Visits, go_to

FOOTING = REPOSITORY / "examples/layered_footing/footing.py"

# Whether the draft that the browser keeps has these words.
KEPT_DRAFT = """async words => {
    const done = request => new Promise(resolve => request.onsuccess = () => resolve(request.result));
    const [{name}] = await indexedDB.databases();
    const database = await done(indexedDB.open(name));
    const kept = await done(database.transaction("values").objectStore("values").get("draft"));
    database.close();
    return kept?.includes(words);
}"""


def fresh_study(study: Launched, endpoint_url: str) -> Launched:
    """A study with a page like that of another one, which takes less time than to launch it."""
    command_line = study.command_line
    s3, made = command_line.cloud.client("s3"), command_line.cloud.deploy()
    for entry in s3.list_objects_v2(Bucket=study.bucket)["Contents"]:
        if entry["Key"].startswith(("index.html", "assets/", "control.json")):
            s3.copy_object(
                Bucket=made.bucket, Key=entry["Key"], CopySource={"Bucket": study.bucket, "Key": entry["Key"]}
            )
    config = json.dumps(made.config | {"endpoint_url": endpoint_url})
    s3.put_object(Bucket=made.bucket, Key="public/config.json", Body=config.encode(), ContentType="application/json")
    page_url = f"{endpoint_url}/{made.bucket}/index.html"
    operator = {"role": "operator", **dataclasses.asdict(made.operator), "worker": dataclasses.asdict(made.worker)}
    said = {
        "bucket": made.bucket,
        "page_url": page_url,
        "operator_link": f"{page_url}#access={encoded(operator)}",
        "viewer_link": f"{page_url}#access={encoded({'role': 'viewer', **dataclasses.asdict(made.viewer)})}",
    }
    return Launched(command_line, made.name, Ran(0, json.dumps(said), ""))


@dataclasses.dataclass
class Gate:
    """What stands between a page and its cloud: it lets so many requests with messages through, until it is opened."""

    proxy: Proxy
    study: Launched
    reached: threading.Event = dataclasses.field(default_factory=threading.Event)
    opened: threading.Event = dataclasses.field(default_factory=threading.Event)

    def shut_after(self, batches: int) -> None:
        """From now on later batches wait at the gate."""

        def wait(number: int, body: dict[str, Any]) -> Answer | None:
            if number >= batches:
                self.reached.set()
                self.opened.wait(60)
            return None

        self.proxy.fault = wait


def text(page: Page, name: str) -> Locator:
    """A field of this name."""
    return page.get_by_role("textbox", name=name, exact=True)


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    """A button of this name."""
    return page.get_by_role("button", name=name, exact=isinstance(name, str))


def told(page: Page, words: str | re.Pattern[str]) -> Locator:
    """What the page says is so."""
    return page.get_by_role("status").filter(has_text=words)


def choose(page: Page, name: str, option: str) -> None:
    """Takes an option of a list."""
    page.get_by_role("combobox", name=name, exact=True).select_option(label=option)


def preview(page: Page, title: str) -> Locator:
    """The panel with what the design looks like, when this is its title and it is up to date."""
    shown = page.get_by_role("region", name=title, exact=True)
    expect(shown).to_be_visible()
    expect(shown).not_to_have_attribute("aria-busy", "true")
    return shown


def open_design(visits: Visits, study: Launched, role: str = "operator", **options: Any) -> Page:
    """The empty page, opened by somebody with a fresh browser."""
    page = visits.open(link(study, role), **options)
    go_to(page, "Design")
    preview(page, "Nothing to show yet")
    return page


def file(content: str | bytes, name: str = "model.py") -> Any:
    """A file to be chosen."""
    return {"name": name, "mimeType": "", "buffer": content.encode() if isinstance(content, str) else content}


def choose_file(page: Page, name: str, content: str | bytes, file_name: str = "model.py") -> None:
    """Chooses a file where the page asks for one."""
    page.get_by_label(name, exact=True).set_input_files(file(content, file_name))


def drop(page: Page, name: str, content: str, file_name: str) -> None:
    """Drops a file where the page asks for one."""
    carried = page.evaluate_handle(
        """([content, name]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([content], name));
            return carried;
        }""",
        [content, file_name],
    )
    place = page.get_by_label(name, exact=True)
    for event in ("dragenter", "dragover", "drop"):
        place.dispatch_event(event, {"dataTransfer": carried})


def define(page: Page, name: str = "a", minimum: str = "0", maximum: str = "100", number: int = 1) -> None:
    """Fills a row of the factors."""
    text(page, f"Name of factor {number}").fill(name)
    text(page, f"Minimum of {name}").fill(minimum)
    text(page, f"Maximum of {name}").fill(maximum)


def small_study(page: Page, cases: int, model: str = DOUBLE) -> None:
    """Defines a study of one factor."""
    choose_file(page, "Model file", model)
    define(page)
    text(page, "Cases").fill(str(cases))
    preview(page, f"{cases:,} cases" if cases > 1 else "1 case")


def held_submissions(study: Launched) -> list[str]:
    """Submissions whose rest isn't sent yet."""
    s3 = study.command_line.cloud.client("s3")
    control = json.loads(s3.get_object(Bucket=study.bucket, Key="control.json")["Body"].read())
    held: list[str] = list(control["held_submissions"])
    return held


def review(page: Page) -> dict[str, str]:
    """Asks for the summary, and says what stands in it."""
    button(page, "Review and send …").click()
    return summary_of(page)


def summary_of(page: Page) -> dict[str, str]:
    """What stands in the summary, its details included."""
    summary = page.get_by_role("group", name="Summary")
    summary.get_by_text("Details", exact=True).click()
    expect(summary.get_by_text("Requests", exact=True)).to_be_visible()
    return dict(
        zip(
            summary.get_by_role("term").all_inner_texts(),
            summary.get_by_role("definition").all_inner_texts(),
            strict=True,
        )
    )


def save(page: Page, name: str) -> bytes:
    """What a button saves."""
    with page.expect_download() as download:
        button(page, name).click()
    return Path(download.value.path()).read_bytes()


def in_order(binary: Path, folder: Path, design: bytes, model: str | bytes, name: str = "model.py") -> bytes:
    """The table that the command line makes of a design."""
    (folder / name).write_bytes(model.encode() if isinstance(model, str) else model)
    path = folder / "design.json"
    path.write_bytes(design)
    ran = subprocess.run([binary, "design", path, "--csv", "-"], capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def ids(table: bytes) -> list[str]:
    """The ids in a table of cases."""
    return [row["case_id"] for row in csv.DictReader(io.StringIO(table.decode()))]


def has_pixels(page: Page, canvas: Locator) -> None:
    """That something is drawn, in more than one colour."""
    page.wait_for_function(
        """canvas => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size > 3;
        }""",
        arg=canvas.element_handle(),
    )


def queue(study: Launched) -> tuple[int, int]:
    """How many cases wait in the queue, and how many are in workers' hands."""
    return messages(study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"])


def check_each_arrived_once(study: Launched, batch: str, expected: list[str], taken: int = 0) -> None:
    """That the batch's table names exactly these cases, and the queue holds each once but for those taken out."""
    named = [row["case_id"] for row in table_of(study, batch)]
    assert sorted(named) == sorted(expected)
    # A worker that was ended while it asked for cases may have been given one.
    waiting, held = queue(study)
    assert waiting + held == len(expected) - taken
    arrived = [message["case_id"] for message in drain(study)]
    assert len(arrived) == len(set(arrived)) == waiting
    assert set(arrived) <= set(expected) and (held == 0 or taken > 0)


def check_said_at(page: Page, name: str, words: str) -> None:
    """That a field is marked as wrong, and described by these words; and that nothing can be seen or sent of it."""
    field = text(page, name)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(words)))
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()


MAX_STEPS = 40


@dataclasses.dataclass
class Hands:
    """Somebody with a keyboard and nothing else; each key, each text and each chosen file is a step."""

    page: Page
    steps: int = 0

    def press(self, key: str) -> None:
        """Presses a key."""
        self.steps += 1
        self.page.keyboard.press(key)

    def write(self, words: str) -> None:
        """Types words."""
        self.steps += 1
        self.page.keyboard.type(words)

    def tab_to(self, target: Locator) -> None:
        """Presses Tab until something is reached."""
        for _ in range(MAX_STEPS):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"not reached by keyboard: {target}")

    def choose(self, content: str) -> None:
        """Chooses a file in the field that has the focus."""
        for is_last in (False, False, True):
            try:
                with self.page.expect_file_chooser(timeout=7_000) as chooser:
                    self.press("Space")
            except TimeoutError:
                # A browser that is busy may not open its dialog at the first press: somebody presses again.
                if is_last:
                    raise
            else:
                chooser.value.set_files(file(content))
                return


def open_file(page: Page, content: str | bytes, name: str = "study.json") -> None:
    """Opens a design file."""
    choose_file(page, "Open a design file", content, name)
    expect(told(page, f"{name} was opened.")).to_be_visible()


LISTS = ("Method", "Size", "Optimised for")


def enter(page: Page, fields: dict[str, str]) -> None:
    """Fills fields, or takes options."""
    for name, value in fields.items():
        if name in LISTS or (name.startswith("Values of ") and name != "Values of a range"):
            choose(page, name, value)
        elif value == "press":
            button(page, name.removesuffix(" again")).click()
        else:
            text(page, name.removesuffix(" again")).fill(value)


A = {"Name of factor 1": "a", "Minimum of a": "0", "Maximum of a": "1"}


B = {"Add a factor": "press", "Name of factor 2": "b", "Minimum of b": "0", "Maximum of b": "1"}


def start_anew(page: Page) -> None:
    """Throws away what stands in the form."""
    button(page, "New").click()
    # A form in which nothing stands isn't asked about.
    question = page.get_by_role("dialog", name="Throw this draft away?")
    if question.is_visible():
        question.get_by_role("button", name="Throw it away").click()
    expect(text(page, "Name of factor 1")).to_have_value("")
    expect(text(page, "Batch")).to_have_value("")
    preview(page, "Nothing to show yet")


def take_table(page: Page) -> None:
    """Has points come from a table."""
    button(page, "A table of cases").click()


TABLE = "a,c[0],c[1],soil,level\n1,2.5,3,clay,0\n2,2.5,4,sand,1\n3,0,1,sand,1\n"


# Two columns as they are pasted from a spreadsheet that shows thousands with a comma, or thousandths.
PASTED = "a\tb\n50,000\t1,200\n75,000\t2,590\n"


def filled(page: Page) -> None:
    """A design that can be sent."""
    choose_file(page, "Model file", "x = {{c}}\n" + DOUBLE)
    define(page)
    button(page, "Add a constraint").click()
    text(page, "Constraint 1").fill("a <= 100")
    button(page, "Add the factor c").click()
    define(page, "c", number=2)
    text(page, "Vector length of c").fill("7")
    preview(page, "64 cases")
    page.get_by_text("Computing how evenly").wait_for(state="hidden")


def with_summary(page: Page) -> None:
    """What sending comes to."""
    filled(page)
    review(page)


def with_first_results(page: Page) -> None:
    """The first five are sent."""
    with_summary(page)
    button(page, "Send 5 first, then decide").click()
    expect(page.get_by_role("list", name="The first cases")).to_be_visible()


def send_all(page: Page, cases: int) -> None:
    """Sends everything of the summary."""
    button(page, f"Send all {cases}").click()
    expect(told(page, f"All {cases} cases were sent")).to_be_visible()


def sent(page: Page) -> None:
    """Everything is sent, and an earlier design looked for."""
    with_first_results(page)
    button(page, "Send the remaining 59").click()
    expect(told(page, "All 64 cases were sent")).to_be_visible()
    button(page, "Earlier …").click()
    expect(page.get_by_role("region", name="Designs that were submitted")).to_be_visible()
