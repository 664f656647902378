"""What each role may do, and nothing else: tried with each role's own key."""

from __future__ import annotations

from random import Random

from permissions import try_all

from chaos.entry import Entries, Entry
from chaos.surroundings import Surroundings

LEASE_SECS = 60


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """Two studies; each role of one of them tries everything in both."""
    own, other = (surroundings.launch(lease_secs=LEASE_SECS) for _ in range(2))
    found = try_all(own, other, random)
    notes = [f"wrongly allowed: {', '.join(found.wrongly_allowed)}"] if found.wrongly_allowed else []
    notes.append(f"wrongly denied: {', '.join(found.wrongly_denied) or 'nothing'}")
    entry = Entry(len(found.wrongly_allowed), "actions", faults=dict(found.counts), note="; ".join(notes))
    return {"wrongly_allowed": entry}
