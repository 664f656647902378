"""Pictures of the demo."""

from __future__ import annotations

import json
import re
from pathlib import Path

from attached import attach
from command_line import accesses, demo
from enqueue import Queue, enqueue
from local_cloud import REPOSITORY, Key, client
from playwright.sync_api import Page, expect
from visit import Visits, go_to, go_to_all, progress

FOLDER = REPOSITORY / "docs/pictures"
FAKE_KEY = {"key_id": "AKIAIOSFODNN7EXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}


def pictures_of_the_demo(binary: Path, page_folder: Path, visits: Visits) -> None:
    """The demo while workers are attached, at work, and after cases of another batch have failed."""
    with demo(binary, page_folder) as (running, _):
        operator = running.wait_for(r"as operator +(\S+)")[1]
        endpoint_url, bucket = running.wait_for(r"^Cloud +(http\S+), bucket (\S+)$").groups()
        page = visits.open(operator, color_scheme="light")
        go_to(page, "Attach")
        python = page.get_by_role("textbox", name="the line for Python").inner_text()
        with attach(f'python3 -c "{python}"'):
            expect(page.get_by_role("region", name="Workers").get_by_role("row").nth(1)).to_contain_text("running")
            (access,) = accesses(operator)
            for part, example in FAKE_KEY.items():
                replace_text(page, access["worker"][part], example)
            page.screenshot(path=FOLDER / "attach.png")

        go_to(page, "Overview")
        # Some more than half, so that every part has something to show.
        expect(progress(page)).to_contain_text(re.compile(r"^(6[5-9]|[7-9]\d) of 120 done"), timeout=180_000)
        page.screenshot(path=FOLDER / "overview.png")

        key = Key(access["key_id"], access["secret"])
        s3, sqs = client("s3", endpoint_url, key), client("sqs", endpoint_url, key)
        config = json.loads(s3.get_object(Bucket=bucket, Key="public/config.json")["Body"].read())
        model = (REPOSITORY / "examples/layered_footing/footing.py").read_text()
        broken = model.replace("{{cohesion_array}}", "[{{cohesion_0}}, 2e5, 2e5, 2e5, 2e5]")
        cases: list[dict[str, int | str]] = [{"cohesion_0": -number * 10_000} for number in range(6)]
        enqueue(
            Queue(s3, sqs, bucket, config["queue_url"]),
            "soft-top-layer",
            broken,
            {1: cases},
            max_attempts=1,
            name="footing.py",
        )
        # The failed cases are of another batch than the one that is shown.
        go_to_all(page, "Errors")
        group = page.get_by_role("link", name=re.compile("the cohesion of layer 1 must be"))
        expect(group).to_contain_text("6 cases", timeout=180_000)
        group.click()
        expect(page.get_by_role("region", name="Traceback")).to_be_visible()
        page.screenshot(path=FOLDER / "errors.png")
        visits.close()


def replace_text(page: Page, text: str, other: str) -> None:
    """Shows `other` wherever `text` stands."""
    page.evaluate(
        """([text, other]) => {
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replaceAll(text, other);
        }""",
        [text, other],
    )
    assert text not in page.content()
