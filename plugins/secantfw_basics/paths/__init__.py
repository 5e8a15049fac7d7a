"""Interpolants between data and noise."""
