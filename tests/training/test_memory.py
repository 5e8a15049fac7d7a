"""Bytes that are alive, and bytes that are left."""

import torch

from secantfw.forecast.cost import HEAP, StepCost
from secantfw.runtime import memory
from secantfw.runtime.memory import PeakBytes


def test_the_peak_is_what_was_alive_at_once():
    kept = torch.empty(1000, device="meta")
    with PeakBytes([kept]) as alive:
        a = kept * 2  # 4,000 bytes
        view = a[:10].view(2, 5)
        b = a + 1  # 8,000
        del a, view
        assert alive.current == 4000
        b.mul_(3)
        c = torch.empty(500, dtype=torch.float64, device="meta")  # 8,000 again
        del b, c
        kept.view(10, 100)
    assert alive.peak == 8000
    assert alive.current == 0


def test_memory_left_is_the_machines_or_the_containers(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")
    assert memory._available_here(tmp_path / "meminfo") == 2048 * 1024
    assert memory._available_here(tmp_path / "none") is None
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._left_in_group(tmp_path) is None
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("2000\n")
    assert memory._left_in_group(tmp_path) == 3000


def test_a_cpu_takes_more_than_the_tensors_of_a_step_and_a_gpu_does_not():
    cost = StepCost("3F 1B", 0, 0, 0, weight_bytes=1000, gradient_bytes=200, step_bytes=600)
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert cost.bytes() == cost.bytes_on(gpu) == 1600
    assert cost.bytes_on(cpu) == 1000 + round(HEAP * 600)
    assert cost.bytes_on(gpu, half=True) == 1300
    assert cost.bytes_on(cpu, half=True) == 1000 + round(HEAP * 300)
