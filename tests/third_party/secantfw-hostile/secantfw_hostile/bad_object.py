"""Its entry point names an object of this module."""

hooks = object()
