"""The README of an exported folder: how diffusers draws samples from it."""

from __future__ import annotations

from secantfw import DataSpec

_CARD = """\
# A SiT of secantfw for diffusers

{what}

```python
import torch
from diffusers import DiTTransformer2DModel, FlowMapEulerDiscreteScheduler

transformer = DiTTransformer2DModel.from_pretrained(folder).eval()  # of this folder
scheduler = FlowMapEulerDiscreteScheduler.from_pretrained(folder)
scheduler.set_timesteps({steps})
x = torch.randn(8, {shape})
labels = {labels}
with torch.no_grad():
    for t in scheduler.timesteps:
        v = transformer(x, timestep=t.expand(len(x)), class_labels=labels).sample
        x = scheduler.step(v, t, x).prev_sample
```

`x` are then {data}, as the network was trained on them. diffusers 0.42 has the scheduler.
"""
_STEPS = """\
Secants f(x, t, s) for **exactly {n} steps** of equal length. A DiTTransformer2DModel has one time,
so the other is a function of it: with another number of steps the samples are wrong."""
_TANGENT = """\
The tangent v(x, t) at any time: every number of steps is Euler's method. Other flow-matching
schedulers whose timesteps are 1000 t (t = 1 is noise) run it too."""


def card(spec: DataSpec, steps: int | None) -> str:
    """README.md; `steps` is None for a tangent."""
    what = _TANGENT if steps is None else _STEPS.format(n=steps)
    null = spec.num_classes
    labels = (
        f"torch.arange(8) % {null}  # {null} is the null class"
        if null
        else "torch.zeros(8, dtype=torch.long)  # there are no classes"
    )
    shape = ", ".join(map(str, spec.shape))
    return _CARD.format(
        what=what, steps=steps or 50, shape=shape, labels=labels, data=f"data of shape ({shape})"
    )
