"""A long wave runs over a shelf into a harbour: linear shallow water in one dimension, on a staggered grid."""

import configparser
import csv
from itertools import pairwise
from pathlib import Path

GRAVITY = 9.81
CELL_M, STEP_S = 100.0, 1.0


def read_depths(cells):
    """The depth in the middle of each cell, between the points of the chart."""
    with Path("data/depths.csv").open() as file:
        points = [(float(row["distance_m"]), float(row["depth_m"])) for row in csv.DictReader(file)]
    depths = []
    for cell in range(cells):
        place = (cell + 0.5) * CELL_M
        (left, depth), (right, next_depth) = next(pair for pair in pairwise(points) if place <= pair[1][0])
        depths.append(depth + (next_depth - depth) * (place - left) / (right - left))
    return depths


def svg(levels):
    """The highest level along the way, as a picture."""
    top = max(levels)
    points = " ".join(
        f"{10 + 380 * i / len(levels):.1f},{110 - 100 * level / top:.1f}" for i, level in enumerate(levels)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 120" width="400" height="120">'
        f'<polyline points="{points}" fill="none" stroke="#1f6feb" stroke-width="2"/>'
        f'<text x="10" y="14" font-size="11" font-family="sans-serif">highest level, up to {top:.2f} m</text></svg>'
    )


scenario = configparser.ConfigParser()
scenario.read("scenario.ini")
height_m, length_m = (scenario.getfloat("wave", name) for name in ("height_m", "length_m"))
gauges = [int(float(one) / CELL_M) for one in scenario["run"]["gauges_m"].split(",")]
steps = int(scenario.getfloat("run", "end_s") / STEP_S)

cells = 200
depths = read_depths(cells)
level, flow, highest = [0.0] * cells, [0.0] * (cells + 1), [0.0] * cells
period_s = length_m / (GRAVITY * depths[0]) ** 0.5
with Path("outputs/gauges.csv").open("w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["time_s", *(f"gauge_{int((cell + 0.5) * CELL_M)}_m" for cell in gauges)])
    for step in range(steps):
        time_s = step * STEP_S
        # A single crest comes in from the sea; the harbour's wall lets nothing through.
        crest_m = height_m * 4.0 * (time_s / period_s) * (1.0 - time_s / period_s) if time_s < period_s else 0.0
        flow[0] = crest_m * (GRAVITY * depths[0]) ** 0.5
        for i in range(1, cells):
            flow[i] -= STEP_S / CELL_M * GRAVITY * 0.5 * (depths[i - 1] + depths[i]) * (level[i] - level[i - 1])
        for i in range(cells):
            level[i] -= STEP_S / CELL_M * (flow[i + 1] - flow[i])
            highest[i] = max(highest[i], level[i])
        table.writerow([f"{time_s:g}", *(f"{level[cell]:.5f}" for cell in gauges)])
        if step % 100 == 0:
            progress(step / steps, f"{time_s:g} s of {steps * STEP_S:g} s")

Path("outputs/highest.svg").write_text(svg(highest))
result["harbour_level_m"] = highest[-1]
