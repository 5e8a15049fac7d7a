"""Whether the objects of an experiment can work together, said before anything is spent."""
