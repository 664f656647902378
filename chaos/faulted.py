"""Workers, page and program behind a network and a cloud that fail all the time."""

from __future__ import annotations

from contextlib import ExitStack
from random import Random

from chaos import numbers
from chaos.count import StudyReader
from chaos.entry import Entries, Entry, add_all
from chaos.looks import looks
from chaos.proxy import FaultyProxy, faulty_proxy
from chaos.surroundings import Surroundings
from chaos.waiting import is_soon
from chaos.workers import Crew

CASES, WORKERS, LEASE_SECS, LIMIT_SECS = 1000, 4, 10, 240
SHARE = 0.2
MODEL = "result['double'] = 2 * {{a}}\n"


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """A thousand cases, while every fifth request of whoever has to do with them goes wrong."""
    with ExitStack() as ending:
        proxy = ending.enter_context(faulty_proxy(surroundings.cloud, random))
        study = surroundings.launch(lease_secs=LEASE_SECS, through=proxy.url)
        sent, reader = numbers.send(study, MODEL, CASES), StudyReader(study)
        seen = ending.enter_context(looks(surroundings, study))
        proxy.senders = {study.key("worker").key_id: "worker", study.key("operator").key_id: "page"}
        proxy.requests.clear()
        proxy.share = SHARE
        crew = Crew(study, WORKERS, ending)
        is_soon("all cases have ended", lambda: reader.in_queue() == 0, LIMIT_SECS)
        entries = seen.disagreeing()
        proxy.share = 0
        crew.interrupt()
        contents, rows = reader.contents(), reader.rows_done()
        figure = numbers.lost(sent, contents) + numbers.wrong(sent, contents) + numbers.twice(rows)
    name = "faulted_cases_lost_or_wrong"
    add_all(entries, {name: Entry(figure, "cases", faults=dict(sorted(proxy.injected.items())), note=told(proxy))})
    return entries


def told(proxy: FaultyProxy) -> str:
    """How many requests there were."""
    requests, injected = proxy.requests.total(), proxy.injected.total()
    return f"{injected:,} of {requests:,} requests, {injected / max(requests, 1):.1%}"
