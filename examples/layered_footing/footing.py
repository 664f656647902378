r"""Bearing capacity of a strip footing on five layers of clay, by slip circles.

A long, shallow footing of width B stands on undrained clay (friction angle 0). It fails by turning, together with the
soil below it, about a point beside it: the soil slips along a circle through the footing's edge. A circle resists with
the cohesion along its arc. The load that overcomes it follows from the balance of moments about its centre:

                        radius^2 * sum(cohesion of a layer * angle of the arc within that layer)
    pressure  =  ------------------------------------------------------------------------------------
                  footing width * horizontal distance from the footing's middle to the circle's centre

Many circles are tried. The circle with the least pressure decides: it is an upper bound of the true bearing capacity.
The soil's own weight is the same on both sides of the circle's centre, so it cancels and appears nowhere.

Units: metres, pascals, radians. x runs to the right from the footing's left edge, depths run down from the surface.

            |<-- B -->|
            ===========_________________________   surface
      left  \                             /        layer 1
      edge   \ . . . . . . . . . . . . . / . . .   layer 2
              \                         /
                `-.                 .-'            and so on; the last layer has no bottom
                    ` - . _____ . -'
"""

import math

# ---------------------------------------------------------------------------------------------------------------------
# What varies: Cruncher puts the case's own values in the place of the name in double braces.
# ---------------------------------------------------------------------------------------------------------------------

cohesion_of_layer = {{cohesion_array}}  # Pa, five values, from the top

# ---------------------------------------------------------------------------------------------------------------------
# What stays the same
# ---------------------------------------------------------------------------------------------------------------------

footing_width = 2.0  # m
top_of_layer = [0.0, 0.5, 1.0, 1.5, 2.0]  # m below the surface; a layer ends where the next one begins

smallest_radius = 0.55 * footing_width  # m; below 0.5 B a circle from the left edge can't hold the whole footing
largest_radius = 30.0 * footing_width  # m; wide enough for cohesions that differ by a factor of 10, see README.md

# How many circles are tried: radii times positions. Twice the fineness takes four times as long.
fineness = parameters.get("fineness", 1.0)
number_of_radii = max(8, round(300 * fineness))
number_of_positions = max(8, round(6000 * fineness))


# ---------------------------------------------------------------------------------------------------------------------
# The mechanics
# ---------------------------------------------------------------------------------------------------------------------


def check_input():
    """Stop with a message that says what is wrong, before anything is computed."""
    layers, values = len(top_of_layer), len(cohesion_of_layer)
    if values != layers:
        raise ValueError(f"{layers} cohesions are needed, one a layer, but {values} were given")
    for number, cohesion in enumerate(cohesion_of_layer, start=1):
        if not (cohesion > 0.0 and math.isfinite(cohesion)):
            raise ValueError(f"the cohesion of layer {number} must be a number greater than 0 Pa, but it is {cohesion}")


def failure_pressure(radius, half_angle):
    """Return the pressure (Pa) under the footing that makes it turn about the centre of one circle.

    The circle passes through the footing's left edge. `half_angle` is the angle at its centre, from straight down to
    that edge: below 90 degrees the centre lies above the surface, beyond 90 degrees below it.
    """
    centre_x = radius * math.sin(half_angle)
    centre_height = radius * math.cos(half_angle)  # above the surface

    # Go down from layer to layer. The arc lies below a given depth within some angle on both sides of straight down;
    # the difference between a layer's top and its bottom is the part of the arc in that layer.
    cohesion_times_angle = 0.0
    angle_at_top = half_angle
    for layer, cohesion in enumerate(cohesion_of_layer):
        angle_at_bottom = 0.0
        if layer + 1 < len(top_of_layer):
            cosine = (centre_height + top_of_layer[layer + 1]) / radius
            if cosine < 1.0:
                angle_at_bottom = math.acos(cosine)
        cohesion_times_angle += cohesion * 2.0 * (angle_at_top - angle_at_bottom)
        if angle_at_bottom == 0.0:
            break  # the circle doesn't reach the next layer
        angle_at_top = angle_at_bottom

    resisting_moment = radius * radius * cohesion_times_angle
    lever_arm = centre_x - footing_width / 2.0
    return resisting_moment / (footing_width * lever_arm)


def half_angles(radius):
    """Return the positions to try for a radius: those where the circle's other end lies beyond the footing."""
    least = math.asin(footing_width / (2.0 * radius))
    step = (math.pi - 2.0 * least) / (number_of_positions + 1)
    return [least + step * number for number in range(1, number_of_positions + 1)]


# ---------------------------------------------------------------------------------------------------------------------
# The search: for each radius the position with the least pressure, then the radius with the least pressure
# ---------------------------------------------------------------------------------------------------------------------

check_input()

radii = []
loads = []  # the least pressure for each radius
best = None  # pressure, radius and half angle of the circle with the least pressure so far
at_the_edge = False  # whether the best circle lies at the end of what was searched

growth = (largest_radius / smallest_radius) ** (1.0 / (number_of_radii - 1))
for number in range(number_of_radii):
    radius = smallest_radius * growth**number
    positions = half_angles(radius)
    pressures = [failure_pressure(radius, half_angle) for half_angle in positions]
    least_pressure = min(pressures)
    position = pressures.index(least_pressure)

    radii.append(radius)
    loads.append(least_pressure)
    if best is None or least_pressure < best[0]:
        best = (least_pressure, radius, positions[position])
        at_the_edge = number in (0, number_of_radii - 1) or position in (0, number_of_positions - 1)
    if number % 10 == 0:
        progress(number / number_of_radii, f"circle radius {number + 1} of {number_of_radii}")

# ---------------------------------------------------------------------------------------------------------------------
# The results
# ---------------------------------------------------------------------------------------------------------------------

end_load, critical_radius, critical_angle = best

result["end_load"] = end_load  # Pa: average pressure under the footing at failure
result["end_load_per_metre"] = end_load * footing_width  # N a metre of footing
result["critical_radius_m"] = critical_radius
result["critical_depth_m"] = critical_radius * (1.0 - math.cos(critical_angle))  # deepest point of the circle
result["critical_width_m"] = 2.0 * critical_radius * math.sin(critical_angle)  # from the left edge to its other end
result["curve"] = {"radius_m": radii, "load_pa": loads}
result["warning"] = None
if at_the_edge:
    result["warning"] = "the critical circle lies at the end of the search range: the true minimum may be lower"
    print("Warning:", result["warning"])

progress(1.0, "done")
print(f"bearing capacity {end_load / 1000.0:.1f} kPa, circle of {critical_radius:.2f} m radius")
