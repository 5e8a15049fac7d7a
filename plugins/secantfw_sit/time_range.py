"""The times at which SiT trains and samples (arXiv:2401.08740), in secantfw's time.

v is finite on all of [0, 1] where the network predicts it, but for the data's end of the VP path.
From noise or the score it is not, nor has an SDE a score at t = 0. These are the ranges to give
`[path]` as `t_min` and `t_max` to repeat a SiT experiment; solvers of an SDE come with a last
step, which starts at t_min and replaces the margin there.
"""

from __future__ import annotations

import attrs

from secantfw_sit.options import Prediction

_VP = "vp"


@attrs.frozen
class Margins:
    """What is left out at an end where something is infinite."""

    train: float
    sample: float


@attrs.frozen
class TimeRange:
    """[t_min, t_max]."""

    t_min: float
    t_max: float


def margins(path: str, prediction: Prediction) -> Margins:
    """SiT's margins; `path` is the component's name: linear, trigonometric or vp."""
    if path == _VP:
        return Margins(1e-5, 1e-3)
    return Margins(0.0, 0.0) if prediction == "velocity" else Margins(1e-3, 1e-3)


def training_range(path: str, prediction: Prediction) -> TimeRange:
    """Times in training."""
    margin = margins(path, prediction).train
    return TimeRange(margin, 1.0 if path == _VP else 1 - margin)


def sampling_range(
    path: str,
    prediction: Prediction,
    *,
    stochastic: bool = False,
    last_step_size: float = 0.0,
    sbdm: bool = False,
) -> TimeRange:
    """Times in sampling, without the last step of an SDE.

    Args:
        path, prediction: as in `margins`.
        stochastic: an SDE is solved, not the ODE.
        last_step_size: length of its last step; 0 for none.
        sbdm: its diffusion is that of the noising process, infinite at pure noise.
    """
    margin = margins(path, prediction).sample
    t_min = last_step_size if stochastic and last_step_size else margin
    noisy_end_is_finite = path == _VP or (prediction == "velocity" and not (stochastic and sbdm))
    return TimeRange(t_min, 1.0 if noisy_end_is_finite else 1 - margin)
