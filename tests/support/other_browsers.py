"""Browsers of other engines than Chromium's, each by its protocol: Firefox by Marionette, WebKitGTK by WebDriver."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from local_cloud import free_port
from visit import PATIENCE_MS

# Where Debian puts it: no name of it is in PATH.
MINI_BROWSER = "*/webkit2gtk-4.*/MiniBrowser"
SIZE = (1440, 900)
COLOURS = """
const [canvas] = arguments, copy = document.createElement("canvas");
[copy.width, copy.height] = [canvas.width, canvas.height];
const context = copy.getContext("2d");
context.drawImage(canvas, 0, 0);
return new Set(new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer)).size;
"""


@dataclass
class OtherBrowser:
    """A browser, and what its driver calls differently."""

    # Of Marionette or Selenium, which have most names in common.
    driver: Any
    # A script, which gets a part of the page.
    run: Callable[[str, Any], Any]
    go_to: Callable[[str], None]

    def find(self, xpath: str) -> Any:
        """What is seen at this path, once something is."""
        return self.wait(f"{xpath} is seen", lambda: self._seen(xpath))

    def has_gone(self, xpath: str) -> None:
        """Waits until nothing is seen at this path."""
        self.wait(f"{xpath} is gone", lambda: self._seen(xpath) is None)

    def _seen(self, xpath: str) -> Any:
        try:
            return next((one for one in self.driver.find_elements("xpath", xpath) if one.is_displayed()), None)
        except Exception as error:
            # Each driver has its own class for what was drawn anew between two questions.
            if "stale" in f"{type(error).__name__} {error}".lower():
                return None
            raise

    def colours(self, canvas: Any) -> int:
        """How many colours are on a canvas."""
        return int(self.run(COLOURS, canvas))

    def press(self, name: str) -> None:
        """Presses a button."""
        self.find(f"//button[normalize-space()='{name}']").click()

    def visit(self, name: str) -> None:
        """Follows an entry of the rail."""
        self.find(f"//nav[@aria-label='Pages']//a[starts-with(normalize-space(), '{name}')]").click()

    def wait(self, what: str, look: Callable[[], Any]) -> Any:
        """What `look` finds, once it finds anything."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while not (found := look()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {PATIENCE_MS} ms: {what}")
            time.sleep(0.05)
        return found


@contextmanager
def firefox(profile: Path) -> Iterator[OtherBrowser]:
    """Firefox, gone when the block ends; the test is skipped where it isn't installed."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox isn't installed (Debian: apt-get install firefox-esr)")
    from marionette_driver.marionette import Marionette

    log = profile / "firefox.log"
    profile.mkdir()
    driver = Marionette(
        bin=program, headless=True, port=free_port(), startup_timeout=60, gecko_log=str(log), workspace=str(profile)
    )
    try:
        driver.start_session()
        driver.set_window_rect(width=SIZE[0], height=SIZE[1])
        yield OtherBrowser(driver, lambda script, part: driver.execute_script(script, [part]), driver.navigate)
    finally:
        driver.cleanup()


@contextmanager
def webkit() -> Iterator[OtherBrowser]:
    """WebKitGTK's small browser, gone when the block ends; the test is skipped where it isn't installed."""
    browsers, service = sorted(Path("/usr/lib").glob(MINI_BROWSER)), shutil.which("WebKitWebDriver")
    if not browsers or service is None or shutil.which("Xvfb") is None:
        pytest.skip("WebKitGTK's driver and Xvfb aren't installed (Debian: apt-get install webkit2gtk-driver xvfb)")
    from selenium.webdriver import WebKitGTK, WebKitGTKOptions
    from selenium.webdriver.webkitgtk.service import Service

    options = WebKitGTKOptions()
    options.binary_location = str(browsers[-1])
    options.add_argument("--automation")
    with display() as name:
        environment = {**os.environ, "DISPLAY": name}
        driver = WebKitGTK(options=options, service=Service(service, env=environment))
        try:
            driver.set_window_size(*SIZE)
            yield OtherBrowser(driver, driver.execute_script, driver.get)
        finally:
            driver.quit()


@contextmanager
def display() -> Iterator[str]:
    """The name of a screen that nobody sees."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield ":" + told.readline().strip()
    finally:
        server.terminate()
        server.wait()
