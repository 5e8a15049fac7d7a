"""Draws are functions of (seed, stream, step): paired between losses, resumable, independent."""

from __future__ import annotations

import torch

from secantfw import Cond, Dataset, DataSpec, Items
from secantfw.experiment.schema import Guidance
from secantfw.sampling.draw import noise, starts
from secantfw.training.batches import BatchSource, Order
from secantfw.training.randomness import Streams, seed_of


class Numbers(Dataset):
    """Item k is the number k, its class k mod 3."""

    spec = DataSpec((1,), 3)

    def size(self, split):
        return 10

    def items(self, split, index):
        return Items(index.float().unsqueeze(1), index % 3)


def source(seed=0, **guidance):
    streams = Streams(seed, torch.device("cpu"))
    return BatchSource(Numbers(), Guidance(**guidance), streams, seed, batch_size=4)


def test_a_batch_depends_on_seed_and_step_alone():
    one, other = source(label_dropout=0.3), source(label_dropout=0.3)
    for step in (0, 7, 3):
        a, b = one.batch(step), other.batch(step)
        assert torch.equal(a.z, b.z)
        assert torch.equal(a.x_0, b.x_0)
        assert torch.equal(a.cond.label, b.cond.label)
    assert not torch.equal(one.batch(0).z, one.batch(1).z)
    assert not torch.equal(one.batch(0).z, source(seed=1).batch(0).z)


def test_another_option_shifts_no_other_draw():
    """Label dropout and guidance have streams of their own: the noise stays paired."""
    plain, guided = source(), source(label_dropout=0.5, range=(1.0, 3.0))
    assert torch.equal(plain.batch(5).z, guided.batch(5).z)
    assert torch.equal(plain.batch(5).index, guided.batch(5).index)


def test_every_epoch_visits_every_item_once():
    order = Order(seed=0, size=10, batch_size=4)
    seen = torch.cat([order.indices(step) for step in range(5)])
    assert sorted(seen[:10].tolist()) == list(range(10))
    assert sorted(seen[10:].tolist()) == list(range(10))
    assert seen[:10].tolist() != seen[10:].tolist()


def test_no_two_steps_of_a_stream_share_a_seed_in_32_bits():
    seeds = {seed_of(0, "noise", step) & 0xFFFFFFFF for step in range(100_000)}
    assert len(seeds) == 100_000


def test_conditions_follow_the_guidance_table():
    batch = source(label_dropout=0.5, range=(1.0, 3.0)).batch(2)
    assert torch.equal(batch.cond.label, batch.index % 3)  # told its scale: labels stay
    assert ((batch.cond.guidance >= 1) & (batch.cond.guidance < 3)).all()
    assert torch.equal(batch.cond_data.guidance, torch.ones(4))
    dropped = torch.cat([source(label_dropout=0.5).batch(k).cond.label for k in range(200)])
    assert 0.4 < (dropped == 3).float().mean() < 0.6


def test_sample_k_is_the_same_in_every_batch_size():
    spec = DataSpec((2,), 3)
    whole = noise(spec, 0, range(200))
    for rows in (1, 7, 64, 100):
        parts = list(starts(spec, 0, 200, rows, torch.device("cpu")))
        assert {len(p.z) for p in parts} == {rows}  # the last block is filled up
        assert torch.equal(torch.cat([p.z for p in parts])[:200], whole)
        labels = torch.cat([p.cond.label for p in parts])[:200]
        assert labels.tolist() == [k % 3 for k in range(200)]
        assert [k for p in parts for k in p.numbers] == list(range(200))
    assert isinstance(parts[0].cond, Cond)
