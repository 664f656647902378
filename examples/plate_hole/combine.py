"""Makes one table of all points: what a plotting program or a spreadsheet reads."""

import csv
import json

file_extension = "csv"


def combine(files, output):
    """Writes a row a point, in the order of the mesh."""
    with open(output, "w", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(["x", "y", "radial", "tangential", "shear"])
        for name in files:
            with open(name) as document:
                case = json.load(document)
            point, stresses = case["parameters"], case["result"]
            rows.writerow([point["x"], point["y"], stresses["radial"], stresses["tangential"], stresses["shear"]])
    print("combined", len(files), "points")
