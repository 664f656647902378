"""Plotting libraries that others use in pages, and how long they take to redraw a scatter.

Each comes from its package, at a pinned version whose digest is known, by the machine's `npm`; once on a machine.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize

VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
SCRIPT = Path(__file__).resolve().parent / "peers.js"
FETCH_SECS = 300


class PeerError(Exception):
    """A library that isn't there, said in one line."""


@dataclass(frozen=True)
class Peer:
    """A library."""

    name: str
    package: str
    version: str
    # Of the package.
    sha256: str
    # In the package: what a page loads.
    script: str
    style: str | None = None

    def add_to(self, page: Page) -> None:
        """Loads it into a page."""
        page.add_script_tag(path=self._file(self.script))
        if self.style is not None:
            page.add_style_tag(path=self._file(self.style))

    def _file(self, name: str) -> Path:
        folder = cache() / f"{self.package}-{self.version}"
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as scratch:
                self._fetch(Path(scratch))
        return folder / Path(name).name

    def _fetch(self, scratch: Path) -> None:
        """Fills its folder, which is there as a whole or not at all."""
        command = ["npm", "pack", "--silent", f"{self.package}@{self.version}"]
        try:
            subprocess.run(  # noqa: S603 - a package that is named below
                command,
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=True,
                timeout=FETCH_SECS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PeerError(f"{self.name} could not be fetched: {error}") from error
        (packed,) = scratch.glob("*.tgz")
        digest = hashlib.sha256(packed.read_bytes()).hexdigest()
        if digest != self.sha256:
            raise PeerError(f"{packed.name} has the digest {digest}, not {self.sha256}")
        files = scratch / "files"
        files.mkdir()
        with tarfile.open(packed) as package:
            for name in filter(None, (self.script, self.style)):
                content = package.extractfile(f"package/{name}")
                if content is None:
                    raise PeerError(f"{packed.name} has no {name}")
                (files / Path(name).name).write_bytes(content.read())
        files.rename(cache() / f"{self.package}-{self.version}")


UPLOT = Peer(
    "uPlot",
    "uplot",
    "1.6.32",
    "4b8a8191e425658e3ea8c8c1314b0fc679c861ee3a1af2b20c7b16ba50b5133d",
    "dist/uPlot.iife.min.js",
    "dist/uPlot.min.css",
)
PLOTLY = Peer(
    "Plotly",
    "plotly.js-dist-min",
    "4.1.2",
    "4d4a67f627e33fa3b5296134210d5ba51e5312d7d287436fcc29eb533018e1b8",
    "plotly.min.js",
)
PEERS = (UPLOT, PLOTLY)


def cache() -> Path:
    """Where the libraries are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cruncher/peers"


@contextmanager
def peer_page(browser: Browser, peer: Peer, points: int) -> Iterator[Page]:
    """A page in which a library has plotted so many points."""
    with browser.new_context(viewport=VIEWPORT) as context:
        page = context.new_page()
        peer.add_to(page)
        page.add_script_tag(path=SCRIPT)
        page.evaluate("([peer, points]) => prepare(peer, points)", [peer.name, points])
        yield page


def redraws_ms(page: Page, repeats: int) -> list[float]:
    """The times of redraws after a filter changed that nine tenths of the points pass, in milliseconds.

    From the change of the filter, the choice of the points included, to the start of the second animation frame after
    the library has done what it was told: the frame with the points was handed on by then, and a pixel that is read
    back makes sure that WebGL has drawn. The two frames are 17 to 33 ms in which a fast library only waits.
    """
    found: list[float] = page.evaluate("repeats => redraws(repeats)", repeats)
    return found
