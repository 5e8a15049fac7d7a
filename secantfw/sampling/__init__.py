"""Fields that solvers integrate, guidance, and the drawing of numbered samples."""
