"""Bearing capacity of a strip footing on five layers of clay, with FLAC3D.

NOT RUN BY ITS AUTHORS: written from the vendor's documentation of FLAC3D 7.0 and 9.0. See README.md before using it.

Half of the footing is modelled, since both halves are the same, as a slice in plane strain. The clay is weightless and
undrained (Mohr-Coulomb with friction angle 0). The rough, rigid footing is pushed down at a constant speed until the
pressure under it no longer rises: that pressure is the bearing capacity.

Units: metres, pascals, newtons. x runs to the right from the footing's middle, y along the footing, z upwards from the
surface.

       z
       |<- B/2 ->|
       ===========_____________________________________
       |                    layer 1                    |
       |                    layer 2                    |    left: symmetry, no movement in x
       |                      ...                      |    right and bottom: fixed
       |                    layer 5                    |    front and back: no movement in y
       |_______________________________________________|--- x
"""

import itasca as it

# ---------------------------------------------------------------------------------------------------------------------
# What varies: Cruncher puts the case's own values in the place of the name in double braces.
# ---------------------------------------------------------------------------------------------------------------------

cohesion_of_layer = {{cohesion_array}}  # Pa, five values, from the top

# ---------------------------------------------------------------------------------------------------------------------
# What stays the same
# ---------------------------------------------------------------------------------------------------------------------

half_width = 1.0  # m, B/2
top_of_layer = [0.0, 0.5, 1.0, 1.5, 2.0]  # m below the surface; a layer ends where the next one begins
model_width = 20.0  # m, from the footing's middle
model_depth = 10.0  # m
thickness = 0.2  # m, of the slice

bulk = 2.0e8  # Pa; the elastic constants don't change the bearing capacity, only how far the footing sinks
shear = 1.0e8  # Pa

# Zones are 0.1 m wide and high near the footing and grow by a factor outwards.
zones_below_footing = 10
zones_beside_footing = 36
growth_beside_footing = 1.08
zones_in_layer = 5
zones_in_last_layer = 23
growth_in_last_layer = 1.10

speed = 1.0e-6  # m a step, downwards; faster gives too high a load
steps_a_reading = 1000
most_readings = 120
level_readings = 10  # the load counts as level when it changed by less than ...
level_change = 0.002  # ... this fraction over as many readings

# ---------------------------------------------------------------------------------------------------------------------
# The input is checked first
# ---------------------------------------------------------------------------------------------------------------------

layers, values = len(top_of_layer), len(cohesion_of_layer)
if values != layers:
    raise ValueError(f"{layers} cohesions are needed, one a layer, but {values} were given")
for number, cohesion in enumerate(cohesion_of_layer, start=1):
    if not cohesion > 0.0:
        raise ValueError(f"the cohesion of layer {number} must be greater than 0 Pa, but it is {cohesion}")

# ---------------------------------------------------------------------------------------------------------------------
# A new model; Python's variables must survive it
# ---------------------------------------------------------------------------------------------------------------------

it.command("python-reset-state false")
it.command("""
model new
model large-strain off
fish automatic-create off
""")

# ---------------------------------------------------------------------------------------------------------------------
# Zones: for each layer a block below the footing and one beside it. Blocks that touch share their gridpoints.
# ---------------------------------------------------------------------------------------------------------------------


def create_block(left, right, bottom, top, zones_wide, zones_high, ratio_x, ratio_z, group):
    """Fill a rectangle with zones, one zone thick; each zone is `ratio` times as large as the one before it."""
    it.command(
        f"zone create brick size {zones_wide} 1 {zones_high}"
        f" point 0 ({left},0,{bottom}) point 1 ({right},0,{bottom})"
        f" point 2 ({left},{thickness},{bottom}) point 3 ({left},0,{top})"
        f" ratio {ratio_x} 1.0 {ratio_z} group '{group}'"
    )


for layer, depth in enumerate(top_of_layer):
    last = layer == len(top_of_layer) - 1
    bottom = -model_depth if last else -top_of_layer[layer + 1]
    high = zones_in_last_layer if last else zones_in_layer
    ratio_z = 1.0 / growth_in_last_layer if last else 1.0  # counted from the bottom upwards
    group = f"layer-{layer + 1}"
    create_block(0.0, half_width, bottom, -depth, zones_below_footing, high, 1.0, ratio_z, group)
    create_block(
        half_width, model_width, bottom, -depth, zones_beside_footing, high, growth_beside_footing, ratio_z, group
    )

