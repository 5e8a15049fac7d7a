"""Stochastic sampling: the SDEs that share their marginals with the probability-flow ODE."""
