"""What the raw output F means: D(x; rho) = c_skip x + c_out F(c_in x; c_noise), and its tangent.

On a path x_t = alpha x_0 + sigma z the noise level is rho = sigma / alpha, the denoiser sees
x_t / alpha, and with W = alpha' sigma - alpha sigma'

    v(x_t, t) = (sigma' / sigma) x_t + (W / sigma) D(x_t / alpha; rho),

which is 0/0 at one end and infinite at the other. Put D's own form in and each family has
v = a x_t + b F(c x_t; c_noise(rho)) with a, b, c finite on the whole path.
"""

from __future__ import annotations

import abc
import math

import attrs
import torch
from torch import Tensor, nn

from secantfw import Coefficients
from secantfw_edm.design import Design
from secantfw_edm.options import PreconditioningName


@attrs.frozen(eq=False)
class DenoiserScales:
    """c_skip, c_out, c_in, each of sigma's shape."""

    skip: Tensor
    out: Tensor
    input: Tensor


@attrs.frozen(eq=False)
class VelocityScales:
    """a, b, c of v = a x + b F(c x; c_noise), each (B,)."""

    x: Tensor
    output: Tensor
    input: Tensor


class Preconditioning(nn.Module, abc.ABC):
    """One family. It computes in the dtype that it is given."""

    #: Output channels of the network / channels of the data.
    output_channels: int = 1

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.sigma_min, self.sigma_max = design.sigma_min, design.sigma_max

    @abc.abstractmethod
    def c_noise(self, sigma: Tensor) -> Tensor:
        """What the network is told for noise levels sigma, of sigma's shape."""

    @abc.abstractmethod
    def denoiser_scales(self, sigma: Tensor) -> DenoiserScales:
        """The scales of D(x; sigma)."""

    @abc.abstractmethod
    def velocity_scales(self, c: Coefficients) -> VelocityScales:
        """The scales of v at times t (B,) with the path's coefficients there."""

    def supported(self) -> tuple[float, float]:
        """The noise levels that the official class says it supports."""
        return self.sigma_min, self.sigma_max

    def round_sigma(self, sigma: Tensor) -> Tensor:
        """The nearest noise level that the network knows."""
        return sigma

    def noise_of(self, c: Coefficients) -> Tensor:
        """c_noise(sigma / alpha) with the level clamped to what the network was trained on."""
        return self.c_noise(self.bounded_sigma(c) / self.bounded_alpha(c))

    def bounded_alpha(self, c: Coefficients) -> Tensor:
        """alpha, or sigma / sigma_max where that is more: above 0 even where alpha is 0."""
        return torch.maximum(c.alpha, c.sigma / self.sigma_max)

    def bounded_sigma(self, c: Coefficients) -> Tensor:
        """sigma, or alpha sigma_min where that is more."""
        return torch.maximum(c.sigma, c.alpha * self.sigma_min)


class EDM(Preconditioning):
    """F has unit variance.  N^2 = sigma^2 + sd^2 alpha^2,

    v = (N'/N) x + (sd W / N) F(x / N),   N' = (sigma sigma' + sd^2 alpha alpha') / N.
    """

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self.sigma_data = design.sigma_data

    def c_noise(self, sigma: Tensor) -> Tensor:
        return sigma.log() / 4

    def denoiser_scales(self, sigma: Tensor) -> DenoiserScales:
        sd = self.sigma_data
        total = sigma**2 + sd**2
        return DenoiserScales(
            skip=sd**2 / total, out=sigma * sd / total.sqrt(), input=total.rsqrt()
        )

    def velocity_scales(self, c: Coefficients) -> VelocityScales:
        sd = self.sigma_data
        n2 = c.sigma**2 + sd**2 * c.alpha**2
        n = n2.sqrt()
        return VelocityScales(
            x=(c.sigma * c.d_sigma + sd**2 * c.alpha * c.d_alpha) / n2,
            output=sd * _wronskian(c) / n,
            input=1 / n,
        )

    def supported(self) -> tuple[float, float]:
        return 0.0, math.inf


class NoisePrediction(Preconditioning):
    """F estimates the noise, D = x - sigma F:  v = (alpha'/alpha) x - (W/alpha) F(x / N), N^2 =
    sigma^2 + alpha^2."""

    def denoiser_scales(self, sigma: Tensor) -> DenoiserScales:
        return DenoiserScales(
            skip=torch.ones_like(sigma), out=-sigma, input=(sigma**2 + 1).rsqrt()
        )

    def velocity_scales(self, c: Coefficients) -> VelocityScales:
        alpha = self.bounded_alpha(c)
        return VelocityScales(
            x=c.d_alpha / alpha,
            output=-_wronskian(c) / alpha,
            input=(c.sigma**2 + c.alpha**2).rsqrt(),
        )


