"""Weights files of other projects that hold an EDM network."""
