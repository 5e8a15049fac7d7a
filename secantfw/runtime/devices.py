"""Devices: which there are, what they are called, their memory, generators and events.

Everything over torch.accelerator, so that CUDA, XPU and whatever torch learns are one thing.
What it has not (names, memory, generators), a device's own module has under names that all share;
where one lacks a name, nobody knows, and that is what is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from secantfw.errors import UserError

#: Times of samples are computed in float64, which these have not.
_WITHOUT_FLOAT64 = ("mps",)


def accelerator() -> torch.device | None:
    """The kind of device beside the CPU that this machine has and secantfw can use, without a
    number."""
    if not torch.accelerator.is_available():
        return None
    found = torch.accelerator.current_accelerator()
    if found is None or found.type in _WITHOUT_FLOAT64:
        return None
    return torch.device(found.type)


def chosen(wanted: str) -> torch.device:
    """The device that `train.device` names; `auto` is the accelerator where there is one.

    Raises:
        UserError: it is not here; those that are stand in the message.
    """
    here = accelerator()
    if wanted == "auto":
        return here or torch.device("cpu")
    kind, _, number = wanted.partition(":")
    if kind in _WITHOUT_FLOAT64:
        lacks = "it has no float64, in which times of samples are computed"
        raise UserError(f"'{wanted}' was asked for, and {lacks}; take 'cpu'")
    count = 1 if kind == "cpu" else _count(kind)
    if kind != "cpu" and not count:
        there = ", ".join(f"'{one}'" for one in ("auto", *([here.type] if here else [])))
        what = f"this machine has no {kind.upper()} device; take {there} or 'cpu'"
        raise UserError(f"'{wanted}' was asked for, and {what}")
    if number and int(number) >= count:
        has = f"this machine has {count} of them; the last is '{kind}:{count - 1}'"
        raise UserError(f"'{wanted}' was asked for, and {has}")
    return torch.device(wanted)


def is_accelerator(wanted: str) -> bool:
    """Whether `train.device` names one, or would take the one that is here."""
    return wanted != "cpu" and (wanted != "auto" or accelerator() is not None)


def take_own(number: int) -> str:
    """Make the accelerator that falls to process `number` of this machine the current one.

    Returns the backends of torch.distributed for tensors here.
    """
    here = accelerator()
    if here is None:
        return "gloo"
    if select := _of(here, "set_device"):
        select(number % _count(here.type))
    backend = torch.distributed.get_default_backend_for_device(here.type)
    return "gloo" if backend == "gloo" else f"cpu:gloo,{here.type}:{backend}"


def name_of(device: torch.device) -> str:
    """`NVIDIA H200`; the kind of device where it has no name of its own."""
    named = _of(device, "get_device_name")
    return str(named(device)) if named else device.type


def synchronise(device: torch.device) -> None:
    """Wait until all that was asked of the device is done."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def free_bytes(device: torch.device) -> int | None:
    """Memory of an accelerator that can still be had; None where nobody can say."""
    free = _of(device, "mem_get_info")
    return int(free(device)[0]) if free else None


def most_bytes(device: torch.device) -> int | None:
    """The most memory of an accelerator that this process has had; None where nobody can say."""
    most = _of(device, "max_memory_allocated")
    return int(most(device)) if most else None


def pins() -> bool:
    """Whether a copy from pinned memory to the accelerator can go on beside other work."""
    return accelerator() is not None


def generator_states() -> dict[str, Tensor]:
    """Of every accelerator that was used, by `cuda:0`, `cuda:1` ..."""
    here = accelerator()
    if here is None or not _used(here):
        return {}
    state = _of(here, "get_rng_state")
    assert state is not None
    devices = (torch.device(here.type, number) for number in range(_count(here.type)))
    return {str(device): state(device) for device in devices}


def load_generator_states(states: Mapping[str, Tensor]) -> None:
    """Take back what `generator_states` gave; devices that are not here are left out."""
    here = accelerator()
    for number in range(0 if here is None else _count(here.type)):
        device = torch.device(here.type, number)  # type: ignore[union-attr]
        state = states.get(str(device))
        if state is not None:
            load: Any = _of(device, "set_rng_state")
            load(state, device)


def _count(kind: str) -> int:
    """How many devices of a kind are here."""
    here = accelerator()
    return torch.accelerator.device_count() if here is not None and here.type == kind else 0


def _used(device: torch.device) -> bool:
    """Whether something has been asked of it: an idle one is not woken for its states."""
    started = _of(device, "is_initialized")
    return started is None or bool(started())


def _of(device: torch.device, name: str) -> Any:
    """A function of the device's own module of torch; None where that has none of the name."""
    return None if device.type == "cpu" else getattr(getattr(torch, device.type, None), name, None)
