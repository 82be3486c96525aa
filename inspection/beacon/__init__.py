"""Where randomness comes from: parties, dice, public beacons."""
