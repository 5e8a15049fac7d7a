"""Finding plug-ins, and the registry of what they bring. Imports no torch."""
