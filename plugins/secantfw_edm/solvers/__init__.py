"""Samplers in EDM's coordinates x / alpha, whose time is the noise level."""
