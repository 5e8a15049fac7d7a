"""Data sets: embedded Fashion-MNIST, Gaussian mixtures, folders of images, arrays."""
