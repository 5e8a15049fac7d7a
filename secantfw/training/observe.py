"""What happens beside the update: metrics.jsonl, the progress bar, hooks, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path

import attrs
import torch
from torch import Tensor

from secantfw.assembly.build import Built
from secantfw.discovery.calling import call, implementations
from secantfw.discovery.records import Plugins, cause
from secantfw.errors import RunAborted
from secantfw.interfaces.records import LossTerms
from secantfw.interfaces.run import RunInfo
from secantfw.parallel.context import Counts
from secantfw.parallel.group import ALONE, Group
from secantfw.parallel.processes import EndsWithAnother
from secantfw.runtime.checkpoint_folder import prune
from secantfw.runtime.event_log import EventLog
from secantfw.runtime.metrics_log import MetricsLog
from secantfw.runtime.progress import Progress
from secantfw.runtime.silent import SilentEvents, SilentLog
from secantfw.training import checkpoint
from secantfw.training.generators import gathered_state
from secantfw.training.provenance import Provenance
from secantfw.training.spikes import SpikeWatch
from secantfw.training.update import Update


class NonFinite(RunAborted):
    """More steps in a row than may be skipped had a loss or gradient that is not finite."""

    def __init__(self, step: int, values: Mapping[str, float]) -> None:
        self.step, self.values = step, values  # step from 1
        bad = ", ".join(name for name in _DECIDING if not math.isfinite(values[name]))
        super().__init__(f"step {step}: {bad} not finite")


#: What makes a step one that changes nothing.
_DECIDING = ("loss", "grad_norm")


@attrs.frozen(eq=False)
class StepValues:
    """A step's 0-dim values by name, still on the device, and its evaluations per sample."""

    names: tuple[str, ...]
    values: list[Tensor]
    evaluations: float


