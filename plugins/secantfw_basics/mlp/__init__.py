"""A small two-time network for vectors."""
