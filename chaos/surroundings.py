"""What every ordeal needs: a cloud, the program, the page, a browser, a folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from built import built_page, built_program
from command_line import CommandLine, Launched, write_page
from local_cloud import LocalCloud
from playwright.sync_api import Browser
from visit import chromium


@dataclass(frozen=True)
class Surroundings:
    """All of it is gone when the ordeal is over."""

    command_line: CommandLine
    browser: Browser
    folder: Path

    @property
    def cloud(self) -> LocalCloud:
        """The cloud."""
        return self.command_line.cloud

    def launch(self, *, lease_secs: int, max_receives: int = 20, through: str = "") -> Launched:
        """A fresh study. `through` is the address of a proxy that its workers, its page and the program use."""
        command_line = self.command_line
        if through:
            command_line = Detour(command_line.binary, command_line.cloud, command_line.page, address=through)
        # The page is packed once: by `configure`, which also reads the lease.
        page, stand_in = command_line.page, self.folder / "stand-in"
        write_page(stand_in, "one")
        command_line.page = stand_in
        study = command_line.launch()
        command_line.page = page
        change_stack(study, lease_secs, max_receives)
        ran = command_line.run("configure", study.study)
        assert ran.code == 0, ran.err  # noqa: S101 - nothing can be measured without it
        return study


@dataclass
class Detour(CommandLine):
    """The program, by way of a proxy."""

    address: str = ""

    def arguments(self, *arguments: str) -> list[str]:
        """The whole command."""
        direct = self.cloud.endpoint_url
        return [self.address if part == direct else part for part in super().arguments(*arguments)]


def change_stack(study: Launched, lease_secs: int, max_receives: int) -> None:
    """Changes the two parameters that a user may change."""
    cloudformation, stack = study.command_line.cloud.client("cloudformation"), f"cruncher-{study.study}"
    values = {
        "Study": study.study,
        "LeaseSecs": str(lease_secs),
        "MaxReceives": str(max_receives),
        "RequireTls": "false",
        "RequireFirstWriter": "false",
    }
    cloudformation.update_stack(
        StackName=stack,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
    )
    waiter = cloudformation.get_waiter("stack_update_complete")
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """A cloud of its own on loopback, and a browser."""
    program, page = built_program(), built_page()
    with ExitStack() as ending:
        # A process of a killed worker may write into it for some seconds.
        made = tempfile.TemporaryDirectory(prefix="cruncher-chaos-", ignore_cleanup_errors=True)
        folder, browser = ending.enter_context(made), ending.enter_context(chromium())
        copy = shutil.copytree(page, Path(folder) / "dist")
        cloud = LocalCloud()
        try:
            yield Surroundings(CommandLine(program, cloud, copy), browser, Path(folder))
        finally:
            cloud.stop()
