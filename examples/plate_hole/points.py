"""The points of a mesh around a hole: rings that lie closer to one another where stresses change most."""

import math

# What the model finds behind these names is a point's place, in m.
names = ["x", "y"]

RADIUS = 0.1
RINGS = 8
ANGLES = 7


def get_points():
    """A quarter of the plate: the rest is symmetric."""
    points = []
    for ring in range(RINGS):
        distance = RADIUS * 1.3**ring
        for step in range(ANGLES):
            angle = math.radians(90.0 * step / (ANGLES - 1))
            points.append((distance * math.cos(angle), distance * math.sin(angle)))
    return points
