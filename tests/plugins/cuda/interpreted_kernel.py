"""The Triton kernel by Triton's interpreter, against torch's operations. Run by a test, in a
process of its own: TRITON_INTERPRET has to be set before Triton is imported."""

from __future__ import annotations

import torch
from secantfw_cuda.kernel import fused_update
from secantfw_cuda.update import by_torch

from secantfw import SecantParts

SHAPES = ((5, 3, 4, 4), (2, 4, 19, 17))  # of one block, of two


def parts(shape, channels, dtype, rng):
    labelled, unlabelled = (torch.randn(shape, generator=rng).to(dtype) for _ in range(2))
    scale = torch.linspace(0, 4, shape[0])  # no guidance, below 1/2, above
    scale[1] = 1.0
    return SecantParts(labelled, unlabelled, scale, channels)


def main() -> None:
    rng = torch.Generator().manual_seed(0)
    for shape in SHAPES:
        for channels in (None, 2):
            for dtype in (torch.float32, torch.bfloat16):
                x, width = torch.randn(shape, generator=rng), -torch.rand(shape[0], generator=rng)
                given = parts(shape, channels, dtype, rng)
                found, expected = fused_update(x, width, given), by_torch(x, width, given)
                torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
                strided = fused_update(x.mT.contiguous().mT, width, given)
                assert torch.equal(strided, found)
    x, width = torch.randn(2, 3, 4, 4), torch.zeros(2)
    one = SecantParts(torch.randn_like(x), torch.randn_like(x) * 1e6, torch.ones(2))
    assert torch.equal(fused_update(x, width + 1, one), x + one.labelled), "w = 1 is not exact"


if __name__ == "__main__":
    main()
