"""Training: the loop, its batches, update, average and checkpoints."""
