"""The metrics and assets of the fid plug-in."""

from __future__ import annotations

from typing import Any

import secantfw

SECANTFW_API = 1


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.asset("fashion16/features", "assets/fashion16_features.safetensors")
    register.asset("fashion16/reference", "assets/fashion16_reference.safetensors")
    register.metric(
        "frechet",
        "secantfw_fid.frechet:Frechet",
        options="secantfw_fid.options:FrechetOptions",
        summary="Frechet distance between features of samples and of the training data",
        cite=("arXiv:1706.08500", "arXiv:2104.11222"),
    )
    register.metric(
        "inception_score",
        "secantfw_fid.inception_score:InceptionScore",
        options="secantfw_fid.options:InceptionScoreOptions",
        summary="Inception score of pictures: sure and varied guesses of a classifier",
        cite=("arXiv:1606.03498", "arXiv:2105.05233"),
    )
    register.metric(
        "trajectory",
        "secantfw_fid.trajectory:Trajectory",
        options="secantfw_fid.options:TrajectoryOptions",
        summary="Mean squared distance at t = 0 from a fine solve of the teacher's ODE",
    )
