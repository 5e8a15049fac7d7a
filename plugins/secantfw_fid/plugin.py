"""The metrics and assets of the fid plug-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import secantfw

SECANTFW_API = 1


_OPTIONS = "secantfw_fid.options:"
_NEIGHBOURS = ("arXiv:1904.06991", "arXiv:2002.09797")


@secantfw.hookimpl
def secantfw_report_sections(evaluation: Any) -> Iterator[Any]:
    """The secant error over t and s, and what fewer samples do to a Frechet distance."""
    from secantfw_fid.report_samples import limit_notes, sample_tables
    from secantfw_fid.report_secant_error import secant_error_figures

    yield from limit_notes(evaluation)
    yield from sample_tables(evaluation)
    yield from secant_error_figures(evaluation)


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.asset("fashion16/features", "assets/fashion16_features.safetensors")
    register.asset("fashion16/reference", "assets/fashion16_reference.safetensors")
    register.metric(
        "frechet",
        "secantfw_fid.frechet:Frechet",
        options="secantfw_fid.options:FrechetOptions",
        known_as=("fid", "frechet_inception_distance"),
        summary="Frechet distance between features of samples and of the training data",
        cite=("arXiv:1706.08500", "arXiv:2104.11222"),
    )
    register.metric(
        "pixel_frechet",
        "secantfw_fid.pixel_frechet:PixelFrechet",
        options="secantfw_fid.options:PixelFrechetOptions",
        summary="Frechet distance between the pixels of samples and of the training data",
        cite=("arXiv:1706.08500",),
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
    register.metric(
        "frechet_infinity",
        "secantfw_fid.frechet_infinity:FrechetInfinity",
        options=_OPTIONS + "FrechetOptions",
        summary="Frechet distance at several numbers of samples, extrapolated to infinitely many",
        cite=("arXiv:1911.07023",),
    )
    register.metric(
        "kernel_distance",
        "secantfw_fid.kernel_distance:KernelDistance",
        options=_OPTIONS + "KernelDistanceOptions",
        example={"subsets": 10},
        known_as=("kid",),
        summary="Kernel distance (KID) between features of samples and of the data, by clean-fid",
        cite=("arXiv:1801.01401", "arXiv:2104.11222"),
    )
    for name, summary in (
        ("precision", "Share of samples that lie among the data, by nearest neighbours"),
        ("recall", "Share of the data that lie among the samples, by nearest neighbours"),
        ("density", "How many of the data's neighbourhoods a sample lies in"),
        ("coverage", "Share of the data with a sample in their neighbourhood"),
    ):
        register.metric(
            name,
            f"secantfw_fid.precision_recall:{name.capitalize()}",
            options=_OPTIONS + "NeighbourOptions",
            summary=summary,
            cite=_NEIGHBOURS,
        )
    register.metric(
        "sliced_wasserstein",
        "secantfw_fid.sliced_wasserstein:SlicedWasserstein",
        options=_OPTIONS + "SlicedWassersteinOptions",
        summary="2-Wasserstein distance of random projections, for low dimensions",
        cite=("doi:10.1007/978-3-642-24785-9_37",),
    )
    register.metric(
        "energy_distance",
        "secantfw_fid.energy_distance:EnergyDistance",
        options=_OPTIONS + "EnergyDistanceOptions",
        summary="Energy distance of samples and data, for low dimensions",
        cite=("doi:10.1016/j.jspi.2013.03.018",),
    )
    register.metric(
        "secant_error",
        "secantfw_fid.secant_error:SecantError",
        options=_OPTIONS + "SecantErrorOptions",
        summary="Squared error of the student's secants against its teacher's, by t and s",
        cite=("arXiv:2505.14502",),
    )
