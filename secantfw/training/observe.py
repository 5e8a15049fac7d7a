"""What happens beside the update: metrics.jsonl, the progress bar, hooks, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import torch
from torch import Tensor

from secantfw.errors import RunAborted
from secantfw.interfaces.records import LossTerms
from secantfw.plugin.calling import call, implementations
from secantfw.plugin.loader import Plugins
from secantfw.plugin.records import cause
from secantfw.training import checkpoint
from secantfw.training.build import Built
from secantfw.training.progress import Progress
from secantfw.training.run_directory import MetricsLog, RunInfo
from secantfw.training.update import Update


class Observer:
    """Keeps the log values of each step on the device and reads them once per log interval.

    A line of metrics.jsonl is the mean over the steps since the line before.
    """

    def __init__(
        self,
        built: Built,
        update: Update,
        run: RunInfo,
        plugins: Plugins,
        progress: Progress,
        digest: str,
        state: checkpoint.TrainState | None,
    ) -> None:
        self.built, self.update, self.run, self.progress = built, update, run, progress
        self.plugins, self.digest = plugins, digest
        self.log = MetricsLog(run.directory / "metrics.jsonl", run.resumed_at)
        self.clock = time.perf_counter()
        self.spent = 0.0 if state is None else state.seconds
        self.detached: list[str] = []
        self.done = run.resumed_at
        self._pending: list[Mapping[str, float]] = [] if state is None else list(state.pending)
        self._device: list[tuple[tuple[str, ...], list[Tensor]]] = []
        self._train = built.experiment.train
        self._interval_start = time.perf_counter()
        self._interval_steps = 0
        self._saved_at = run.resumed_at if state is not None else -1

    def step_done(self, done: int, loss: Tensor, norm: Tensor, terms: LossTerms) -> None:
        """Note a step's values; log and save where it is time. `done` counts from 1."""
        self.done = done
        names = ("loss", "grad_norm", *terms.scalars)
        self._device.append((names, [loss.detach(), norm, *terms.scalars.values()]))
        self._interval_steps += 1
        last = done == self._train.steps
        if done % self._train.log_every_steps == 0 or last:
            self._log(done)
        if done % self._train.save_every_steps == 0 or last:
            self.save(done)

    def save(self, done: int) -> None:
        """A checkpoint after `done` steps, if there is none yet."""
        if done == self._saved_at:
            return
        self._saved_at = done
        self._collect(done)
        now = time.perf_counter()
        self.spent, self.clock = self.spent + now - self.clock, now
        state = checkpoint.TrainState(
            step=done,
            pending=tuple(self._pending),
            seconds=self.spent,
            digest=self.digest,
            time_sampler=self.built.time_sampler.state_dict(),
        )
        folder = self.run.directory / "checkpoints"
        checkpoint.save(folder, self.built.student, self.update, self.built.header(), state)
        checkpoint.prune(folder, self._train.keep_last)

    def _collect(self, done: int) -> None:
        """Move the steps' values from the device to `_pending`; stop at a non-finite one."""
        if not self._device:
            return
        numbers = iter(torch.stack([v for _, values in self._device for v in values]).tolist())
        names_of_steps = [names for names, _ in self._device]
        first = done - len(names_of_steps) + 1
        self._device.clear()
        for offset, names in enumerate(names_of_steps):
            record = {name: next(numbers) for name in names}
            bad = [name for name, value in record.items() if not math.isfinite(value)]
            if bad:
                raise RunAborted(
                    f"step {first + offset}: {', '.join(bad)} not finite; parameters were left as "
                    f"they were before it; the last checkpoint in {self.run.directory} is intact"
                )
            self._pending.append(record)

    def _log(self, done: int) -> None:
        self._collect(done)
        names = dict.fromkeys(name for record in self._pending for name in record)
        scalars = {}
        for name in names:
            values = [record[name] for record in self._pending if name in record]
            scalars[name] = sum(values) / len(values)
        scalars["learning_rate"] = self.update.learning_rate(done - 1)
        self._pending.clear()
        now = time.perf_counter()
        speed = (
            self._interval_steps * self._train.batch_size / max(now - self._interval_start, 1e-9)
        )
        self._interval_start, self._interval_steps = now, 0
        self.log.append({"step": done, **scalars, "images_per_second": round(speed, 1)})
        self.progress.update(done, scalars["loss"], speed)
        self.tell("secantfw_step_logged", step=done, scalars=scalars)

    def tell(self, hook: str, **arguments: object) -> None:
        """Call a hook of every plug-in; one that raises is named and detached for this run."""
        for implementation in implementations(self.plugins, hook):
            try:
                call(self.plugins, implementation, hook, run=self.run, **arguments)
            except Exception as error:  # an observer's mistake must not end a run
                name = implementation.plugin_name
                self.detached.append(f"{name}: {hook}: {cause(error)}")
                self.progress.note(f"observer {self.detached[-1]}; detached")
                self.plugins.manager.unregister(implementation.plugin)
