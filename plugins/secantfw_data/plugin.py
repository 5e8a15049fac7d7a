"""The components and assets of the data plug-in."""

from __future__ import annotations

from typing import Any

import secantfw

PLUGIN_API = 1


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.asset("fashion16/images", "assets/fashion16.npz")
    register.dataset(
        "fashion16",
        "secantfw_data.fashion16:Fashion16",
        options="secantfw_data.options:Fashion16Options",
        summary="Fashion-MNIST at 16x16, embedded: 30,000 training and 5,000 held-out pictures",
        cite=("arXiv:1708.07747",),
    )
