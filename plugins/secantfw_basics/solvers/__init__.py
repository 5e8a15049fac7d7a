"""Numerical methods from noise to data and back."""
