"""Checks of a backbone: shapes, what its output depends on, and how it is built."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond
from secantfw.testing.check import Skip, require
from secantfw.testing.checks import backbone_weights
from secantfw.testing.checks.backbone_trial import evaluate, inputs_of, shaken
from secantfw.testing.checks.purity import Trial, purity_checks, same
from secantfw.testing.subject import Subject

_ROUNDING = 1e-4  # between a row alone and the same row in a batch, in float32
_JVP_STEP = 1e-3
_JVP_TOLERANCE = 0.05  # of a finite difference in float32, relative
_CAPABILITIES = frozenset({"bidirectional", "guidance", "jvp"})


def check_secant_has_shape_and_dtype_of_x(subject: Subject) -> None:
    """f is (B, *) float32 and finite, at both ends, at s = t, and up where it claims to."""
    network = shaken(subject)
    given, path = inputs_of(subject, network), network.path
    ends = torch.full_like(given.t, path.t_min), torch.full_like(given.t, path.t_max)
    cases = [(given.t, given.s), (given.t, given.t), ends[::-1]]
    if "bidirectional" in network.supports:
        cases += [(given.s, given.t), ends]
    for t, s in cases:
        f = network(given.x, t, s, given.cond)
        good = f.shape == given.x.shape and f.dtype == torch.float32
        require(good, f"gives {f.dtype} {tuple(f.shape)} for float32 {tuple(given.x.shape)}")
        require(f.isfinite().all(), "gives numbers that are not finite")


def check_double_precision_is_kept_or_refused(subject: Subject) -> None:
    """Moved to float64, it computes in float64; a network that cannot must refuse, not round."""
    network = shaken(subject).double()
    given = inputs_of(subject, network, torch.float64)
    try:
        f = evaluate(network, given)
    except RuntimeError as error:
        raise Skip("is for float32 only, and says so") from error
    require(f.dtype == torch.float64, f"gives {f.dtype} in float64")
    step = attrs.evolve(given, x=given.x + 1e-12)
    require(not same(f, evaluate(network, step)), "computes in float32 when moved to float64")


def check_capabilities_and_path(subject: Subject) -> None:
    """`supports` holds known words, and `path` is a path."""
    network: Backbone = subject.object
    unknown = network.supports - _CAPABILITIES
    require(not unknown, f"supports {sorted(unknown)}; known are {sorted(_CAPABILITIES)}")
    require(isinstance(network.path, Path), "has no path")


def check_both_times_are_used(subject: Subject) -> None:
    """f changes with t, and with s."""
    network = shaken(subject)
    given = inputs_of(subject, network)
    f, middle = evaluate(network, given), 0.5 * (given.t + given.s)
    require(not same(f, evaluate(network, attrs.evolve(given, t=middle))), "ignores t")
    require(not same(f, evaluate(network, attrs.evolve(given, s=middle))), "ignores s")


def check_labels_are_used(subject: Subject) -> None:
    """Where the data have labels, f changes with the label; None means the null class."""
    network = shaken(subject)
    given, classes = inputs_of(subject, network), subject.site[0].spec.num_classes
    if given.cond.label is None:
        raise Skip("the data it is built for have no labels")
    f = evaluate(network, given)
    other = attrs.evolve(given.cond, label=(given.cond.label + 1) % classes)
    require(not same(f, evaluate(network, attrs.evolve(given, cond=other))), "ignores the label")
    null = attrs.evolve(given.cond, label=torch.full_like(given.cond.label, classes))
    without = attrs.evolve(given.cond, label=None)
    pair = [evaluate(network, attrs.evolve(given, cond=c)) for c in (null, without)]
    require(same(*pair), "a label of None is not the null class")


def check_guidance_is_used_as_declared(subject: Subject) -> None:
    """f changes with `cond.guidance` exactly if it supports "guidance"."""
    network = shaken(subject)
    given = inputs_of(subject, network)
    told = [
        evaluate(network, attrs.evolve(given, cond=Cond(given.cond.label, scale)))
        for scale in (torch.full_like(given.t, 1.2), torch.full_like(given.t, 1.9))
    ]
    if "guidance" in network.supports:
        require(not same(*told), "supports 'guidance', and ignores the scale")
    else:
        require(same(*told), "changes with the guidance scale, and does not support 'guidance'")


def check_rows_are_independent(subject: Subject) -> None:
    """A row's secant is the same alone and in a batch, in evaluation mode."""
    network = shaken(subject)
    given = inputs_of(subject, network)
    row = slice(1, 2)
    cond = given.cond.map(lambda v: v[row])
    alone = attrs.evolve(given, x=given.x[row], t=given.t[row], s=given.s[row], cond=cond)
    error = float((evaluate(network, given)[row] - evaluate(network, alone)).abs().max())
    require(error < _ROUNDING, f"a row alone differs from the same row in a batch by {error:.2g}")


def check_every_parameter_is_trained(subject: Subject) -> None:
    """A gradient reaches every parameter that asks for one."""
    network = shaken(subject).train()
    given = inputs_of(subject, network)
    network(given.x, given.t, given.s, given.cond).square().sum().backward()
    bare = [
        name
        for name, p in network.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.any())
    ]
    require(not bare, f"no gradient reaches {', '.join(bare[:3])} ({len(bare)} parameters)")


def check_jvp_runs_where_declared(subject: Subject) -> None:
    """Forward-mode derivatives agree with finite differences where "jvp" is supported."""
    network = shaken(subject)
    if "jvp" not in network.supports:
        raise Skip("does not support 'jvp'")
    given = inputs_of(subject, network)

    def along_t(t: Tensor) -> Tensor:
        return network(given.x, t, given.s, given.cond)  # type: ignore[no-any-return]

    one, middle = torch.ones_like(given.t), 0.5 * (given.t + given.s)
    exact: Tensor = torch.func.jvp(along_t, (middle,), (one,))[1]
    with torch.no_grad():
        above, below = along_t(middle + _JVP_STEP), along_t(middle - _JVP_STEP)
    measured = (above - below) / (2 * _JVP_STEP)
    error = float((exact.detach() - measured).norm() / (measured.norm() + 1e-6))
    require(error < _JVP_TOLERANCE, f"jvp differs from finite differences by {error:.1%}")


def check_meta_device_takes_no_memory(subject: Subject) -> None:
    """Built under the meta device, its parameters are there and its output has a shape."""
    with torch.device("meta"):
        network = subject.build()
    there = [n for n, v in network.state_dict().items() if v.device.type != "meta"]
    require(not there, f"{', '.join(there[:3])} is created on a device of its own")
    given = inputs_of(subject, network)
    meta = attrs.evolve(
        given,
        x=given.x.to("meta"),
        t=given.t.to("meta"),
        s=given.s.to("meta"),
        cond=given.cond.map(lambda v: v.to("meta")),
    )
    require(evaluate(network, meta).shape == given.x.shape, "has another shape on the meta device")


def _trial(subject: Subject) -> Trial:
    network = shaken(subject)
    given = inputs_of(subject, network)
    return Trial(given.tensors(), lambda: [evaluate(network, given)])


CHECKS = (
    check_secant_has_shape_and_dtype_of_x,
    check_double_precision_is_kept_or_refused,
    check_capabilities_and_path,
    check_both_times_are_used,
    check_labels_are_used,
    check_guidance_is_used_as_declared,
    check_rows_are_independent,
    check_every_parameter_is_trained,
    check_jvp_runs_where_declared,
    check_meta_device_takes_no_memory,
    *backbone_weights.CHECKS,
    *purity_checks(_trial),
)
