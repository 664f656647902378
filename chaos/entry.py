"""The figures of `make chaos`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """One figure, what it has to be, and which faults were injected while it was measured."""

    # None: it can't be measured here, and the note says why.
    figure: int | None
    unit: str
    must_be: int = 0
    faults: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether it is what it has to be; None if it wasn't measured."""
        return None if self.figure is None else self.figure == self.must_be

    def __add__(self, other: Entry) -> Entry:
        """Both together: figures and faults are added up."""
        figures = [entry.figure for entry in (self, other) if entry.figure is not None]
        notes = dict.fromkeys(entry.note for entry in (self, other) if entry.note)
        faults = dict(Counter(self.faults) + Counter(other.faults))
        return Entry(sum(figures) if figures else None, self.unit, self.must_be, faults, "; ".join(notes))


Entries = dict[str, Entry]


def add_all(entries: Entries, more: Entries) -> None:
    """Adds up what has the same name."""
    for name, entry in more.items():
        entries[name] = entries[name] + entry if name in entries else entry
