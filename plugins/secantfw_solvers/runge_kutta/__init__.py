"""Methods that ask between the ends of a step."""
