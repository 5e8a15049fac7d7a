"""Seeded bugs of a loss."""

from __future__ import annotations

import attrs
import torch
from faults import Fault, faults_of
from sound import SoundLoss
from torch.nn.functional import huber_loss

from secantfw import Cond, LossTerms, at, mean_flat


class SquaredLaw(SoundLoss):
    def interior(self, times):
        u = (times.r[:, 0] - times.t) / (times.s - times.t).where(times.s != times.t, 1)
        return times.t + u.square() * (times.s - times.t)


class HalfStep(SoundLoss):
    def estimate(self, ctx, cond, x_t, t, r):
        return x_t + 0.5 * at(r - t, x_t) * ctx.student(x_t, t, r, cond)


class StepOfWrongSign(SoundLoss):
    def estimate(self, ctx, cond, x_t, t, r):
        return x_t - at(r - t, x_t) * ctx.student(x_t, t, r, cond)


class TangentForSecant(SoundLoss):
    def estimate(self, ctx, cond, x_t, t, r):
        return x_t + at(r - t, x_t) * ctx.student(x_t, t, t, cond)


class NoStopGradient(SoundLoss):
    def estimate(self, ctx, cond, x_t, t, r):
        return x_t + at(r - t, x_t) * ctx.student(x_t, t, r, cond, grad=True)


class SelfTargetWithGradient(SoundLoss):
    requires = frozenset()

    def target(self, ctx, batch, x_t, x_r, times, r):
        return ctx.student(x_r, r, r, batch.cond, grad=True)


class TargetAtTimeT(SoundLoss):
    def target(self, ctx, batch, x_t, x_r, times, r):
        return ctx.teacher(x_r, times.t, batch.cond)


class TargetAtPointT(SoundLoss):
    def target(self, ctx, batch, x_t, x_r, times, r):
        return ctx.teacher(x_t, times.t, batch.cond)


class TargetOfWrongSign(SoundLoss):
    def target(self, ctx, batch, x_t, x_r, times, r):
        return -ctx.teacher(x_r, r, batch.cond)


class TargetOfTheData(SoundLoss):
    requires = frozenset()

    def target(self, ctx, batch, x_t, x_r, times, r):
        return ctx.path.tangent(batch, r)


class SwappedEnds(SoundLoss):
    def secant(self, ctx, cond, x_t, times):
        return ctx.student(x_t, times.s, times.t, cond, grad=True)


class SwappedDataAndNoise(SoundLoss):
    def point(self, ctx, batch, times):
        return ctx.path.point(attrs.evolve(batch, x_0=batch.z, z=batch.x_0), times.t)


class NoGradient(SoundLoss):
    def secant(self, ctx, cond, x_t, times):
        return ctx.student(x_t, times.t, times.s, cond)


class GradientIntoTheAverage(SoundLoss):
    requires = frozenset({"ema", "teacher"})

    def secant(self, ctx, cond, x_t, times):
        return ctx.target(x_t, times.t, times.s, cond, grad=True)


class GradientIntoTheTeacher(SoundLoss):
    def target(self, ctx, batch, x_t, x_r, times, r):
        frozen = getattr(ctx, "frozen", None)  # past the context, at the network itself
        if frozen is None:
            return super().target(ctx, batch, x_t, x_r, times, r)
        return frozen(x_r, r, r, batch.cond)


class ReducedOverTheBatch(SoundLoss):
    def terms(self, f, target):
        return LossTerms((f - target).square().mean().expand(len(f)))


class NotReduced(SoundLoss):
    def terms(self, f, target):
        return LossTerms((f - target).square())


class NormalisedByTheBatch(SoundLoss):
    def terms(self, f, target):
        error = mean_flat((f - target).square())
        return LossTerms(error / error.detach().mean())


class RoundedToFloat32(SoundLoss):
    def terms(self, f, target):
        return LossTerms(mean_flat((f - target).float().square()))


class EditsTheBatch(SoundLoss):
    def point(self, ctx, batch, times):
        x_t = ctx.path.point(batch, times.t)
        batch.z.mul_(1.5)
        return x_t


class EditsTheTimes(SoundLoss):
    def interior(self, times):
        return times.r[:, 0].clamp_(min=0.3)


class GlobalNoise(SoundLoss):
    def estimate(self, ctx, cond, x_t, t, r):
        return super().estimate(ctx, cond, x_t, t, r) + 1e-3 * torch.randn_like(x_t)


class IgnoresLabels(SoundLoss):
    def secant(self, ctx, cond, x_t, times):
        return super().secant(ctx, Cond(guidance=cond.guidance), x_t, times)


class ForgetsTheScale(SoundLoss):
    def secant(self, ctx, cond, x_t, times):
        return super().secant(ctx, Cond(label=cond.label), x_t, times)


class ForgetsTheAugmentation(SoundLoss):
    def target(self, ctx, batch, x_t, x_r, times, r):
        return ctx.teacher(x_r, r, Cond(batch.cond.label, batch.cond.guidance))


