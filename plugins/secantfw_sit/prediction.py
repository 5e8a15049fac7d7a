"""From what a SiT network predicts to the velocity, in secantfw's time and sign.

    velocity   v = -F        SiT's time runs the other way
    noise      v = rate x + (W / alpha) F
    score      v = rate x - diffusion F

The same lines make a secant of a network with two times. The last two are singular where alpha is
0, at pure noise, so such a network needs a path whose time ends before: SiT takes [0.001, 0.999].
"""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from secantfw import Path, UserError, WeightsHeader, velocity_from_noise, velocity_from_score
from secantfw_sit.options import Prediction

_NO_DATA_LEFT = 1e-6


def velocity_of(prediction: Prediction, path: Path, x: Tensor, t: Tensor, out: Tensor) -> Tensor:
    """v, (B, *), from the network's output at x and t."""
    if prediction == "velocity":
        return -out
    convert = velocity_from_noise if prediction == "noise" else velocity_from_score
    return convert(path, x, t, out)


def prediction_for(
    said: Prediction | None, weights: WeightsHeader | None, path: Path
) -> Prediction:
    """What is predicted: as said, else as the weights' header says, else velocity.

    Raises:
        UserError: a header that says something else; a path on which there is no velocity.
    """
    stored = None if weights is None else weights.options.get("prediction")
    found = said or stored or "velocity"
    if found not in get_args(Prediction):
        assert weights is not None
        raise UserError(
            f"{weights.file}: its network predicts {found}, of which no velocity is known; if "
            f"that is a mistake, say prediction = {', '.join(map(repr, get_args(Prediction)))}"
        )
    if found != "velocity":
        _check_range(found, path)
    return found  # type: ignore[return-value]


def _check_range(prediction: object, path: Path) -> None:
    end = path.coefficients(torch.tensor([path.t_max], dtype=torch.float64, device="cpu"))
    if float(end.alpha) < _NO_DATA_LEFT:
        raise UserError(
            f"sit: a network that predicts the {prediction} has no velocity at t = "
            f"{path.t_max:g}, where alpha is 0; set path.t_min = 0.001 and path.t_max = 0.999, "
            "as SiT does"
        )
