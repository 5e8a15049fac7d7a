"""What a run will cost before it begins: evaluations, arithmetic, memory, disk, time."""
