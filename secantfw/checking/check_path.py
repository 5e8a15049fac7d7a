"""The ends of the path: samples start as noise and end as data there, or `check` says so."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from secantfw.assembly.build import Built
from secantfw.errors import Problem

#: The most of alpha / sigma at t_max, where sampling starts from noise without data. EDM's
#: sigma_max = 80 leaves 0.0125, VP 0.0066, SiT's 0.999 0.001. Stable Diffusion's schedule, whose
#: 0.068 shows in its samples (arXiv:2305.08891), does not pass.
DATA_IN_NOISE = 0.05
#: The most of sigma / alpha at t_min, for data of deviation 1: about 4 of 256 grey levels.
#: VP's 1e-3 leaves 0.0105, SiT's 0.001, Stable Diffusion's first step 0.029.
NOISE_IN_DATA = 0.03
_MEANT = "or evaluate.partial_path = true if it is meant"


def path_problems(built: Built) -> Iterator[Problem]:
    """A path that is not noise at t_max or not data at t_min, unless that is meant."""
    if built.experiment.evaluate.keys.partial_path:
        return
    path = built.path
    ends = torch.tensor([path.t_min, path.t_max], dtype=torch.float64)
    c = path.coefficients(ends)
    noise, data = float(c.sigma[0] / c.alpha[0]), float(c.alpha[1] / c.sigma[1])
    if not data <= DATA_IN_NOISE:  # NaN as well
        yield Problem(
            f"samples start as pure noise at t_max = {path.t_max:g}, where x_t still has data "
            f"in it, alpha / sigma = {data:.3g}, above {DATA_IN_NOISE}; set path.t_max nearer 1, "
            f"{_MEANT}",
            key="path.t_max",
        )
    if not noise <= NOISE_IN_DATA:
        yield Problem(
            f"samples end at t_min = {path.t_min:g} with noise left in them, "
            f"sigma / alpha = {noise:.3g}, above {NOISE_IN_DATA}; set path.t_min nearer 0, "
            f"{_MEANT}",
            key="path.t_min",
        )
