"""Secant steps for CUDA: whole samples recorded as one graph, compiled steps, a fused kernel."""