class VP(NoisePrediction):
    """The variance-preserving family: sigma(u)^2 = exp(beta_d u^2 / 2 + beta_min u) - 1."""

    beta_d, beta_min, M, epsilon = 19.9, 0.1, 1000, 1e-5

    def c_noise(self, sigma: Tensor) -> Tensor:
        return (self.M - 1) * self.time_of(sigma)

    def sigma_of(self, u: Tensor) -> Tensor:
        """The noise level at VP's own time u in [epsilon, 1]."""
        return ((0.5 * self.beta_d * u**2 + self.beta_min * u).exp() - 1).sqrt()

    def time_of(self, sigma: Tensor) -> Tensor:
        """VP's own time of a noise level."""
        root = (self.beta_min**2 + 2 * self.beta_d * (1 + sigma**2).log()).sqrt()
        return (root - self.beta_min) / self.beta_d

    def supported(self) -> tuple[float, float]:
        low, high = self.sigma_of(torch.tensor([self.epsilon, 1.0])).tolist()
        return low, high


class IDDPM(NoisePrediction):
    """Improved DDPM: 1000 noise levels u_j from high to low; the network is told which one."""

    output_channels = 2  # the second half is the variance, which nobody reads
    C_1, C_2, M = 0.001, 0.008, 1000

    u: Tensor

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self.register_buffer("u", self._levels(), persistent=False)

    def c_noise(self, sigma: Tensor) -> Tensor:
        return (self.M - 1 - self.index_of(sigma)).to(sigma.dtype)

    def index_of(self, sigma: Tensor) -> Tensor:
        """j of the nearest u_j, int64 of sigma's shape."""
        return (sigma[..., None].to(self.u.dtype) - self.u).abs().argmin(-1)

    def round_sigma(self, sigma: Tensor) -> Tensor:
        return self.u[self.index_of(sigma)].to(sigma.dtype)

    def supported(self) -> tuple[float, float]:
        return float(self.u[self.M - 1]), float(self.u[0])

    def _levels(self) -> Tensor:
        """u_0 .. u_M, (M + 1,) float32:  u_M = 0,
        u_(j-1)^2 = (u_j^2 + 1) / max(abar_(j-1) / abar_j, C_1) - 1."""
        j = torch.arange(self.M + 1, device="cpu")
        abar = (0.5 * math.pi * j / self.M / (self.C_2 + 1)).sin() ** 2
        ratio = (abar[:-1] / abar[1:]).clip(min=self.C_1)
        u = torch.zeros(self.M + 1, device="cpu")
        for k in range(self.M, 0, -1):
            u[k - 1] = ((u[k] ** 2 + 1) / ratio[k - 1] - 1).sqrt()
        return u.to(torch.get_default_device())


class VE(Preconditioning):
    """F is minus the noise, D = x + sigma F:  v = (alpha'/alpha) x + (W/alpha) F(x/alpha)."""

    def c_noise(self, sigma: Tensor) -> Tensor:
        return (0.5 * sigma).log()

    def denoiser_scales(self, sigma: Tensor) -> DenoiserScales:
        one = torch.ones_like(sigma)
        return DenoiserScales(skip=one, out=sigma, input=one)

    def velocity_scales(self, c: Coefficients) -> VelocityScales:
        alpha = self.bounded_alpha(c)
        return VelocityScales(x=c.d_alpha / alpha, output=_wronskian(c) / alpha, input=1 / alpha)


def build_preconditioning(design: Design) -> Preconditioning:
    """The family that a design names."""
    return _FAMILIES[design.preconditioning](design)


def denoise(
    preconditioning: Preconditioning, x: Tensor, sigma: Tensor, network_output: Tensor
) -> Tensor:
    """D(x; sigma) (B, C, H, W) from F, of which the first C channels count; sigma (B,) or (1,)."""
    scales = preconditioning.denoiser_scales(sigma.reshape(-1, 1, 1, 1))
    return scales.skip * x + scales.out * network_output[:, : x.shape[1]]


def _wronskian(c: Coefficients) -> Tensor:
    """W = alpha' sigma - alpha sigma', (B,): below 0, since noise grows with t."""
    return c.d_alpha * c.sigma - c.alpha * c.d_sigma


_FAMILIES: dict[PreconditioningName, type[Preconditioning]] = {
    "edm": EDM,
    "vp": VP,
    "ve": VE,
    "iddpm": IDDPM,
}
