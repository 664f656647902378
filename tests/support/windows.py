"""The command line as a program of Windows, run by Wine; Windows itself isn't to be had here."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from local_cloud import REPOSITORY

TARGET = "x86_64-pc-windows-gnu"
COMPILER = "x86_64-w64-mingw32-gcc"


@contextmanager
def windows_program(folder: Path) -> Iterator[Path]:
    """A script that runs the program by Wine; the test is skipped where one cannot be made."""
    for needed in ("wine", "wineserver", COMPILER, "rustup"):
        if shutil.which(needed) is None:
            pytest.skip(f"there is no {needed} (Debian: apt-get install wine wine64 gcc-mingw-w64-x86-64)")
    targets = subprocess.run(
        ["rustup", "target", "list", "--installed"], cwd=REPOSITORY, capture_output=True, text=True
    )
    if TARGET not in targets.stdout.split():
        pytest.skip(f"Rust has no target {TARGET} (rustup target add {TARGET})")
    build = ["cargo", "build", "--quiet", "--package", "cruncher-cli", "--target", TARGET]
    subprocess.run(build, cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    program = folder / "cruncher.exe"
    shutil.copy(target / TARGET / "debug" / "cruncher.exe", program)
    # Wine 8 lacks this library; that of Windows is found in its own folder.
    library, source = folder / "bcryptprimitives.dll", REPOSITORY / "tests/support/bcryptprimitives.c"
    subprocess.run([COMPILER, "-shared", "-o", library, source, "-ladvapi32"], check=True)
    own = {"WINEPREFIX": str(folder / "wine"), "WINEDEBUG": "-all"}
    said = " ".join(f"{name}={shlex.quote(value)}" for name, value in own.items())
    script = folder / "cruncher"
    script.write_text(f'#!/bin/sh\n{said} exec wine {shlex.quote(str(program))} "$@"\n')
    script.chmod(0o755)
    try:
        yield script
    finally:
        subprocess.run(["wineserver", "-k"], env={**os.environ, **own}, check=False)
