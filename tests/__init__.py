"""A package: `python -m tests.faults` is this one, not another distribution's `tests`."""
