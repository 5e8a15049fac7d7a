"""Numerical methods for tangents beyond the basics: adaptive ODE solvers, and SDE solvers."""
