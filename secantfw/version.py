"""The version, and that of the plug-in API. Imports nothing."""

__version__ = "0.1.0"

#: The plug-in API this secantfw speaks; a plug-in module states the one it was written for.
PLUGIN_API = 1
