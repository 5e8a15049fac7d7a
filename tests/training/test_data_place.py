"""`[train] data`: wherever the items come from, a run's numbers are the same bits."""

from __future__ import annotations

import threading

import pytest
import torch

from secantfw import UserError
from secantfw.assembly import data_place
from secantfw.assembly.data_place import item_source
from secantfw.assembly.items import Prefetch, Read, Resident
from secantfw.experiment.schema import Train
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.records import DataSpec, Items

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


class Numbers(Dataset):
    """Item i is (i, -i); `bad` cannot be read."""

    spec = DataSpec((2,), num_classes=5)

    def __init__(self, bad: int | None = None):
        self.bad, self.threads = bad, set()

    def size(self, split):
        return 20

    def items(self, split, index):
        self.threads.add(threading.current_thread().name)
        if self.bad is not None and (index == self.bad).any():
            raise UserError(f"item {self.bad} cannot be read")
        return Items(torch.stack((index, -index), 1).float(), index % 5)


def indices(step):
    return (3 * step + torch.arange(3)) % 20


@pytest.mark.parametrize("source", [Prefetch, Resident])
def test_every_source_gives_what_reading_gives(source):
    read, other = Read(Numbers(), indices, CPU), source(Numbers(), indices, CPU)
    for step in (0, 1, 2, 7, 8, 3):  # as after a resume, and as a diagnosis asks again
        wanted, found = read.at(step), other.at(step)
        assert torch.equal(wanted.items.x_0, found.items.x_0)
        assert torch.equal(wanted.items.label, found.items.label)
        assert torch.equal(wanted.index, found.index)


def test_prefetching_reads_in_one_thread_of_its_own():
    data = Numbers()
    source = Prefetch(data, indices, CPU)
    for step in range(4):
        source.at(step)
    assert len(data.threads) == 1
    assert threading.current_thread().name not in data.threads


def test_an_item_that_cannot_be_read_ends_the_step_that_needs_it():
    source = Prefetch(Numbers(bad=4), indices, CPU)
    source.at(0)  # reads step 1 ahead, which fails there
    with pytest.raises(UserError, match="item 4"):
        source.at(1)


def options(**keys):
    return Train(**{"steps": 10, "batch_size": 4, **keys})


@pytest.mark.parametrize(
    ("device", "keys", "free", "expected"),
    [
        (CPU, {}, None, Read),
        (CPU, {"data": "device"}, None, Resident),
        (CUDA, {"data": "read"}, None, Read),
        (CUDA, {}, 4 * 20 * (2 * 4 + 8), Resident),  # exactly a quarter
        (CUDA, {}, 4 * 20 * (2 * 4 + 8) - 1, Prefetch),
        (CUDA, {}, None, Prefetch),
        (CUDA, {"steps": 4}, 10**9, Prefetch),  # 16 of 20 items are used
    ],
)
def test_auto_keeps_what_fits_and_is_used(monkeypatch, device, keys, free, expected):
    monkeypatch.setattr(data_place, "available_bytes", lambda device: free)
    assert item_source(options(**keys), Numbers(), device) is expected
