"""How much the draws of r make the gradient vary, estimator by estimator.

    python experiments/ablations/gradient_variance.py [--student RUN] [FILE ...]

The batch and (t, s) are held and r is drawn again: Var_r of the gradient g, |g - mean|^2 summed
over the weights, as a share of Var, that of new batches and times too, and as a multiple of
sdei.toml's Var_r. The last column multiplies by the evaluations of a step: the variance that is
left when a fixed number of evaluations is spent. At the teacher's weights, or at those of a run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import attrs
import torch
from questions import QUESTIONS
from torch import Tensor

from secantfw import complete_times, load_weights
from secantfw.experiment.load import load
from secantfw.load_plugins import load_plugins
from secantfw.training.job import Job, prepare

HERE = Path(__file__).parent
BATCHES, REPEATS = 6, 6


@attrs.frozen
class Measured:
    """Of one file: evaluations a step and sample; the variance due to r alone, and to all."""

    file: str
    evaluations: float
    of_r: float
    of_all: float


@attrs.frozen(eq=False)
class OfBatch:
    """One gradient of a batch, and their variance over draws of r."""

    gradient: Tensor
    of_r: float


def measure(file: str, student: Path | None, overrides: list[str]) -> Measured:
    plugins = load_plugins()
    path = HERE / f"{file}.toml"
    run = prepare(load(path, ["evaluate.samples=0", *overrides], plugins), plugins)
    if student is not None:
        newest = sorted((student / "checkpoints").glob("step-*"))[-1]
        run.built.student.load_state_dict(load_weights(newest / "student.safetensors"))
        run.average.network.load_state_dict(load_weights(newest / "ema.safetensors"))
    before = run.ctx.counts.evaluations
    of_batches = [_of_batch(run, number) for number in range(BATCHES)]
    rows = BATCHES * REPEATS * run.built.experiment.train.batch_size
    of_all = torch.stack([one.gradient for one in of_batches]).var(0).sum()
    return Measured(
        file,
        (run.ctx.counts.evaluations - before) / rows,
        sum(one.of_r for one in of_batches) / BATCHES,
        float(of_all),
    )


def _of_batch(run: Job, number: int) -> OfBatch:
    """sum_i |g_i - mean|^2 / (R - 1) over R draws of r, the rest held."""
    batch, need = run.source.batch(number), run.built.loss.times_needed()
    rng = run.source.streams.at("times", number)
    times = run.built.time_sampler.sample(len(batch), need, run.built.path, rng, 0.0)
    gradients = []
    for repeat in range(REPEATS):
        rng = run.source.streams.at(f"variance/{repeat}", number)
        drawn = complete_times(times.t, times.s, need, run.built.path, rng)
        gradients.append(_gradient(run, run.built.loss(run.ctx, batch, drawn).per_sample.mean()))
    return OfBatch(gradients[0], float(torch.stack(gradients).var(0).sum()))


def _gradient(run: Job, loss: Tensor) -> Tensor:
    parameters = run.update.parameters
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return torch.cat([g.flatten() for g in found if g is not None])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    estimators = [row.file for row in QUESTIONS[0].rows]
    parser.add_argument("files", nargs="*", metavar="FILE", default=estimators)
    parser.add_argument("--student", type=Path, metavar="RUN", help="a run directory")
    parser.add_argument("--set", nargs="+", default=[], metavar="key=value")
    args = parser.parse_args()
    print("| file | evaluations | Var_r / Var | Var_r / sdei's | x evaluations |")
    print("|---|---|---|---|---|")
    first: Measured | None = None
    for file in dict.fromkeys(["sdei", *args.files]):
        m = measure(file, args.student, args.set)
        first = first or m
        share = m.of_r / first.of_r
        spent = share * m.evaluations / first.evaluations
        cells = (f"{m.evaluations:g}F", *(f"{x:.3g}" for x in (m.of_r / m.of_all, share, spent)))
        print(f"| `{m.file}.toml` | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
