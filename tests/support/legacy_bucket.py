"""A bucket of the predecessor, as it stands among the golden files."""

from __future__ import annotations

from pathlib import Path

from command_line import Launched
from local_cloud import REPOSITORY

GOLDEN = REPOSITORY / "tests/golden/legacy"


def upload(launched: Launched, folder: Path) -> dict[str, bytes]:
    """Puts the files of a folder into the bucket, each under its path, and returns them."""
    s3 = launched.command_line.cloud.client("s3")
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"]
    objects = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    for key, body in objects.items():
        s3.put_object(Bucket=launched.bucket, Key=key, Body=body)
    return objects
