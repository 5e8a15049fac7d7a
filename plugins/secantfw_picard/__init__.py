"""The four secant losses of arXiv:2505.14502, and the tangent loss they grow from."""
