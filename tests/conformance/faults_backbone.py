"""Seeded bugs of a backbone."""

from __future__ import annotations

import torch
from faults import Fault, faults_of
from secantfw_basics.options import MLPOptions
from sound import SoundBackbone
from torch import nn

from secantfw import Cond, LoadReport


class IgnoresS(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, t, t, cond)


class IgnoresT(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, s, s, cond)


class IgnoresLabel(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, t, s, Cond(guidance=cond.guidance))


class NoneIsFirstClass(SoundBackbone):
    def forward(self, x, t, s, cond):
        label = torch.zeros_like(t, dtype=torch.int64) if cond.label is None else cond.label
        return super().forward(x, t, s, Cond(label=label))


class ClaimsGuidance(SoundBackbone):
    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.supports = frozenset({"bidirectional", "guidance"})


class HidesGuidance(SoundBackbone):
    def mlp_options(self):
        return MLPOptions(width=8, depth=1, guidance_embedding="scale")

    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.supports = frozenset({"bidirectional"})


class LoadsNothing(SoundBackbone):
    def load_tangent(self, weights):
        super().load_tangent(self.state_dict_of_tangent())
        return LoadReport(copied=tuple(weights))

    def state_dict_of_tangent(self):
        return {k: v for k, v in self.network.state_dict().items() if not k.startswith("s_")}


class LeavesSecondTime(SoundBackbone):
    def load_tangent(self, weights):
        report = super().load_tangent(weights)
        with torch.no_grad():
            self.network.s_embedder.mlp[0].bias.copy_(
                self.network.last.weight.flatten()[:8] * 0 + 1
            )
        return report


class KeepsOldTime(SoundBackbone):
    def load_tangent(self, weights):
        kept = {k: v.clone() for k, v in self.network.s_embedder.state_dict().items()}
        report = super().load_tangent(weights)
        self.network.s_embedder.load_state_dict(kept)
        return report


class RoundsWeights(SoundBackbone):
    def tangent_weights(self):
        return {k: v.half().float() for k, v in super().tangent_weights().items()}


class TakesAnyWeights(SoundBackbone):
    def load_tangent(self, weights):
        own = self.network.state_dict()
        fit = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
        self.network.load_state_dict(fit, strict=False)
        self.network.share_time()
        return LoadReport(copied=tuple(fit))


class ScaleOutsideState(SoundBackbone):
    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.scale = 1 + torch.rand(())  # neither parameter nor buffer

    def forward(self, x, t, s, cond):
        return self.scale * super().forward(x, t, s, cond)


class BufferNotSaved(SoundBackbone):
    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.register_buffer("shift", torch.rand(()), persistent=False)

    def forward(self, x, t, s, cond):
        return super().forward(x, t, s, cond) + self.shift


class OptionsThatJsonChanges(SoundBackbone):
    def network_options(self):
        return {"sizes": (8, 1)}


class WidthDrawn(SoundBackbone):
    """A width that its options do not tell."""

    made = 0

    def mlp_options(self):
        WidthDrawn.made += 1
        return MLPOptions(width=8 + 2 * (WidthDrawn.made % 7), depth=1)


class Float32Inside(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x.float().to(x.dtype), t, s, cond)


class Float64Output(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, t, s, cond).double()


class EditsX(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x.mul_(0.5) if not x.requires_grad else x, t, s, cond)


class Noisy(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, t, s, cond) + 1e-3 * torch.randn_like(x)


class BatchStatistics(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x - x.mean(0), t, s, cond)


class UnusedParameter(SoundBackbone):
    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.unused = nn.Linear(3, 3)


class OnTheCPU(SoundBackbone):
    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.gain = nn.Parameter(torch.ones((), device="cpu"))

    def forward(self, x, t, s, cond):
        return self.gain * super().forward(x, t, s, cond)


class UnseededInit(SoundBackbone):
    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        rng = torch.Generator()
        rng.seed()
        with torch.no_grad():
            bias = self.network.first.bias
            if bias.device.type != "meta":
                bias.copy_(torch.randn(bias.shape, generator=rng))


class BrokenJvp(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, t.detach(), s, cond)


class OverflowsAtSEqualT(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, t, s, cond) * ((s - t) / (s - t)).view(-1, *(1,) * (x.ndim - 1))


class TransposedShape(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, t, s, cond).unsqueeze(1)


class SwappedTimes(SoundBackbone):
    def forward(self, x, t, s, cond):
        return super().forward(x, s, t, cond)


FAULTS = (
    *faults_of(
        "backbone", "faults_backbone",
        ("IgnoresS", "s ignored", "check_both_times_are_used"),
        ("IgnoresT", "t ignored", "check_both_times_are_used"),
        ("IgnoresLabel", "label ignored", "check_labels_are_used"),
        ("NoneIsFirstClass", "a label of None is class 0", "check_labels_are_used"),
        ("ClaimsGuidance", "claims guidance, ignores it", "check_guidance_is_used_as_declared"),
        ("HidesGuidance", "uses guidance, hides it", "check_guidance_is_used_as_declared"),
        ("LoadsNothing", "load_tangent loads nothing",
         "check_loaded_tangent_is_the_weights_alone"),
        ("KeepsOldTime", "load_tangent keeps the old E_s",
         "check_loaded_tangent_is_the_weights_alone"),
        ("RoundsWeights", "tangent_weights rounds", "check_tangent_weights_round_trip"),
        ("LeavesSecondTime", "f(x, t, t) is not one-time", "check_tangent_weights_round_trip"),
        ("TakesAnyWeights", "weights that do not fit are taken",
         "check_wrong_weights_are_refused"),
        ("ScaleOutsideState", "weights that do not survive safetensors",
         "check_weights_survive_safetensors"),
        ("BufferNotSaved", "a buffer that is not saved", "check_weights_survive_safetensors"),
        ("OptionsThatJsonChanges", "network_options that JSON changes",
         "check_network_options_rebuild_it"),
        ("WidthDrawn", "sizes that network_options do not say",
         "check_network_options_rebuild_it"),
        ("Float32Inside", "float64 lost inside", "check_double_precision_is_kept_or_refused"),
        ("Float64Output", "float64 for float32", "check_secant_has_shape_and_dtype_of_x"),
        ("OverflowsAtSEqualT", "0/0 at s = t", "check_secant_has_shape_and_dtype_of_x"),
        ("TransposedShape", "an axis too many", "check_builds"),
        ("EditsX", "edits x in place", "check_inputs_are_left_alone"),
        ("Noisy", "global RNG used", "check_global_random_state_is_left_alone"),
        ("BatchStatistics", "statistics of the batch", "check_rows_are_independent"),
        ("UnusedParameter", "a parameter that nothing trains", "check_every_parameter_is_trained"),
        ("OnTheCPU", "a parameter on a device of its own", "check_meta_device_takes_no_memory"),
        ("UnseededInit", "initial weights without a seed", "check_seed_fixes_the_initial_weights"),
        ("BrokenJvp", "jvp that misses t", "check_jvp_runs_where_declared"),
    ),
    Fault(
        "backbone", "faults_backbone:SwappedTimes", "t and s exchanged",
        why="an untrained network treats its times alike; training or `load_tangent` tell, since "
        "both embedders are learnt",
    ),
)  # fmt: skip
