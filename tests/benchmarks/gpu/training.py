"""Training steps by the loop itself: time, MFU, memory beside its estimate, the update."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

import attrs
import torch
from report import Figure
from session import Session

from secantfw.assembly.build import Built
from secantfw.assembly.choose_engine import engine_of
from secantfw.assembly.compiled import compile_networks
from secantfw.assembly.data_place import item_source
from secantfw.forecast.cost import StepCost, step_cost
from secantfw.parallel.group import ALONE
from secantfw.runtime.randomness import Streams
from secantfw.training.batches import BatchSource
from secantfw.training.context_of import context_of
from secantfw.training.ema import Average
from secantfw.training.loop import train
from secantfw.training.update import Update

_RECOMPUTED = "backbone.checkpoint_activations=true"
_KEPT = "backbone.checkpoint_activations=false"
_GUIDED = ("guidance.range=[1.0,2.5]", "guidance.label_dropout=0.1")

#: model, batch, how activations are kept
RUNS = (
    ("SiT-B/2", 256, (_RECOMPUTED,)),
    ("SiT-XL/2", 64, (_KEPT,)),
    ("SiT-XL/2", 256, (_RECOMPUTED,)),
    ("EDM CIFAR-10", 512, ()),
)
WARM, TIMED = 3, 8


@attrs.define(eq=False)
class Watch:
    """An observer that waits for the device after step `warm` and after the last one only."""

    session: Session
    warm: int
    last: int
    clock: float = 0.0
    begun: float = 0.0
    ended: float = 0.0
    at_warm: Callable[[], None] = lambda: None
    at_end: Callable[[], None] = lambda: None

    def step_done(self, done, loss, norm, terms) -> None:
        if done == self.warm:
            self.session.wait()
            self.at_warm()
            self.begun = time.perf_counter()
        elif done == self.last:
            self.at_end()
            self.session.wait()
            self.ended = time.perf_counter()

    def save(self, done, final=True) -> None:
        """Nothing is kept."""

    def milliseconds(self) -> float:
        return 1e3 * (self.ended - self.begun) / (self.last - self.warm)


class NeverStops:
    requested, save_requested = None, False


def trained(session: Session, built: Built, watch: Watch) -> None:
    """`watch.last` steps, as a run takes them."""
    e, streams = built.experiment, Streams(built.experiment.seed, built.device)
    average = Average(built.student, e.ema, e.train.batch_size)
    compile_networks(built, average.network)
    place = item_source(e.train, built.dataset, built.device)
    source = BatchSource(
        built.dataset, e.guidance, streams, e.seed, e.train.batch_size, items=place
    )
    ctx, engine = context_of(built, average.network, streams), engine_of(e, ALONE)
    engine.prepare(built.student, average.network, built.loss, ctx)
    update = Update(built.student, average, e.train, engine)
    train(built, source, ctx, update, watch, NeverStops(), 0)


def overrides(session: Session, model: str, rows: int, steps: int, more: tuple[str, ...]):
    """Guidance where labels are; of SiT's two ways to keep activations one."""
    return (
        f"train.batch_size={session.batch(rows)}",
        f"train.steps={steps}",
        f"train.precision='{'fp32' if session.tiny else 'bf16'}'",
        *_GUIDED,
        *more,
    )


def cost_of(session: Session, model: str, given: tuple[str, ...], loss: str = "sdei") -> StepCost:
    return step_cost(session.built(model, *given, loss=loss, device=torch.device("meta")))


