"""Engines: one process, torch's DistributedDataParallel, and its fully_shard (FSDP2)."""
