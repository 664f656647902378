"""Attaches workers to a study where an engine starts programs: Slurm, containers, AWS Batch, Kubernetes. Python 3.6+.

    CRUNCHER_ADDRESS=https://BUCKET.s3.REGION.amazonaws.com python3 start.py

What it needs stands in the environment, and no secret anywhere else:

CRUNCHER_ADDRESS   the bucket's address, of which the Attach page shows the lines
CRUNCHER_KEY_FILE  a file of mode 600 with the worker's key, which `cruncher attach-script --key-file` writes: two
                   lines, CRUNCHER_KEY_ID=… and CRUNCHER_SECRET=…; or these two themselves, as engines hand out secrets
CRUNCHER_WORKERS   the number of workers, 1 unless said otherwise
CRUNCHER_POOL      the pool whose cases they take, the study's own unless said otherwise

SIGTERM, with which engines say stop, makes the workers give their cases back to the queue at once, say so, and end:
another worker takes them. So the time that an engine leaves them need not be long: 30 s are enough.
"""

import os
import stat
import sys
import time
import urllib.request
from typing import Any, Dict, Tuple


def key() -> Tuple[str, str]:
    """The worker's key, which no process that a case starts finds in its environment."""
    key_id, secret = os.environ.pop("CRUNCHER_KEY_ID", ""), os.environ.pop("CRUNCHER_SECRET", "")
    if key_id and secret:
        return key_id, secret
    path = os.path.expanduser(os.environ.get("CRUNCHER_KEY_FILE") or "~/.cruncher/worker.key")
    try:
        if os.name == "posix" and stat.S_IMODE(os.stat(path).st_mode) & 0o077:
            sys.exit("cruncher: {0} can be read by others; chmod 600 {0}".format(path))
        with open(path) as file:
            told = dict(line.strip().split("=", 1) for line in file if "=" in line)
    except OSError as error:
        sys.exit("cruncher: the worker's key can't be read: {}".format(error))
    if not (told.get("CRUNCHER_KEY_ID") and told.get("CRUNCHER_SECRET")):
        sys.exit("cruncher: {} has no lines CRUNCHER_KEY_ID=… and CRUNCHER_SECRET=…".format(path))
    return told["CRUNCHER_KEY_ID"], told["CRUNCHER_SECRET"]


def worker(address: str) -> str:
    """The program of the worker, which the study's bucket serves."""
    trouble: Any = None
    for pause_secs in (1, 2, 4, 8, 0):
        try:
            with urllib.request.urlopen(address + "/public/attach.py", None, 20) as answer:
                return str(answer.read(), "utf-8")
        except Exception as error:  # noqa: BLE001 - whatever it is, the next try may succeed
            trouble = error
            time.sleep(pause_secs)
    sys.exit("cruncher: the worker can't be fetched from {}: {}".format(address, trouble))


def options() -> Dict[str, Any]:
    """What the workers are asked beside their key."""
    try:
        told: Dict[str, Any] = {"workers": int(os.environ.get("CRUNCHER_WORKERS") or "1")}
    except ValueError:
        sys.exit("cruncher: CRUNCHER_WORKERS is no whole number")
    if os.environ.get("CRUNCHER_POOL", "main") not in ("", "main"):
        told["pool"] = os.environ["CRUNCHER_POOL"]
    return told


ADDRESS = os.environ.get("CRUNCHER_ADDRESS", "").rstrip("/")
if not ADDRESS.startswith(("http://", "https://")):
    sys.exit("cruncher: CRUNCHER_ADDRESS is not set: it is the address of the study's bucket")
ASKED = options()
exec(worker(ADDRESS), globals())
globals()["attach"](ADDRESS + "/public/config.json", *key(), **ASKED)