class Observer:
    """Keeps the log values of each step on the device and reads them once per log interval.

    A line of metrics.jsonl is the mean over the steps since the line before, save skipped ones.
    Its `evaluations` are those of all networks per sample and step, as they were counted.
    """

    def __init__(
        self,
        built: Built,
        update: Update,
        run: RunInfo,
        plugins: Plugins,
        progress: Progress,
        provenance: Provenance,
        state: checkpoint.TrainState | None,
        counts: Counts,
        group: Group = ALONE,
    ) -> None:
        self.group = group
        self.counts, self._counted = counts, counts.evaluations
        self.built, self.update, self.run, self.progress = built, update, run, progress
        self.plugins, self.provenance = plugins, provenance
        self.log: MetricsLog = SilentLog()
        self.events: EventLog = SilentEvents()
        if group.is_main:
            self.log = MetricsLog(run.directory / "metrics.jsonl", run.resumed_at)
            self.events = EventLog(run.directory)
        self._spikes = SpikeWatch()
        self._skipped_in_a_row = 0 if state is None else state.skipped_in_a_row
        self._failed_saves = 0
        self.clock = time.perf_counter()
        self.spent = 0.0 if state is None else state.seconds
        self.detached: list[str] = []
        self.done = run.resumed_at
        self._pending: list[Mapping[str, float]] = [] if state is None else list(state.pending)
        self._device: list[StepValues] = []
        self._train = built.experiment.train
        self._rows = len(group.processes.rows(self._train.batch_size))
        self._interval_start = time.perf_counter()
        self._interval_steps = 0
        self._saved_at = run.resumed_at if state is not None else -1

    def step_done(self, done: int, loss: Tensor, norm: Tensor, terms: LossTerms) -> None:
        """Note a step's values; log and save where it is time. `done` counts from 1."""
        self.done = done
        scalars = {**self.update.logged, **terms.scalars}
        names = ("loss", "grad_norm", *scalars)
        values = [loss.detach(), norm, *scalars.values()]
        spent, self._counted = self.counts.evaluations - self._counted, self.counts.evaluations
        self._device.append(StepValues(names, values, spent / self._rows))
        self._interval_steps += 1
        last = done == self._train.steps
        if done % self._train.log_every_steps == 0 or last:
            self._log(done)
        if done % self._train.save_every_steps == 0 or last:
            self.save(done, final=last)

    def save(self, done: int, final: bool = True) -> None:
        """A checkpoint after `done` steps, if there is none yet.

        Raises:
            SaveFailed: it cannot be written; where it is not `final`, only the second time
                running, since a full disk may be emptied until the next.
        """
        if done == self._saved_at:
            return
        self._collect(done)
        now = time.perf_counter()
        self.spent, self.clock = self.spent + now - self.clock, now
        folder = self.run.directory / "checkpoints"
        try:
            with self.group.together():
                self.log.sync()
                self._write(folder, done)
        except (checkpoint.SaveFailed, EndsWithAnother) as error:
            self._failed_saves += 1
            self.events.add("save_failed", done, message=str(error))
            if final or self._failed_saves > 1:
                raise
            self.progress.note(f"{error}; trying again at the next")
            return
        self._saved_at, self._failed_saves = done, 0
        if not self.group.is_main:
            return
        try:
            prune(folder, self._train.keep_last, self._train.keep_every)
        except OSError as error:
            self.progress.note(f"{folder}: old checkpoints not removed ({error.strerror})")

    def _write(self, folder: Path, done: int) -> None:
        student, state, header = self.built.student, self._state(done), self.built.header()
        generators = gathered_state(self.group)
        checkpoint.save(folder, student, self.update, header, state, generators, self.group)

    def _state(self, done: int) -> checkpoint.TrainState:
        return checkpoint.TrainState(
            step=done,
            pending=tuple(self._pending),
            seconds=self.spent,
            digest=self.provenance.digest,
            experiment=self.provenance.experiment,
            versions=self.provenance.versions,
            inputs=self.provenance.inputs,
            skipped_in_a_row=self._skipped_in_a_row,
            time_sampler=self.built.time_sampler.state_dict(),
            loss_scale=() if self.update.scale is None else self.update.scale.state(),
        )

    def _collect(self, done: int) -> None:
        """Move the steps' values from the device to `_pending`.

        Raises:
            NonFinite: a step too many to skip.
        """
        if not self._device:
            return
        kept = self._device.copy()
        self._device.clear()
        stacked = torch.stack([v for one in kept for v in one.values])
        numbers = iter(self.group.mean(stacked).tolist())
        for step, one in enumerate(kept, done - len(kept) + 1):
            values = {name: next(numbers) for name in one.names}
            self._judge(step, {**values, "evaluations": one.evaluations})

    def _judge(self, step: int, values: Mapping[str, float]) -> None:
        """Keep, skip, or stop at the values of one step."""
        if all(math.isfinite(values[name]) for name in _DECIDING):
            self._skipped_in_a_row = 0
            self._look_for_spike(step, values["loss"])
            self._pending.append({k: v for k, v in values.items() if math.isfinite(v)})
            return
        if math.isfinite(values["loss"]) and values.get("loss_scale", 1.0) > 1.0:
            self.events.add("overflow", step, loss_scale=values["loss_scale"])
            return
        self._skipped_in_a_row += 1
        error = NonFinite(step, values)
        if self._skipped_in_a_row > self._train.skip_nonfinite:
            raise error
        self.events.add("skipped", step, **values)
        self.progress.note(f"{error}; skipped")

    def _look_for_spike(self, step: int, loss: float) -> None:
        mean, deviation = self._spikes.mean, self._spikes.deviation
        if self._spikes.is_spike(loss):
            self.events.add("loss_spike", step, loss=loss, mean=mean, deviation=deviation)
            self.progress.note(f"step {step}: loss {loss:.4g} is a spike (mean {mean:.4g})")

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
        self.progress.update(done, scalars.get("loss"), speed)
        self.tell("secantfw_step_logged", step=done, scalars=scalars)

    def tell(self, hook: str, **arguments: object) -> None:
        """Call a hook of every plug-in; one that raises is named and detached for this run."""
        if not self.group.is_main:
            return
        for implementation in implementations(self.plugins, hook):
            try:
                call(self.plugins, implementation, hook, run=self.run, **arguments)
            except Exception as error:  # an observer's mistake must not end a run
                name = implementation.plugin_name
                self.detached.append(f"{name}: {hook}: {cause(error)}")
                self.progress.note(f"observer {self.detached[-1]}; detached")
                self.plugins.manager.unregister(implementation.plugin)
