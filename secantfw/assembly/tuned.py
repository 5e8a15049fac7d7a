"""The name that baselines go by, among rows, files and series. Imports no torch."""

#: The solver of a series of baselines: at each NFE the strongest that a search has found.
TUNED = "tuned solver"
