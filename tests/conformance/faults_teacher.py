"""Seeded bugs of a teacher."""

from __future__ import annotations

import torch
from faults import faults_of
from sound import SoundTeacher

from secantfw import Cond, at


class BuildsGraph(SoundTeacher):
    def velocity(self, x, t, cond):
        return super().velocity(x.detach(), t, cond) + 0 * x


class Dropout(SoundTeacher):
    def velocity(self, x, t, cond):
        return torch.dropout(super().velocity(x, t, cond), 0.1, train=True)


class IgnoresLabel(SoundTeacher):
    def velocity(self, x, t, cond):
        return super().velocity(x, t, Cond(label=torch.zeros_like(cond.label)))


class NullIsLast(SoundTeacher):
    def velocity(self, x, t, cond):
        return super().velocity(x, t, Cond(label=cond.label % 4))


class IgnoresTime(SoundTeacher):
    def velocity(self, x, t, cond):
        return super().velocity(x, torch.full_like(t, 0.5), cond)


class AppliesGuidance(SoundTeacher):
    def velocity(self, x, t, cond):
        v = super().velocity(x, t, cond)
        return v if cond.guidance is None else at(cond.guidance, v) * v


class BatchStatistics(SoundTeacher):
    def velocity(self, x, t, cond):
        return super().velocity(x - x.mean(0) + x.mean(), t, cond)


class EditsX(SoundTeacher):
    def velocity(self, x, t, cond):
        return super().velocity(x.mul_(0.9), t, cond)


class Float64Velocity(SoundTeacher):
    def velocity(self, x, t, cond):
        return super().velocity(x, t, cond).double()


class NotFiniteAtTheEnd(SoundTeacher):
    def velocity(self, x, t, cond):
        return super().velocity(x, t, cond) / at(1 - t, x)


class CountsNoWeights(SoundTeacher):
    def weights(self):
        return {"w": torch.zeros(3)}


class TrainableWeights(SoundTeacher):
    def weights(self):
        return {"w": torch.zeros(3, requires_grad=True)}

    def num_parameters(self) -> int:
        return 3


class LosesItselfOnTheWay(SoundTeacher):
    def to(self, device):
        self.exact = self.exact.to(device)


class Wandering(SoundTeacher):
    """Its answer drifts with every call."""

    calls = 0

    def velocity(self, x, t, cond):
        self.calls += 1
        return super().velocity(x, t, cond) * (1 + 1e-3 * self.calls)


FAULTS = faults_of(
    "teacher", "faults_teacher",
    ("BuildsGraph", "builds a graph", "check_velocity_has_no_gradient"),
    ("TrainableWeights", "weights ask for gradients", "check_velocity_has_no_gradient"),
    ("Dropout", "dropout from the global RNG", "check_global_random_state_is_left_alone"),
    ("IgnoresLabel", "label ignored", "check_labels_are_used"),
    ("NullIsLast", "takes the null class for the first", "check_labels_are_used"),
    ("IgnoresTime", "time ignored", "check_time_is_used"),
    ("AppliesGuidance", "applies guidance itself", "check_guidance_is_ignored"),
    ("BatchStatistics", "statistics of the batch", "check_rows_are_independent"),
    ("EditsX", "edits x in place", "check_inputs_are_left_alone"),
    ("Float64Velocity", "float64 for float32", "check_velocity_has_shape_and_dtype_of_x"),
    ("NotFiniteAtTheEnd", "infinite at t_max", "check_velocity_has_shape_and_dtype_of_x"),
    ("CountsNoWeights", "has weights and no parameters", "check_parameters_are_counted"),
    ("LosesItselfOnTheWay", "`to` returns nothing", "check_parameters_are_counted"),
    ("Wandering", "another answer each time", "check_same_generator_same_result"),
)  # fmt: skip
