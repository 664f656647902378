"""`cruncher design`: points by the real program, beside those of scipy, which shares no code with it."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist
from scipy.stats import qmc

SEEDS = range(1, 21)
CASE_COLUMNS = ["case_id", "level", "replicate"]


@dataclass(frozen=True)
class Sampler:
    """Lets the program sample the unit cube."""

    binary: Path
    folder: Path

    def __call__(self, kind: str, dimensions: int, cases: int, seed: int = 1, **options: Any) -> np.ndarray:
        """The points, a row each."""
        factor = {"name": "x", "count": dimensions, "minimum": 0, "maximum": 1}
        head, rows = self.table([factor], {"kind": kind, "cases": cases, **options}, seed)
        assert head == CASE_COLUMNS + [f"x[{dimension}]" for dimension in range(dimensions)]
        return np.array([[float(value) for value in row[len(CASE_COLUMNS) :]] for row in rows])

    def table(
        self, factors: list[dict[str, Any]], sampler: dict[str, Any], seed: int = 1
    ) -> tuple[list[str], list[list[str]]]:
        """The header of the table of cases, and its rows."""
        model = {"file": "m.py", "kind": "python"}
        design = {"batch": "b", "model": model, "factors": factors, "sampler": sampler, "seed": seed}
        (self.folder / "m.py").write_text("")
        (self.folder / "design.json").write_text(json.dumps(design))
        command = [str(self.binary), "design", "design.json", "--csv", "cases.csv"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        with (self.folder / "cases.csv").open(newline="") as lines:
            head, *rows = csv.reader(lines)
        return head, rows


@pytest.fixture
def sample(binary: Path, tmp_path: Path) -> Sampler:
    """The program as a sampler."""
    return Sampler(binary, tmp_path)


def discrepancy(points: np.ndarray) -> float:
    """The centred discrepancy, as scipy computes it."""
    return float(qmc.discrepancy(points, method="CD"))


def check_strata(points: np.ndarray) -> None:
    """Each interval of each dimension holds exactly one point."""
    count = len(points)
    strata = np.sort(np.floor(points * count).astype(int), axis=0)
    assert (strata == np.arange(count)[:, None]).all()


def check_same_mean(ours: Iterable[float], theirs: Iterable[float]) -> None:
    """Both means are those of one distribution: their difference is within four standard errors."""
    one, other = np.fromiter(ours, float), np.fromiter(theirs, float)
    error = np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    assert abs(one.mean() - other.mean()) < 4 * error


@pytest.mark.parametrize("options", [{}, {"optimised": "centred_discrepancy"}, {"optimised": "maximin"}])
@pytest.mark.parametrize(("dimensions", "cases"), [(3, 2), (2, 49), (5, 100), (10, 1000)])
def test_a_latin_hypercube_has_one_case_in_each_interval(
    sample: Sampler, dimensions: int, cases: int, options: dict[str, Any]
) -> None:
    """As numpy computes intervals, too: 49 is a number that divides and multiplies back badly."""
    points = sample("latin_hypercube", dimensions, cases, **options)
    assert points.shape == (cases, dimensions)
    check_strata(points)


@pytest.mark.filterwarnings("ignore:The balance properties of Sobol")
@pytest.mark.parametrize(("dimensions", "cases"), [(2, 1), (10, 1000), (256, 300)])
def test_the_sobol_sequence_is_that_of_scipy_bit_for_bit(sample: Sampler, dimensions: int, cases: int) -> None:
    """Direction numbers, order and the first point are the same."""
    theirs = qmc.Sobol(dimensions, scramble=False).random(cases)
    assert (sample("sobol", dimensions, cases, scrambled=False) == theirs).all()


@pytest.mark.parametrize("scrambled", [True, False])
def test_each_level_of_a_sobol_design_is_an_aligned_block(sample: Sampler, scrambled: bool) -> None:
    """Level L is the points number 2^L to 2^(L+1), excluded, with one in each of 2^L intervals of each dimension."""
    factor = {"name": "x", "count": 20, "minimum": 0, "maximum": 1}
    _, rows = sample.table([factor], {"kind": "sobol", "levels": [2, 7], "scrambled": scrambled})
    levels = np.array([int(row[1]) for row in rows])
    points = np.array([[float(value) for value in row[len(CASE_COLUMNS) :]] for row in rows])
    for level in range(2, 8):
        assert (levels == level).sum() == 2**level
        check_strata(points[levels == level])
    if not scrambled:
        assert (points == qmc.Sobol(20, scramble=False).random(256)[4:]).all()


@pytest.mark.parametrize("options", [{}, {"optimised": "maximin"}, {"doublings": 2}])
def test_choices_and_whole_numbers_of_a_latin_hypercube_come_equally_often(
    sample: Sampler, options: dict[str, Any]
) -> None:
    """Up to one; also where they don't divide the cases."""
    factors: list[dict[str, Any]] = [
        {"name": "soil", "levels": ["clay", "silt", "sand"]},
        {"name": "n", "minimum": 1, "maximum": 7, "integer": True},
        {"name": "x", "minimum": 0, "maximum": 1},
    ]
    head, rows = sample.table(factors, {"kind": "latin_hypercube", "cases": 25, **options})
    for name, levels in [("soil", 3), ("n", 7)]:
        _, counts = np.unique([row[head.index(name)] for row in rows], return_counts=True)
        assert len(counts) == levels
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize(
    ("factor", "steps", "expected"),
    [
        ({"minimum": 0, "maximum": 0.3}, 4, ["0.0", "0.1", "0.2", "0.3"]),
        ({"minimum": 0.1, "maximum": 0.9}, 9, [f"0.{tenth}" for tenth in range(1, 10)]),
        (
            {"minimum": 1e-3, "maximum": 1e3, "scale": "log"},
            7,
            ["0.001", "0.01", "0.1", "1.0", "10.0", "100.0", "1000.0"],
        ),
    ],
)
def test_a_grid_has_the_decimals_that_somebody_would_type(
    sample: Sampler, factor: dict[str, Any], steps: int, expected: list[str]
) -> None:
    """As the table of cases has them, and so the case's identity."""
    _, rows = sample.table([{"name": "x", **factor}], {"kind": "full_grid", "steps": steps})
    assert [row[len(CASE_COLUMNS)] for row in rows] == expected


