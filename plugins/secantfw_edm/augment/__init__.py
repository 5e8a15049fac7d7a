"""EDM's augmentation pipe: pictures, and what was done to each."""
