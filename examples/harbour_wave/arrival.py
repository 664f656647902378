"""When does the wave arrive? A question that came up later: it needs the gauges of the cases, and no new wave."""

import csv
from pathlib import Path

THRESHOLD = 0.1  # of the gauge's highest level

with Path("outputs/gauges.csv").open() as file:
    rows = list(csv.DictReader(file))
for gauge in list(rows[0])[1:]:
    levels = [float(row[gauge]) for row in rows]
    arrived = next(
        (row["time_s"] for row, level in zip(rows, levels, strict=True) if level > THRESHOLD * max(levels)), None
    )
    result["arrival_" + gauge.replace("gauge_", "at_") + "_s"] = None if arrived is None else float(arrived)
result["amplification"] = result["harbour_level_m"] / parameters["wave_height_m"]
