"""From a TOML file to a resolved experiment. Imports no torch; nothing in a file is executed."""
