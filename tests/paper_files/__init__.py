"""Files of the formats that the paper's recipes ask for, in a small size, with random content.

The formats are the official ones to the letter: SiT's `.pt`, EDM's snapshots, diffusers'
AutoencoderKL, NVIDIA's TorchScript Inception, ADM's and EDM's statistics, shards of latents,
CIFAR-10's records. What is small are the networks, and how many items there are.
"""