class ShufflesLabels(SoundLoss):
    def secant(self, ctx, cond, x_t, times):
        return super().secant(ctx, cond.map(lambda v: v.flip(0)), x_t, times)


class SilentTeacher(SoundLoss):
    requires = frozenset()


class GoesBackwards(SoundLoss):
    def estimate(self, ctx, cond, x_t, t, r):
        x_r = super().estimate(ctx, cond, x_t, t, r)
        return x_t + at(r - t, x_t) * ctx.student(x_r, r, t, cond)


class UnknownNeed(SoundLoss):
    requires = frozenset({"teachers"})


class LeavesTheRange(SoundLoss):
    def target(self, ctx, batch, x_t, x_r, times, r):
        return ctx.teacher(x_r, r - 0.2, batch.cond)


class ScalarsWithGraph(SoundLoss):
    def terms(self, f, target):
        error = mean_flat((f - target).square())
        return LossTerms(error, {"error": error.mean()})


class Huber(SoundLoss):
    def terms(self, f, target):
        return LossTerms(mean_flat(huber_loss(f, target, reduction="none", delta=0.1)))


class SwappedAmongEstimates(SwappedDataAndNoise):
    points_note = "asks at estimated points"


class DeclaredWithoutReason(SoundLoss):
    fixed_point = False


class TeacherConditionedAsTheData(SoundLoss):
    def target(self, ctx, batch, x_t, x_r, times, r):
        return ctx.teacher(x_r, r, batch.cond_data)


FIXED, POINTS = "check_fixed_point", "check_points_lie_on_the_path"

FAULTS = (
    *faults_of(
        "loss", "faults_loss",
        ("SquaredLaw", "wrong law of r", FIXED),
        ("HalfStep", "half a Picard step", POINTS),
        ("StepOfWrongSign", "Picard step of the wrong sign", POINTS),
        ("TangentForSecant", "tangent for the secant in the Picard step", FIXED),
        ("NoStopGradient", "missing stop-gradient of the estimate", "check_no_graph_is_wasted"),
        ("SelfTargetWithGradient", "missing stop-gradient of the target", FIXED),
        ("TargetAtTimeT", "target at the wrong time", FIXED),
        ("TargetAtPointT", "target at the wrong point", FIXED),
        ("TargetOfWrongSign", "target of the wrong sign", FIXED),
        ("TargetOfTheData", "the data's tangent at r, though x_t is real", FIXED),
        ("SwappedEnds", "t and s exchanged", FIXED),
        ("SwappedDataAndNoise", "data and noise exchanged", POINTS),
        ("SwappedAmongEstimates", "exchanged, behind a points_note", POINTS),
        ("NoGradient", "student without gradient", "check_gradients_reach_the_student_only"),
        ("GradientIntoTheAverage", "asks the EMA copy for a gradient",
         "check_gradients_reach_the_student_only"),
        ("GradientIntoTheTeacher", "gradient into the teacher",
         "check_gradients_reach_the_student_only"),
        ("ReducedOverTheBatch", "mean over the batch", "check_rows_are_independent"),
        ("NormalisedByTheBatch", "divided by the batch's mean", "check_rows_are_independent"),
        ("NotReduced", "not reduced to rows", "check_loss_is_one_number_a_row"),
        ("RoundedToFloat32", "float64 lost", "check_loss_is_one_number_a_row"),
        ("EditsTheBatch", "edits the noise in place", "check_inputs_are_left_alone"),
        ("EditsTheTimes", "edits r in place", "check_inputs_are_left_alone"),
        ("GlobalNoise", "global RNG used", "check_global_random_state_is_left_alone"),
        ("IgnoresLabels", "label ignored", "check_conditions_reach_the_networks"),
        ("ForgetsTheScale", "guidance scale forgotten", "check_conditions_reach_the_networks"),
        ("ForgetsTheAugmentation", "the teacher is not told of the augmentation",
         "check_conditions_reach_the_networks"),
        ("ShufflesLabels", "labels of other rows", "check_conditions_reach_the_networks"),
        ("SilentTeacher", "does not say it needs a teacher", "check_requirements_are_declared"),
        ("GoesBackwards", "steps backwards undeclared", "check_requirements_are_declared"),
        ("UnknownNeed", "requires what nobody knows", "check_requirements_are_known"),
        ("LeavesTheRange", "leaves the path's range",
         "check_times_stay_in_the_range_of_the_path"),
        ("ScalarsWithGraph", "logged scalars keep the graph",
         "check_scalars_are_numbers_to_log"),
        ("Huber", "another fixed point, undeclared", FIXED),
        ("DeclaredWithoutReason", "fixed_point = False without a reason", FIXED),
    ),
    Fault(
        "loss", "faults_loss:TeacherConditionedAsTheData",
        "teacher conditioned as the data term is",
        why="cond and cond_data are both of the row: which one a term wants is its own affair",
    ),
)  # fmt: skip
