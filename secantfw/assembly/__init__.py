"""The objects of an experiment, built from its components and checked with each other."""
