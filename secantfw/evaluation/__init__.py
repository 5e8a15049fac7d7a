"""Sampling a trained student and its teacher under every solver, and measuring the samples."""
