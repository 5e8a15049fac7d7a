"""The pieces every experiment needs: paths, time samplers, solvers, a network for vectors."""
