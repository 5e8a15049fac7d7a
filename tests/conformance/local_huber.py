"""A one-file plug-in: a loss with a fixed point of its own, and one that says so nowhere."""

import attrs
from torch.nn.functional import huber_loss

import secantfw
from secantfw import LossTerms, SecantLoss, TimesNeed, at, mean_flat, option


@attrs.frozen
class Huber(SecantLoss):
    """SDEI under a Huber norm."""

    delta: float = option(0.1, "where the norm turns linear", unit="data per time", gt=0)
    requires = frozenset({"teacher"})

    def times_needed(self):
        return TimesNeed()

    def __call__(self, ctx, batch, times):
        r = times.r[:, 0]
        x_t = ctx.path.point(batch, times.t)
        x_r = x_t + at(r - times.t, x_t) * ctx.student(x_t, times.t, r, batch.cond)
        f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
        v = ctx.teacher(x_r, r, batch.cond)
        return LossTerms(mean_flat(huber_loss(f, v, reduction="none", delta=self.delta)))


@secantfw.hookimpl
def secantfw_components(register):
    about = {"summary": "SDEI under a Huber norm"}
    register.loss("silent", "local_huber:Huber", **about)
    register.loss(
        "declared",
        "local_huber:Huber",
        expected_failures={"check_fixed_point": "a Huber norm has another fixed point"},
        **about,
    )
    register.loss(
        "wide",
        "local_huber:Huber",
        example={"delta": 1e6},
        expected_failures={"check_fixed_point": "says so, though a wide norm is a square"},
        **about,
    )
