"""The secant as a Monte Carlo mean of the teacher's tangents along its own trajectory."""