# ---------------------------------------------------------------------------------------------------------------------
# Material: the tension limit is high, so that the clay fails in shear alone
# ---------------------------------------------------------------------------------------------------------------------

it.command(f"""
zone cmodel assign mohr-coulomb
zone property bulk {bulk} shear {shear}
zone property friction 0.0 dilation 0.0 tension 1.0e10
""")
for layer, cohesion in enumerate(cohesion_of_layer):
    it.command(f"zone property cohesion {cohesion} range group 'layer-{layer + 1}'")

# ---------------------------------------------------------------------------------------------------------------------
# Boundary conditions, the last two for the footing: rough, so it holds the soil below it, but for its very edge
# ---------------------------------------------------------------------------------------------------------------------

it.command(f"""
zone face group 'footing' range position-x 0 {half_width} position-z 0
zone face apply velocity-normal 0.0 range position-x 0
zone face apply velocity-normal 0.0 range union position-y 0 position-y {thickness}
zone face apply velocity (0,0,0) range union position-x {model_width} position-z {-model_depth}
zone gridpoint fix velocity (0,0,{-speed}) range position-x 0 {half_width} position-z 0
zone gridpoint free velocity-x range position-x {half_width} position-z 0
""")

# ---------------------------------------------------------------------------------------------------------------------
# The load: the sum of the forces that hold the footing's gridpoints, over the area they stand for. That area reaches
# half a zone beyond the footing's edge, since the soil's velocity falls off only towards the next gridpoint.
# ---------------------------------------------------------------------------------------------------------------------

it.command(f"""
fish define find_footing
    global footing_points = gp.list(gp.isgroup(::gp.list,'footing'))
    local next_x = 1.0e20
    loop foreach local pnt gp.list
        if gp.pos.z(pnt) > -1.0e-6 then
            if gp.pos.x(pnt) > {half_width + 1.0e-6} then
                next_x = math.min(next_x,gp.pos.x(pnt))
            endif
        endif
    endloop
    global footing_area = 0.5 * ({half_width} + next_x) * {thickness}
    global pressure_now = 0.0
end
fish define footing_pressure
    local total = list.sum(gp.force.unbal(::footing_points)->z)
    pressure_now = total / footing_area
    footing_pressure = pressure_now
end
[find_footing]
fish history footing_pressure
model history mechanical ratio-local
""")

# ---------------------------------------------------------------------------------------------------------------------
# Push, read the load every so many steps, and stop when it is level
# ---------------------------------------------------------------------------------------------------------------------

settlements = []
loads = []
level = False
while not level and len(loads) < most_readings:
    it.command(f"model cycle {steps_a_reading}")
    it.command("[footing_pressure]")
    loads.append(float(it.fish.get("pressure_now")))
    settlements.append(speed * steps_a_reading * len(loads))
    progress(len(loads) / most_readings, f"settlement {1000.0 * settlements[-1]:.0f} mm, {loads[-1] / 1000.0:.0f} kPa")
    if len(loads) > level_readings:
        recent = loads[-level_readings:]
        level = max(recent) - min(recent) < level_change * abs(loads[-1])

# ---------------------------------------------------------------------------------------------------------------------
# The results
# ---------------------------------------------------------------------------------------------------------------------

result["end_load"] = loads[-1]  # Pa: average pressure under the footing at failure
result["end_load_per_metre"] = loads[-1] * 2.0 * half_width  # N a metre of footing
result["end_settlement_m"] = settlements[-1]
result["curve"] = {"settlement_m": settlements, "load_pa": loads}
result["warning"] = None
if not level:
    result["warning"] = "the load was still changing at the end: the true bearing capacity may differ"
    print("Warning:", result["warning"])

progress(1.0, "done")
print(f"bearing capacity {loads[-1] / 1000.0:.1f} kPa at a settlement of {1000.0 * settlements[-1]:.0f} mm")
