"""Looks for crates and Python packages that were withdrawn, or that a security advisory names.

What could be checked is said in a line each, and so is what couldn't, and why: nothing passes for checked that wasn't.
Fails only for what was found. `make check` ends with this.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LOCKED_CRATE = re.compile(r'^name = "([^"]+)"\nversion = "([^"]+)"\nsource = ', re.MULTILINE)
ADVISORY_DATABASES = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo") / "advisory-dbs"
# What cargo-deny takes for too old, too.
MAX_DATABASE_AGE = timedelta(days=90)


class FoundError(Exception):
    """Something is withdrawn, or has an advisory."""


def run(*command: str | Path, folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end and keeps what it says."""
    # An empty configuration of git: nothing may ask for a password.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(  # noqa: S603
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def reason_of(answer: subprocess.CompletedProcess[str]) -> str:
    """The last line of what a program complained of: the cause stands at the end."""
    lines = [line.strip() for line in answer.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"the program ended with code {answer.returncode}"


def yanked_crates(scratch: Path) -> str:
    """Whether crates.io still offers all that Cargo.lock names.

    Cargo takes a yanked version from a lock file without a word. So it is asked for one anew, of a package that depends
    on exactly these versions.
    """
    crates = LOCKED_CRATE.findall((REPOSITORY / "Cargo.lock").read_text(encoding="utf-8"))
    (scratch / "src").mkdir(parents=True, exist_ok=True)
    (scratch / "src/lib.rs").write_text("", encoding="utf-8")
    (scratch / "Cargo.lock").unlink(missing_ok=True)
    (scratch / "Cargo.toml").write_text(
        '[package]\nname = "exactly-these-versions"\nedition = "2024"\n[workspace]\n[dependencies]\n'
        + "".join(
            f'p{place} = {{ package = "{name}", version = "={version}", default-features = false }}\n'
            for place, (name, version) in enumerate(crates)
        ),
        encoding="utf-8",
    )
    answer = run("cargo", "generate-lockfile", folder=scratch)
    if answer.returncode == 0:
        return f"yanked crates: none of {len(crates)}"
    if "is yanked" in answer.stderr:
        raise FoundError(f"yanked crates:\n{answer.stderr.strip()}")
    return f"yanked crates: not checked: {reason_of(answer)}"


def stored_database() -> datetime | None:
    """Of which day the newest advisory database on this machine is."""
    days = [
        datetime.fromisoformat(answer.stdout.strip())
        for database in ADVISORY_DATABASES.glob("advisory-db-*")
        if (answer := run("git", "-C", database, "log", "-1", "--format=%cI")).returncode == 0
    ]
    return max(days, default=None)


def advisories_of_crates() -> str:
    """What the RustSec database says, as it is now, or else as it was when it was fetched last."""
    title = "advisories of Rust crates:"
    fetched = run("cargo-deny", "fetch", "db")
    day = stored_database()
    if day is None:
        return f"{title} not checked: {reason_of(fetched)} (the database is a git repository, and none is stored here)"
    if datetime.now(timezone.utc) - day > MAX_DATABASE_AGE:
        return f"{title} not checked: {reason_of(fetched)} (the one that is stored here is too old, of {day:%Y-%m-%d})"
    answer = run("cargo-deny", "--workspace", "--offline", "check", "advisories")
    if answer.returncode != 0:
        raise FoundError(f"{title}\n{answer.stderr.strip()}")
    if fetched.returncode != 0:
        return f"{title} none, by the stored database of {day:%Y-%m-%d} (no newer one: {reason_of(fetched)})"
    return f"{title} none, by the database of {day:%Y-%m-%d}"


def advisories_of_python_packages() -> str:
    """What PyPI says of the packages of requirements.txt, asked by pip-audit."""
    title = "advisories of Python packages:"
    audit = Path(sys.executable).with_name("pip-audit")
    answer = run(
        audit, "--requirement", "requirements.txt", "--require-hashes", "--disable-pip",
        "--format", "json", "--progress-spinner", "off",
    )  # fmt: skip
    try:
        packages = json.loads(answer.stdout)["dependencies"]
    except (ValueError, KeyError):
        return f"{title} not checked: {reason_of(answer)}"
    found = [f"{p['name']} {p['version']}: {v['id']}" for p in packages for v in p.get("vulns", [])]
    if found:
        raise FoundError("\n  ".join([title, *found]))
    skipped = [package for package in packages if "skip_reason" in package]
    if not skipped:
        return f"{title} none of {len(packages)}"
    return f"{title} not checked: {len(skipped)} of {len(packages)}, the first: {skipped[0]['skip_reason']}"


def main() -> None:
    """Prints a line for each check; ends with an error for what was found."""
    scratch = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target") / "yanked"
    found = False
    checks: list[Callable[[], str]] = [
        partial(yanked_crates, scratch),
        advisories_of_crates,
        advisories_of_python_packages,
    ]
    for check in checks:
        try:
            print(check(), flush=True)
        except FoundError as problem:
            print(problem, file=sys.stderr, flush=True)
            found = True
    sys.exit(found)


if __name__ == "__main__":
    main()
