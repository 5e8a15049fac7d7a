"""Draws are functions of (seed, stream, step): paired between losses, resumable, independent."""

from __future__ import annotations

import pytest
import torch

from secantfw import Augmentation, Augmented, Cond, Dataset, DataSpec, Items
from secantfw.experiment.schema import Guidance
from secantfw.runtime.randomness import Streams, seed_of
from secantfw.sampling.draw import noise, starts
from secantfw.training.batches import BatchSource, Order


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


class Doubled(Augmentation):
    """Some numbers twice as large; the factor - 1 is told."""

    def __call__(self, x_0, draws):
        told = draws.rows(lambda n: torch.randint(2, (n, 1), generator=draws.rng)).float()
        return Augmented(x_0 * (1 + told), told)


def augmented_source(rows=None, seed=0, **guidance):
    streams = Streams(seed, torch.device("cpu"))
    guidance = Guidance(**guidance)
    return BatchSource(Numbers(), guidance, streams, seed, 8, rows, augmentation=Doubled())


def test_augmentation_is_a_function_of_seed_and_step_and_shifts_no_other_draw():
    one, other, plain = augmented_source(), augmented_source(), augmented_source()
    plain.augmentation = None
    for step in (0, 7, 3):
        a, b, p = one.batch(step), other.batch(step), plain.batch(step)
        assert torch.equal(a.x_0, b.x_0)
        assert torch.equal(a.x_0, p.x_0 * (1 + a.cond.augment))
        assert torch.equal(a.cond.augment, b.cond.augment)
        assert torch.equal(a.z, p.z)
        assert p.cond.augment is None
    told = torch.cat([one.batch(step).cond.augment for step in range(50)])
    assert 0.4 < told.mean() < 0.6


@pytest.mark.parametrize("guidance", [{}, {"label_dropout": 0.5, "range": (1.0, 3.0)}])
def test_every_condition_says_how_its_row_was_augmented(guidance):
    batch = augmented_source(**guidance).batch(2)
    assert torch.equal(batch.x_0, batch.index.unsqueeze(1) * (1 + batch.cond.augment))
    assert torch.equal(batch.cond.augment, batch.cond_data.augment)
    assert torch.equal(batch.rows(slice(2, 5)).cond.augment, batch.cond.augment[2:5])


def test_a_process_augments_its_rows_as_one_process_would():
    whole = augmented_source().batch(3)
    for rows in (range(3), range(3, 8)):
        part = augmented_source(rows).batch(3)
        assert torch.equal(part.x_0, whole.x_0[rows.start : rows.stop])
        assert torch.equal(part.cond.augment, whole.cond.augment[rows.start : rows.stop])


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
