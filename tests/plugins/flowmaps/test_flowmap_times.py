"""The laws of times that the flow-map losses need."""

from __future__ import annotations

import math

import pytest
import torch
from secantfw_flowmaps.options import DyadicOptions, ToDataOptions, WithTangentsOptions
from secantfw_flowmaps.times.dyadic import Dyadic
from secantfw_flowmaps.times.to_data import ToData
from secantfw_flowmaps.times.with_tangents import WithTangents

from secantfw import TimesNeed
from secantfw.testing.fixed_point import KS_LIMIT, ks_uniform
from secantfw.testing.reference_paths import ShortenedLine, StraightLine

N = 10_000


def draw(sampler, path=None, progress=0.0):
    rng = torch.Generator().manual_seed(0)
    return sampler.sample(N, TimesNeed(), path or StraightLine(), rng, progress)


def share_of(rows):
    return float(rows.float().mean())


@pytest.mark.parametrize("law", ["uniform", "logit_normal"])
def test_with_tangents_orders_two_independent_times_of_one_law(law):
    times = draw(WithTangents(WithTangentsOptions(law=law, tangent_share=0.0)))
    assert (times.s <= times.t).all()
    both = torch.cat((times.t, times.s)).double()
    u = both if law == "uniform" else torch.special.ndtr(both.logit() + 0.4)
    assert ks_uniform(u) < KS_LIMIT
    late = u[:N].square()  # the larger of two uniform numbers has P(max < u) = u^2
    assert ks_uniform(late) < KS_LIMIT


@pytest.mark.parametrize("options", [WithTangentsOptions(), DyadicOptions()], ids=["w", "d"])
def test_the_share_of_tangent_rows_is_marked_and_their_t_is_where_the_law_has_it(options):
    sampler = WithTangents(options) if hasattr(options, "law") else Dyadic(options)
    times = draw(sampler)
    assert torch.equal(times.s == times.t, times.tangent_rows)
    assert abs(share_of(times.tangent_rows) - 0.75) < 4 * math.sqrt(0.75 * 0.25 / N)


def test_dyadic_steps_are_powers_of_a_half_on_their_own_grids():
    times = draw(Dyadic(DyadicOptions(finest=8, tangent_share=0.0)))
    d = times.t - times.s
    assert set(d.tolist()) == {1.0, 0.5, 0.25}
    for step in (1.0, 0.5, 0.25):
        rows = d == step
        assert abs(share_of(rows) - 1 / 3) < 0.02
        i = times.t[rows] / step
        assert torch.equal(i, i.round())
        assert set(i.tolist()) == set(range(1, int(1 / step) + 1))
    assert torch.equal(times.mid, (times.t + times.s) / 2)
    quarter = draw(Dyadic(DyadicOptions(finest=8, tangent_share=0.0)), ShortenedLine())
    torch.testing.assert_close(quarter.t - quarter.s, 0.8 * d)


def test_the_gap_to_the_next_time_shrinks_in_stages_from_the_whole_way():
    sampler = ToData(ToDataOptions(stages=4, shrink=2.0))
    gaps = []
    for progress in (0.0, 0.24, 0.25, 0.5, 0.999):
        times = draw(sampler, progress=progress)
        assert (times.s == 0).all()
        share = ((times.t - times.mid) / times.t)[times.t > 0.1]
        gaps.append(float(share.mean()))
        assert float(share.std()) < 1e-6
    assert gaps == pytest.approx([1, 1, 1 / 2, 1 / 4, 1 / 8])


def test_a_grid_has_the_next_time_one_step_below():
    times = draw(ToData(ToDataOptions(spacing="grid", grid=5)), ShortenedLine())
    assert torch.allclose(times.s, torch.tensor(0.1))
    torch.testing.assert_close(times.t - times.mid, torch.full((N,), 0.8 / 5))
    assert len(times.t.unique()) == 5


def test_capabilities_follow_the_options():
    assert "tangent_rows" not in Dyadic(DyadicOptions(tangent_share=0.0)).capabilities()
    none = WithTangents(WithTangentsOptions(tangent_share=0.0))
    assert none.capabilities() == {"every_time"}
    assert ToData(ToDataOptions()).capabilities() == {"every_time", "mid"}
    assert ToData(ToDataOptions(spacing="grid")).capabilities() == {"mid"}


@pytest.mark.parametrize(
    ("file", "override", "said"),
    [
        ("mean_flow", 'backbone.attention="fused"', "forward-mode derivatives"),
        ("shortcut", 'time_sampler={use="segments"}', "times.tangent_rows"),
        ("consistency_training", 'time_sampler={use="segments"}', "times.mid"),
        ("shortcut", "loss.finest=64", "half steps end at one N"),
    ],
)
def test_check_refuses_what_cannot_work_together(file, override, said, secantfw, experiments):
    done = secantfw("check", experiments / "flowmaps" / f"{file}.toml", override)
    assert done.code == 2
    assert said in done.out + done.err
