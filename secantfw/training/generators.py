"""The global random generators, for third-party code that draws from them.

secantfw's own draws are functions of (seed, stream, step) and need none of this.
"""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Tensor

from secantfw.parallel.group import Group
from secantfw.runtime.devices import generator_states, load_generator_states
from secantfw.runtime.randomness import seed_of


def seed_global(seed: int, step: int = 0, rank: int = 0) -> None:
    """Seed torch (every device), numpy and Python, each with a stream of its own.

    Processes draw different numbers: the rows that they compute are different ones.
    """
    which = f"/process-{rank}" if rank else ""
    torch.manual_seed(seed_of(seed, f"global/torch{which}", step))
    np.random.seed(seed_of(seed, f"global/numpy{which}", step) & 0xFFFFFFFF)
    random.seed(seed_of(seed, f"global/python{which}", step))


def gathered_state(group: Group) -> dict[str, Tensor]:
    """`global_state` of every process; those of others than the main one as `process-R/NAME`."""
    found: dict[str, Tensor] = {}
    for rank, state in enumerate(group.gather(global_state())):
        found.update({_of_process(rank) + name: value for name, value in state.items()})
    return found


def load_gathered_state(state: dict[str, Tensor], seed: int, step: int, group: Group) -> None:
    """Take back this process's; one more than there were is seeded by (seed, step)."""
    prefix = _of_process(group.processes.rank)
    own = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
    if "torch" in own:
        load_global_state(own)
    else:
        seed_global(seed, step, group.processes.rank)


def _of_process(rank: int) -> str:
    return f"process-{rank}/" if rank else ""


def global_state() -> dict[str, Tensor]:
    """The state of all of them, as tensors by name."""
    _, key, position, has_gauss, gauss = np.random.get_state(legacy=True)
    _, words, python_gauss = random.getstate()
    found = {
        "torch": torch.get_rng_state(),
        "numpy/key": torch.from_numpy(np.asarray(key).astype(np.int64)),
        "numpy/position": torch.tensor([position, has_gauss], dtype=torch.int64),
        "numpy/gauss": torch.tensor([gauss], dtype=torch.float64),
        "python/words": torch.tensor(words, dtype=torch.int64),
        "python/gauss": torch.tensor(
            [] if python_gauss is None else [python_gauss], dtype=torch.float64
        ),
    }
    return found | generator_states()


def load_global_state(state: dict[str, Tensor]) -> None:
    """Take back what `global_state` gave; devices that are not here are left out."""
    torch.set_rng_state(state["torch"])
    position, has_gauss = state["numpy/position"].tolist()
    key = state["numpy/key"].numpy().astype(np.uint32)
    np.random.set_state(("MT19937", key, position, has_gauss, state["numpy/gauss"].item()))
    gauss = state["python/gauss"].tolist()
    words = tuple(state["python/words"].tolist())
    random.setstate((3, words, gauss[0] if gauss else None))
    load_generator_states(state)
