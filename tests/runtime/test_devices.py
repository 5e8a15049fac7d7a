"""Devices by name, over a stand-in for torch.accelerator: two of a kind that is not here."""

from types import SimpleNamespace

import pytest
import torch

from secantfw.errors import UserError
from secantfw.runtime import devices


@pytest.fixture
def two(monkeypatch):
    """Two XPUs, whose generators hold their numbers."""
    states = {0: torch.tensor([0]), 1: torch.tensor([1])}
    module = SimpleNamespace(
        is_initialized=lambda: module.used,
        used=True,
        selected=None,
        set_device=lambda number: setattr(module, "selected", number),
        get_device_name=lambda device: f"Arc {device.index or 0}",
        mem_get_info=lambda device: (5, 9),
        max_memory_allocated=lambda device: 7,
        get_rng_state=lambda device: states[device.index],
        set_rng_state=lambda state, device: states.__setitem__(device.index, state),
        states=states,
    )
    monkeypatch.setattr(torch, "xpu", module)
    stand_in = SimpleNamespace(
        is_available=lambda: True,
        current_accelerator=lambda: torch.device("xpu"),
        device_count=lambda: 2,
    )
    monkeypatch.setattr(torch, "accelerator", stand_in)
    return module


@pytest.fixture
def none(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


def test_auto_is_the_accelerator_where_there_is_one(two):
    assert devices.chosen("auto") == torch.device("xpu")
    assert devices.chosen("cpu") == torch.device("cpu")
    assert devices.chosen("xpu:1") == torch.device("xpu", 1)
    assert devices.is_accelerator("auto")
    assert not devices.is_accelerator("cpu")


def test_auto_leaves_a_device_without_float64_alone(two, monkeypatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("mps"))
    assert devices.chosen("auto") == torch.device("cpu")
    assert not devices.is_accelerator("auto")


def test_auto_is_the_cpu_elsewhere(none):
    assert devices.chosen("auto") == torch.device("cpu")
    assert not devices.is_accelerator("auto")
    assert devices.generator_states() == {}
    assert devices.take_own(3) == "gloo"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("cuda", "this machine has no CUDA device; take 'auto', 'xpu' or 'cpu'"),
        ("xpu:2", "this machine has 2 of them; the last is 'xpu:1'"),
        ("mps", "it has no float64, in which times of samples are computed; take 'cpu'"),
        ("cpu:1", "this machine has 1 of them; the last is 'cpu:0'"),
    ],
)  # fmt: skip
def test_what_is_not_here_is_said_with_what_is(two, wanted, said):
    with pytest.raises(UserError) as caught:
        devices.chosen(wanted)
    assert str(caught.value) == f"'{wanted}' was asked for, and {said}"


def test_names_and_memory_are_those_of_the_device(two):
    one = torch.device("xpu", 1)
    assert devices.name_of(one) == "Arc 1"
    assert (devices.free_bytes(one), devices.most_bytes(one)) == (5, 7)
    assert devices.name_of(torch.device("cpu")) == "cpu"
    assert devices.free_bytes(torch.device("cpu")) is None


def test_a_device_that_does_not_say_is_not_asked(two):
    del two.mem_get_info, two.get_device_name
    assert devices.free_bytes(torch.device("xpu")) is None
    assert devices.name_of(torch.device("xpu")) == "xpu"


def test_generators_come_back_by_number(two):
    saved = devices.generator_states()
    assert saved.keys() == {"xpu:0", "xpu:1"}
    two.states[1] = torch.tensor([9])
    devices.load_generator_states({"xpu:1": saved["xpu:1"], "xpu:7": torch.tensor([7])})
    assert two.states[1].item() == 1
    two.used = False
    assert devices.generator_states() == {}


def test_each_process_of_a_machine_takes_its_own(two, monkeypatch):
    monkeypatch.setattr(
        torch.distributed, "get_default_backend_for_device", lambda kind: "xccl", raising=False
    )
    assert devices.take_own(3) == "cpu:gloo,xpu:xccl"
    assert two.selected == 1
