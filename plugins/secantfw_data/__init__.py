"""Data sets: embedded Fashion-MNIST, Gaussian mixtures with a closed-form tangent, folders, arrays."""
