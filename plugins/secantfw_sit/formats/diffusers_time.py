"""The time embedding of diffusers' DiT, given weights that embed what SiT embeds.

diffusers embeds one number, the timestep T = 1000 t of its scheduler, as

    L_2 silu(L_1 p(T)),    p(T) = [cos(T u_j), sin(T u_j)],    u_j = 10000^(-j/127)

SiT embeds its own time 1 - t with w_i = 10000^(-i/128). Both ways here keep diffusers' code as it is.

`at_any_time`, for tangents: each cos(w_i (1 - t)) and sin(w_i (1 - t)) is a linear combination of
p(1000 t) on [0, 1] to 1e-7, so that a linear map of L_1's weights is all there is to do.

`at_steps`, for secants in N steps: the second time, and the guidance scale, are functions of the first
on the grid of the N steps, so that the embedding is a table of N rows, c(t_k). L_1 turns p(1000 t_k)
into a e_k by the pseudo-inverse of the N rows p, and L_2 has the rows c(t_k) / silu(a).
"""  # noqa: E501

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import silu

from secantfw import UserError
from secantfw_sit.embeddings import SINUSOID, TimeEmbedder

#: What a FlowMapEulerDiscreteScheduler multiplies t by.
TIMESTEPS = 1000
#: Beyond it the N sinusoids are no longer safely independent.
MOST_STEPS = 50
_GRID = 1200
_CUTOFF = 1e-9  # of the singular values; the fit is exact to 1e-7 for 1e-7 ... 1e-12
#: The least singular value of p at which the table of rows is exact to rounding.
_LEAST = 1e-2
_ON = 4.0  # what the unit of a step is before its silu

#: The weights of `t_embedder.mlp`, by SiT's names for them.
Weights = dict[str, Tensor]


def sinusoid(t: Tensor) -> Tensor:
    """p(1000 t), (n, 256) float64, of times (n,), with float32 angles as diffusers makes them."""
    half = SINUSOID // 2
    exponent = -math.log(10000.0) * torch.arange(half, dtype=torch.float32) / (half - 1)
    angle = ((t.double() * TIMESTEPS).float()[:, None] * exponent.exp()).double()
    return torch.cat((angle.cos(), angle.sin()), 1)


def at_any_time(embedder: TimeEmbedder) -> Weights:
    """Weights that embed t as `embedder` embeds 1 - t, for every t in [0, 1]."""
    nodes = torch.linspace(0, math.pi, _GRID, dtype=torch.float64).cos() / 2 + 0.5
    angle = (1 - nodes)[:, None] * embedder.bits.view(torch.float32).double()
    wanted = torch.cat((angle.cos(), angle.sin()), 1)
    map_ = torch.linalg.pinv(sinusoid(nodes), rtol=_CUTOFF) @ wanted  # (256, 256)
    found = {f"t_embedder.mlp.{k}": v for k, v in embedder.mlp.state_dict().items()}
    first = found["t_embedder.mlp.0.weight"]
    found["t_embedder.mlp.0.weight"] = (first.double() @ map_.T).to(first.dtype)
    return found


def at_steps(times: Sequence[float], rows: Tensor) -> Weights:
    """Weights that embed times[k] as rows[k] (N, width); nothing is said of other times.

    Raises:
        UserError: two of the times are too close to be told apart.
    """
    n, width = rows.shape
    p = sinusoid(torch.tensor(times, dtype=torch.float64))
    if float(torch.linalg.svdvals(p)[-1]) < _LEAST:
        raise UserError(
            "export to diffusers: two of its times are too close for a DiT's embedding"
        )
    inverse = torch.linalg.pinv(p)  # (256, N)
    first, second = rows.new_zeros(width, SINUSOID), rows.new_zeros(width, width)
    first[:n] = (_ON * inverse.T).to(rows.dtype)
    second[:, :n] = rows.T / silu(torch.tensor(_ON))
    return {
        "t_embedder.mlp.0.weight": first,
        "t_embedder.mlp.0.bias": rows.new_zeros(width),
        "t_embedder.mlp.2.weight": second,
        "t_embedder.mlp.2.bias": rows.new_zeros(width),
    }
