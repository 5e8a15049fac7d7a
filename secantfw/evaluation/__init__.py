"""Measuring samples of a student and its teacher under every solver."""
