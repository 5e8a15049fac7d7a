"""`secantfw baselines`: the strongest solvers, grids and guidance of a teacher, by halving."""
