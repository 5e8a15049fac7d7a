"""The secant as a mean of the teacher's tangents along its own trajectory."""
