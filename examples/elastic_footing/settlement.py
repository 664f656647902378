# How far a rigid circular footing settles on elastic ground (a half-space):
#
#     s = pi/4 * p * D * (1 - nu^2) / E
#
# S. P. Timoshenko, J. N. Goodier: Theory of Elasticity, McGraw-Hill, 3rd edition, 1970, section 139.
#
# Each name in double braces is a factor: every case has a value of its own there.
import math

pressure = {{pressure}}  # Pa, for instance 50e3 to 300e3
diameter = {{diameter}}  # m, for instance 1 to 5
stiffness = {{stiffness}}  # Pa, Young's modulus, for instance 10e6 to 100e6
poissons_ratio = 0.3

settlement = math.pi / 4 * pressure * diameter * (1 - poissons_ratio**2) / stiffness

# What stands in result is kept, and can be plotted.
result["settlement"] = settlement  # m
result["load"] = pressure * math.pi * diameter**2 / 4  # N
