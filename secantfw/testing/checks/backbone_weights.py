"""Checks of a backbone's weights: one-time weights in and out, files, initialisation."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path as File

import torch
from torch import Tensor

from secantfw.errors import UserError
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.records import WeightsHeader
from secantfw.testing.check import require
from secantfw.testing.checks.backbone_trial import (
    evaluate,
    evaluate_tangent,
    inputs_of,
    shaken,
)
from secantfw.testing.checks.purity import same
from secantfw.testing.subject import Subject, structured
from secantfw.weights.safetensors import load_weights, read_header, save_weights


def check_loaded_tangent_is_the_weights_alone(subject: Subject) -> None:
    """After `load_tangent` f(x, t, t) is a function of the weights, whatever was there before."""
    weights = _one_time(subject)
    networks = [shaken(subject, seed) for seed in (1, 2)]
    given = inputs_of(subject, networks[0])
    for network in networks:
        report = network.load_tangent(weights)
        require(report.copied, "load_tangent reports no weight as copied")
    v = [evaluate_tangent(network, given) for network in networks]
    require(same(*v), "f(x, t, t) depends on more than the weights that were loaded")
    blank = evaluate_tangent(shaken(subject, 3), given)
    require(not same(v[0], blank), "load_tangent changes nothing")


def check_tangent_weights_round_trip(subject: Subject) -> None:
    """`tangent_weights` after `load_tangent(w)` is w: the same names, shapes and bits."""
    weights = _one_time(subject)
    network = shaken(subject, 1)
    network.load_tangent(weights)
    found = network.tangent_weights()
    require(found.keys() == weights.keys(), "tangent_weights has other names than were loaded")
    changed = [name for name in weights if not same(found[name], weights[name])]
    require(not changed, f"{', '.join(changed[:3])} comes back changed")


def check_wrong_weights_are_refused(subject: Subject) -> None:
    """Weights with a name missing or of another shape are a UserError."""
    weights = dict(_one_time(subject))
    name = max(weights, key=lambda key: weights[key].ndim)
    without = {key: value for key, value in weights.items() if key != name}
    reshaped = {**weights, name: torch.cat((weights[name], weights[name]))}
    for what, wrong in ((f"without {name}", without), (f"with another shape of {name}", reshaped)):
        try:
            subject.build().load_tangent(wrong)
        except UserError:
            continue
        require(False, f"load_tangent takes weights {what} without a UserError")


def check_weights_survive_safetensors(subject: Subject) -> None:
    """Saved and loaded into a new network, it gives the same bits."""
    network = shaken(subject, 1)
    given = inputs_of(subject, network)
    with tempfile.TemporaryDirectory() as folder:
        file = File(folder) / "weights.safetensors"
        save_weights(file, network.state_dict(), WeightsHeader("", options={}))
        again: Backbone = subject.build(seed=2).eval()
        again.load_state_dict(load_weights(file))
    equal = same(evaluate(network, given), evaluate(again, given))
    require(equal, "a network loaded from its own file differs: some state is not in state_dict")


def check_network_options_rebuild_it(subject: Subject) -> None:
    """`network_options` survive a file's header and TOML, and give the same shapes."""
    network: Backbone = subject.object
    said = network.network_options()
    with tempfile.TemporaryDirectory() as folder:
        file = File(folder) / "weights.safetensors"
        save_weights(file, {"none": torch.zeros(1)}, WeightsHeader("", options=said))
        read = read_header(file).options
    require(read == dict(said), f"network_options {said} come back as {read}")
    options = structured(subject.component, subject.registry, read)
    again = subject.build_with(options)
    require(_shapes(again) == _shapes(network), "its network_options give other shapes")


def check_seed_fixes_the_initial_weights(subject: Subject) -> None:
    """Initial weights are a function of the default generator's seed."""
    first, second = subject.build(4).state_dict(), subject.build(4).state_dict()
    changed = [name for name in first if not same(first[name], second[name])]
    require(not changed, f"{', '.join(changed[:3])} differs at the same seed")


def _one_time(subject: Subject) -> Mapping[str, Tensor]:
    """One-time weights in which every number is noise on what a new network has."""
    rng = torch.Generator().manual_seed(7)
    born: Backbone = subject.build(5)
    return {
        name: value + 0.05 * torch.randn(value.shape, generator=rng)
        if value.is_floating_point()
        else value.clone()
        for name, value in born.tangent_weights().items()
    }


def _shapes(network: Backbone) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in network.state_dict().items()}


CHECKS = (
    check_loaded_tangent_is_the_weights_alone,
    check_tangent_weights_round_trip,
    check_wrong_weights_are_refused,
    check_weights_survive_safetensors,
    check_network_options_rebuild_it,
    check_seed_fixes_the_initial_weights,
)
