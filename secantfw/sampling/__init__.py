"""Fields that solvers integrate, guidance, NFE, and the drawing of numbered samples."""
