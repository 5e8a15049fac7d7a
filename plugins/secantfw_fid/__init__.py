"""Distances between samples and data: the Frechet distance, and the error of trajectories."""
