"""Laws of the training times."""
