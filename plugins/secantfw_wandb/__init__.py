"""Log runs to Weights & Biases, where the environment asks for it."""