@pytest.mark.parametrize(("dimensions", "cases"), [(2, 1), (10, 1000), (100, 300)])
def test_the_halton_sequence_is_that_of_scipy(sample: Sampler, dimensions: int, cases: int) -> None:
    """But for the last digit, which scipy rounds once for each digit of a base."""
    theirs = qmc.Halton(dimensions, scramble=False).random(cases)
    assert np.abs(sample("halton", dimensions, cases, scrambled=False) - theirs).max() < 1e-15


@pytest.mark.parametrize(
    ("kind", "peer"),
    [
        ("random", lambda dimensions, count, seed: np.random.default_rng(seed).random((count, dimensions))),
        ("latin_hypercube", lambda dimensions, count, seed: qmc.LatinHypercube(dimensions, rng=seed).random(count)),
        ("sobol", lambda dimensions, count, seed: qmc.Sobol(dimensions, rng=seed).random(count)),
        ("halton", lambda dimensions, count, seed: qmc.Halton(dimensions, rng=seed).random(count)),
    ],
    ids=["random", "latin_hypercube", "sobol", "halton"],
)
@pytest.mark.parametrize(("dimensions", "cases"), [(2, 64), (6, 256)])
def test_points_are_as_even_as_those_of_scipy(
    sample: Sampler, kind: str, peer: Callable[[int, int, int], np.ndarray], dimensions: int, cases: int
) -> None:
    """On average over the seeds, within the error of such an average."""
    ours = [discrepancy(sample(kind, dimensions, cases, seed)) for seed in SEEDS]
    check_same_mean(ours, [discrepancy(peer(dimensions, cases, seed)) for seed in SEEDS])


@pytest.mark.parametrize(("dimensions", "cases"), [(3, 20), (5, 100)])
def test_an_optimised_latin_hypercube_is_more_even_than_the_best_of_scipy(
    sample: Sampler, dimensions: int, cases: int
) -> None:
    """Each of ours beats each of scipy's."""
    peer = [qmc.LatinHypercube(dimensions, optimization="random-cd", rng=seed).random(cases) for seed in SEEDS[:5]]
    ours = [sample("latin_hypercube", dimensions, cases, seed, optimised="centred_discrepancy") for seed in SEEDS[:5]]
    assert max(map(discrepancy, ours)) <= min(map(discrepancy, peer))


def test_a_maximin_latin_hypercube_keeps_its_cases_apart(sample: Sampler) -> None:
    """Farther than any of a hundred random ones."""
    theirs = [pdist(qmc.LatinHypercube(5, rng=seed).random(100)).min() for seed in range(100)]
    ours = [pdist(sample("latin_hypercube", 5, 100, seed, optimised="maximin")).min() for seed in SEEDS[:5]]
    assert min(ours) > 1.5 * max(theirs)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("random", {}), ("sobol", {}), ("sobol", {"scrambled": False}), ("halton", {}), ("halton", {"scrambled": False})],
)
def test_more_cases_begin_with_the_same_ones(sample: Sampler, kind: str, options: dict[str, Any]) -> None:
    """A sequence can be continued."""
    assert (sample(kind, 4, 70, **options) == sample(kind, 4, 200, **options)[:70]).all()


def test_random_and_scrambled_points_are_uniform_and_uncorrelated(sample: Sampler) -> None:
    """The probability of a wrong alarm is one in a thousand for seeds that nobody has tried."""
    points = sample("random", 4, 5000)
    assert min(stats.kstest(column, "uniform").pvalue for column in points.T) > 1e-3 / 4
    pairs = [(first, second) for second in range(4) for first in range(second)]
    assert min(stats.pearsonr(points[:, i], points[:, j]).pvalue for i, j in pairs) > 1e-3 / 6
    for kind in ["sobol", "halton"]:
        first_points = np.array([sample(kind, 4, 1, seed)[0] for seed in SEEDS])
        assert min(stats.kstest(column, "uniform").pvalue for column in first_points.T) > 1e-3 / 4
