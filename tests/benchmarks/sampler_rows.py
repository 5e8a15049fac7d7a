"""P1, P2 and the peers' table: what a sampling step costs beyond the network."""

from __future__ import annotations

from collections.abc import Callable

import torch
from counting import difference, fake_cuda, operations, reads, total
from figures import Figure, PeerLine
from paired_time import paired
from peers import PEERS, Field, Sampler, bare
from secantfw_basics.paths.linear import Linear
from secantfw_basics.solvers.euler import Euler
from secantfw_basics.solvers.secant import SecantSteps
from torch import Tensor

from secantfw import Cond, DataSpec
from secantfw.sampling.draw import Start, draw
from secantfw.sampling.field import CountedField

STEPS = 8
OURS = {"secantfw secant": SecantSteps(), "secantfw euler": Euler()}


def null_field(x: Tensor, t: Tensor) -> Tensor:
    """One operation, so that all else is the sampler's."""
    return x.neg()


def ours(name: str, field: Field, x: Tensor, steps: int) -> Tensor:
    """A solver of ours on the same field."""
    counted = CountedField(Linear(), lambda x, t, s, cond: field(x, t), has_secants=True)
    return draw(counted, OURS[name], Start(range(len(x)), x, Cond()), steps)


def samplers() -> dict[str, Sampler]:
    """Ours and the peers', by name."""
    mine = {name: lambda f, x, n, name=name: ours(name, f, x, n) for name in OURS}
    return {**mine, **PEERS}


def tiny_sit() -> Field:
    """The tangent of a SiT of four blocks on pictures (3, 32, 32)."""
    from secantfw_sit.network import SiTNetwork
    from secantfw_sit.sizes import Sizes

    torch.manual_seed(0)
    sizes = Sizes(width=128, depth=4, heads=4, patch=4)
    network = SiTNetwork(sizes, DataSpec((3, 32, 32)))
    for parameter in network.parameters():  # what starts at zero would make it all zero
        torch.nn.init.normal_(parameter, std=0.02)
    network.requires_grad_(False).eval()
    return lambda x, t: network(x, t)


def beyond_network(sample: Callable, x: Tensor) -> float:
    """Operations a step beside the field's one."""
    longer = operations(lambda: sample(null_field, x, 2 * STEPS))
    shorter = operations(lambda: sample(null_field, x, STEPS))
    return (total(longer) - total(shorter)) / STEPS - 1


def peer_lines() -> list[PeerLine]:
    """Every sampler beside the bare loop."""
    x, network = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)), tiny_sit()
    return [peer_line(name, sample, x, network) for name, sample in samplers().items()]


def peer_line(name: str, sample: Sampler, x: Tensor, network: Field) -> PeerLine:
    """One sampler; its output is asserted equal to the bare loop's before anything is timed."""
    for field in (null_field, network):
        torch.testing.assert_close(
            sample(field, x, STEPS), bare(field, x, STEPS), atol=1e-4, rtol=1e-4
        )
    null = paired(lambda: bare(null_field, x, STEPS), lambda: sample(null_field, x, STEPS))
    real = paired(lambda: bare(network, x, STEPS), lambda: sample(network, x, STEPS), 15)
    return PeerLine(
        peer=name,
        operations=beyond_network(sample, x),
        reads=reads(operations(lambda: sample(null_field, x, STEPS))),
        microseconds=1e6 * null.second / STEPS,
        ratio=null.ratio,
        network_ratio=real.ratio,
    )


def syncs_on_a_gpu() -> int:
    """Of a solve on a GPU that is not there."""
    with fake_cuda() as watch:
        x = torch.empty(1, 3, 32, 32, device="cuda")
        for name in OURS:
            ours(name, null_field, x, STEPS)
        return len(watch.traffic.syncs)


def p1() -> list[Figure]:
    """The sampler on a field of one operation."""
    x = torch.randn(1, 3, 32, 32)
    whole = paired(
        lambda: bare(null_field, x, STEPS), lambda: ours("secantfw secant", null_field, x, STEPS)
    )
    longer = paired(
        lambda: ours("secantfw secant", null_field, x, STEPS),
        lambda: ours("secantfw secant", null_field, x, 64),
    )
    step = longer.difference / (64 - STEPS)
    return [
        Figure("P1", "sampler: operations a step beyond the network",
               beyond_network(lambda f, x, n: ours("secantfw secant", f, x, n), x), "", 3),
        Figure("P1", "sampler: host syncs in 8 steps on a (fake) GPU", syncs_on_a_gpu(), "", 0),
        Figure("P1", "sampler: one more step of a null field", 1e6 * step, "us", 8),
        Figure("P1", "sampler: 8 steps of a null field / bare loop", whole.ratio, "x", 1.15),
    ]  # fmt: skip


def p2() -> list[Figure]:
    """The sampler with a tiny SiT at batch 1."""
    x, network = torch.randn(1, 3, 32, 32), tiny_sit()

    @torch.inference_mode()  # as ours: in another mode a layer is other operations
    def count(sample: Callable) -> dict[str, int]:
        return difference(
            operations(lambda: sample(network, x, 16)), operations(lambda: sample(network, x, 8))
        )

    mine = count(lambda f, x, n: ours("secantfw secant", f, x, n))
    theirs = count(bare)
    time = paired(lambda: bare(network, x, 8), lambda: ours("secantfw secant", network, x, 8), 30)
    return [
        Figure("P2", "tiny SiT: operations of 8 steps beyond a bare loop's",
               total(mine) - total(theirs), "", 0),
        Figure("P2", "tiny SiT: 8 steps / bare loop", time.ratio, "x", 1.05),
    ]  # fmt: skip
