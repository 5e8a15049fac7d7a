"""Strong baselines: a teacher's best solver, grid and guidance at each NFE, and its ceiling."""
