"""Weights files of other projects that hold a SiT network."""
