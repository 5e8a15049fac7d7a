"""Weights files: safetensors with a header, and foreign formats; nothing in them is executed."""
