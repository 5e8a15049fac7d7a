"""Laws of the training times that these losses need."""
