"""How fast points are chosen in a browser, and how good they are, beside SciPy and pyDOE3.

The Design page of a study in a fresh local cloud opens design files in Chromium. It says how long its worker took to
choose the points, and what their centred discrepancy is. The peers do the same natively, in Python on the same machine.
Prints one JSON object with the figures.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyDOE3
from scipy.stats import qmc

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests/support"))

from built import built_page, built_program  # noqa: E402 - found by the line above
from command_line import CommandLine  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402
from playwright.sync_api import Page, expect  # noqa: E402
from studies import link  # noqa: E402
from visit import chromium  # noqa: E402

SEEDS = range(1, 6)
LARGE = (1_000_000, 10)
OPTIMISED = (1_000, 5)


def design(cases: int, dimensions: int, seed: int, **sampler: Any) -> bytes:
    """A design file."""
    factor = {"name": "x", "count": dimensions, "minimum": 0, "maximum": 1}
    document = {
        "batch": "bench",
        "model": {"file": "model.py", "kind": "python"},
        "factors": [factor],
        "sampler": {"kind": "latin_hypercube", "cases": cases, **sampler},
        "seed": seed,
    }
    return json.dumps(document).encode()


def chosen_in_ms(page: Page, file: bytes, cases: int) -> float:
    """How long the page's worker took to choose the points of a design file."""
    preview = page.get_by_role("region", name=f"{cases:,} cases")
    page.get_by_label("Open a design file").set_input_files(
        {"name": "design.json", "mimeType": "application/json", "buffer": file}
    )
    expect(preview).to_have_attribute("aria-busy", "false", timeout=120_000)
    found = re.search(r"chosen in ([\d,.]+) ms", preview.inner_text())
    assert found is not None  # noqa: S101 - no figure without it
    return float(found[1].replace(",", ""))


def discrepancy(page: Page) -> float:
    """The centred discrepancy, as the page says."""
    value = page.get_by_role("term").filter(has_text="Centred discrepancy").locator("xpath=following-sibling::dd")
    expect(value).to_have_text(re.compile(r"e-"), timeout=120_000)
    # Behind it, in brackets, stands what others have.
    return float(value.inner_text().partition(" ")[0])


def in_ms(choose: Callable[[int], Any]) -> list[float]:
    """How long a peer takes, for each seed."""
    times = []
    for seed in SEEDS:
        start = time.perf_counter()
        choose(seed)
        times.append((time.perf_counter() - start) * 1000)
    return times


def large(page: Page) -> dict[str, Any]:
    """A million points."""
    cases, dimensions = LARGE
    # Each design has another number of points, so that its preview isn't taken for that of the one before.
    ours = [chosen_in_ms(page, design(cases - seed, dimensions, seed), cases - seed) for seed in SEEDS]
    scipy = in_ms(lambda seed: qmc.LatinHypercube(dimensions, rng=seed).random(cases))
    pydoe = in_ms(lambda seed: pyDOE3.lhs(dimensions, samples=cases, seed=seed))
    peers = {"scipy": statistics.median(scipy), "pyDOE3": statistics.median(pydoe)}
    note = f"median of {len(SEEDS)}, the first took {ours[0]:.0f} ms; peers natively"
    return {"lhs_1m_ms": entry(statistics.median(ours), "ms", min(peers.values()), peers, note)}


def optimised(page: Page) -> dict[str, Any]:
    """Optimised Latin hypercubes: time and discrepancy."""
    cases, dimensions = OPTIMISED
    times, ours, theirs = [], [], []
    for seed in SEEDS:
        file = design(cases + seed, dimensions, seed, optimised="centred_discrepancy")
        times.append(chosen_in_ms(page, file, cases + seed))
        ours.append(discrepancy(page))

    def random_cd(seed: int) -> None:
        sampler = qmc.LatinHypercube(dimensions, optimization="random-cd", rng=np.random.default_rng(seed))
        theirs.append(float(qmc.discrepancy(sampler.random(cases + seed), method="CD")))

    scipy = statistics.median(in_ms(random_cd))
    mean = statistics.mean(theirs)
    note = f"{cases:,} x {dimensions}, {len(SEEDS)} seeds; peer natively"
    return {
        "lhs_optimised_ms": entry(statistics.median(times), "ms", scipy, {"scipy random-cd": scipy}, f"median, {note}"),
        "lhs_optimised_discrepancy": entry(
            statistics.mean(ours), "CD²", mean, {"scipy random-cd": mean}, f"mean, {note}"
        ),
    }


def entry(figure: float, unit: str, budget: float, peers: dict[str, float], note: str) -> dict[str, Any]:
    """One line of the table."""
    digits = float(f"{figure:.4g}")
    return {"figure": digits, "unit": unit, "budget": budget, "peers": peers, "note": note}


def main() -> None:
    """Measures, and prints the figures."""
    program, folder = built_program(), built_page()
    cloud = LocalCloud()
    try:
        study = CommandLine(program, cloud, folder).launch()
        with chromium() as browser, browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{link(study)}")
            page.get_by_role("navigation", name="Pages").get_by_role("link", name="Design").click()
            figures = large(page) | optimised(page)
    finally:
        cloud.stop()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