def training(session: Session) -> Iterator[Figure]:
    """sdei with guidance."""
    warm, timed = session.repeats(WARM), session.repeats(TIMED)
    for model, rows, more in RUNS:
        given = overrides(session, model, rows, warm + timed, more)
        place = f"{model} sdei batch {rows}"
        if model == "SiT-XL/2" and _RECOMPUTED in more:
            place += " recomputed"
        cost = cost_of(session, model, given)
        try:
            built = session.built(model, *given)
            session.free()
            watch = Watch(session, warm, warm + timed)
            trained(session, built, watch)
        except torch.OutOfMemoryError:
            yield Figure(f"{place}, out of memory", 1)
            continue
        finally:
            built = None
            gc.collect()
        spent, peak = watch.milliseconds(), session.peak()
        yield Figure(f"{place}, a step", spent, "ms")
        yield Figure(f"{place}, images/s", 1e3 * session.batch(rows) / spent, "images/s")
        yield Figure(f"{place}, MFU", 1e5 * cost.flops / spent / session.ceiling, "%")
        estimate = cost.bytes(half=not session.tiny)
        yield Figure(f"{place}, estimate", estimate / 1e9, "GB")
        if peak:
            yield Figure(f"{place}, peak", peak / 1e9, "GB")
            yield Figure(f"{place}, estimate off by", 100 * abs(estimate / peak - 1), "%")


def losses(session: Session) -> Iterator[Figure]:
    """Of XL/2, one step each of the four losses, after one that warms up."""
    for loss in ("sdei", "stei", "sdee", "stee"):
        given = overrides(session, "SiT-XL/2", 64, 2, (_RECOMPUTED,))
        watch = Watch(session, 1, 2)
        built = session.built("SiT-XL/2", *given, loss=loss)
        session.free()
        trained(session, built, watch)
        del built
        gc.collect()
        yield Figure(f"SiT-XL/2 {loss} batch 64 recomputed, a step", watch.milliseconds(), "ms")
        if session.peak():
            yield Figure(f"SiT-XL/2 {loss} batch 64 recomputed, peak", session.peak() / 1e9, "GB")


def trace(session: Session) -> Iterator[Figure]:
    """Between two log points: how long the device had nothing to do, and how often it was waited
    for."""
    from torch.profiler import ProfilerActivity, profile

    activities = [ProfilerActivity.CPU]
    if session.device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    profiler = profile(activities=activities)
    warm, timed = session.repeats(WARM), session.repeats(5)
    given = overrides(session, "SiT-XL/2", 64, warm + timed, (_KEPT,))
    watch = Watch(session, warm, warm + timed, at_warm=profiler.start)
    # Stopping the profiler waits for the device itself, so the mark is set before.
    watch.at_end = profiler.stop
    trained(session, session.built("SiT-XL/2", *given), watch)
    events = profiler.events()
    waits = sum(e.name == "cudaStreamSynchronize" for e in events)
    yield Figure("SiT-XL/2, cudaStreamSynchronize between log points", waits)
    busy = sorted(
        (e.time_range.start, e.time_range.end)
        for e in events
        if e.device_type == torch.autograd.DeviceType.CUDA
    )
    if busy:
        yield Figure("SiT-XL/2, device idle", 100 * idle_share(busy), "%")


def idle_share(busy: list[tuple[float, float]]) -> float:
    """The share of the time between the first begin and the last end that no interval covers."""
    covered, reached = 0.0, busy[0][0]
    for begin, end in busy:
        covered += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return 1 - covered / max(reached - busy[0][0], 1e-9)


def optimizer(session: Session) -> Iterator[Figure]:
    """Fused AdamW and the EMA after it, and the EMA alone, of XL/2."""
    built = session.built("SiT-XL/2")
    e = built.experiment
    average = Average(built.student, e.ema, e.train.batch_size)
    update = Update(built.student, average, e.train, engine_of(e, ALONE))

    def adam() -> None:
        update.optimizer.step()
        average.update(10)

    for parameter in update.parameters:
        parameter.grad = torch.zeros_like(parameter)
    with torch.no_grad():
        yield Figure("SiT-XL/2 optimizer and EMA", session.milliseconds(adam), "ms")
        yield Figure("SiT-XL/2 EMA", session.milliseconds(lambda: average.update(10)), "ms")
