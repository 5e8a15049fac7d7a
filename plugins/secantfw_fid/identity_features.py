"""The data themselves as features: exact for Gaussian data, and the space for vectors."""

from __future__ import annotations

import math

from torch import Tensor

from secantfw import DataSpec, UserError
from secantfw_fid.feature_space import FeatureSpace

#: A covariance of this size takes 128 MB and half a minute of eigenvalues.
LARGEST = 4096


class IdentityFeatures(FeatureSpace):
    """(n, *) -> (n, d), flattened, not rounded to pixels."""

    name = "identity"

    def __init__(self, spec: DataSpec) -> None:
        self.dimension = math.prod(spec.shape)
        if self.dimension > LARGEST:
            raise UserError(
                f"metric: features = 'identity' takes items of at most {LARGEST} numbers, "
                f"these have {self.dimension}"
            )

    def mapped(self, seen: Tensor) -> Tensor:
        return seen.flatten(1)

    def identity(self) -> str:
        return f"identity:{self.dimension}"
