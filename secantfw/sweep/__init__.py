"""Many runs of one experiment: a grid, points, seeds; stopped and gone on with at will."""
