"""The objects of an experiment, built from its components."""
