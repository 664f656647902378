"""Picture of a study of commands, each machine kind with its pool."""

from __future__ import annotations

import re

from attached import attach
from command_line import CommandLine
from local_cloud import REPOSITORY
from playwright.sync_api import expect
from studies import line_of, link
from visit import Visits, progress

FOLDER = REPOSITORY / "docs/pictures"
EXAMPLE = REPOSITORY / "examples/commands"
SMALL, LARGE = "t2-small", "c5-large"


def pictures_of_commands(cruncher: CommandLine, visits: Visits) -> None:
    """The Overview, while a machine of one kind is done and one of the other is at work."""
    study = cruncher.launch()
    for pool in (SMALL, LARGE):
        assert cruncher.run("pool", "add", study.study, pool).code == 0
    folder = cruncher.page.parent
    table = folder / "jobs.csv"
    # As in the example, and more of them: longer tours for the larger machine.
    small = [f"t2.small,anneal --seed {seed} --steps 2000" for seed in range(1, 13)]
    large = [f"c5.large,anneal --seed {seed} --steps 60000 --cities 60" for seed in range(1, 13)]
    table.write_text("\n".join(["instance_type,command", *small, *large]) + "\n")
    options = ("--batch", "tours", "--result-file", "results.csv", "--progress-output", "--yes")
    ran = cruncher.run("enqueue", study.study, str(table), *options)
    assert ran.code == 0, ran.err

    def line(pool: str) -> str:
        return f"export PATH={EXAMPLE / 'bin'}:$PATH; " + line_of(study).replace("')\"", f"', pool='{pool}')\"")

    page = visits.open(link(study), color_scheme="light")
    pools = page.get_by_role("list", name="Pools").get_by_role("listitem")
    with attach(line(SMALL)), attach(line(LARGE)):
        expect(pools.nth(2)).to_contain_text(re.compile(r"^t2-small12 of 12"), timeout=120_000)
        expect(pools.nth(1)).to_contain_text(re.compile(r"^c5-large\d of 12.*1 running"), timeout=120_000)
        expect(progress(page)).to_be_visible()
        for element in page.get_by_text(study.study, exact=True).all():
            element.evaluate("element => element.textContent = 'tours'")
        page.screenshot(path=FOLDER / "pools.png")
