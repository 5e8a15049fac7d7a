"""gaussian_mixture as a teacher: the exact tangent, on every path. It has no network."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import BuildSite, Cond, Teacher, UserError
from secantfw_data.mixture import mixture_of
from secantfw_data.options import MixtureOptions


class GaussianMixtureTeacher(Teacher):
    """v(x_t, t) of `secantfw_data.mixture`; given the component where labels are on."""

    def __init__(self, options: MixtureOptions, site: BuildSite) -> None:
        if site.spec.shape != (options.dimension,):
            raise UserError(
                f"teacher gaussian_mixture: dimension = {options.dimension}, "
                f"but the data has shape {site.spec.shape}"
            )
        self._mixture = mixture_of(options)
        classes = len(self._mixture.means)
        if options.labels and site.spec.num_classes not in (0, classes):
            raise UserError(
                f"teacher gaussian_mixture: {classes} components are its classes, and the data "
                f"have {site.spec.num_classes}; give both the same mixture"
            )
        self.path = site.path
        self._labels = options.labels

    @torch.no_grad()
    def velocity(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        return self._mixture.velocity(x, t, self.path, cond.label if self._labels else None)

    def to(self, device: torch.device) -> GaussianMixtureTeacher:
        self._mixture = self._mixture.to(device)
        return self

    def weights(self) -> None:
        return None

    def num_parameters(self) -> int:
        return 0
