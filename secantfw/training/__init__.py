"""Building an experiment and training it: the loop, its randomness, update, checkpoints."""
