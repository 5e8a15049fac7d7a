"""A local plug-in with a mistake in it."""

raise RuntimeError("two lines\nof text")
