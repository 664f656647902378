# Stresses at a point of a wide plate with a round hole, which is pulled along x:
#
#     G. Kirsch, Die Theorie der Elastizität und die Bedürfnisse der Festigkeitslehre, VDI-Z 42 (1898) 797-807;
#     S. P. Timoshenko, J. N. Goodier: Theory of Elasticity, McGraw-Hill, 3rd edition, 1970, section 35.
import math

x, y = {{x}}, {{y}}  # m
pull = 100e6  # Pa
radius = 0.1  # m

distance, angle = math.hypot(x, y), math.atan2(y, x)
ratio = (radius / distance) ** 2
# The last digit of a point on the rim may lie inside.
ratio = min(ratio, 1.0)

result["radial"] = pull / 2 * (1 - ratio + (1 - 4 * ratio + 3 * ratio**2) * math.cos(2 * angle))  # Pa
result["tangential"] = pull / 2 * (1 + ratio - (1 + 3 * ratio**2) * math.cos(2 * angle))  # Pa
result["shear"] = -pull / 2 * (1 + 2 * ratio - 3 * ratio**2) * math.sin(2 * angle)  # Pa
