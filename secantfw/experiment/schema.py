"""The tables of an experiment file, as frozen records.

A component's table holds `use = "[plugin:]name"` and that component's own options; every other
table is one of the attrs classes below. Adding a key to the language means adding a field here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import attrs

from secantfw.options import REQUIRED, option, option_info
from secantfw.plugin.component import Component

SCHEMA = 1


@attrs.frozen
class Head:
    """The keys of the file itself, beside its tables."""

    schema: int = option(REQUIRED, f"version of this language; {SCHEMA} is the one there is")
    title: str = option("", "one line that says what the experiment shows")
    cite: tuple[str, ...] = option((), "papers it follows, such as arXiv:2505.14502")
    requires: tuple[str, ...] = option((), "plug-ins without which it makes no sense")
    seed: int = option(0, "seed of all randomness in training", ge=0)
    name: str = option("", "what its runs are called; by default the file's name")
    local_plugins: tuple[str, ...] = option(
        (), "Python files loaded as plug-ins, for an ablation without packaging", is_path=True
    )


@attrs.frozen
class Chosen:
    """A component that the experiment names, with its structured options."""

    component: Component
    options: Any

    @property
    def full_name(self) -> str:
        return self.component.full_name


@attrs.frozen
class BackboneKeys:
    """Keys of `[backbone]` beside the component's options."""

    init: Literal["teacher", "weights", "scratch"] | None = option(
        None, "where the student starts; by default `weights`, else the teacher's, where given"
    )
    weights: str | None = option(
        None, "a file to start from: two-time weights, or one-time ones of v", is_path=True
    )


@attrs.frozen
class Guidance:
    """`[guidance]`: classifier-free guidance in training and sampling."""

    range: tuple[float, float] | None = option(
        None, "scales drawn uniformly per sample; the student is told its own", ge=0
    )
    label_dropout: float = option(
        0.0, "probability that a label is replaced by the null class", ge=0, le=1
    )
    scale: float = option(1.0, "guidance scale when sampling; 1 is none", ge=0)
    interval: tuple[float, float] = option(
        (0.0, 1.0), "guide only at times lo < t <= hi when sampling", ge=0, le=1
    )
    channels: int | None = option(
        None,
        "guide only this many channels, the first; not set: all (SiT's own sampler guides 3)",
        ge=1,
    )


@attrs.frozen
class Train:
    """`[train]`: the loop and its optimiser, AdamW."""

    steps: int = option(REQUIRED, "optimiser steps", ge=1)
    batch_size: int = option(REQUIRED, "samples per step, over all processes", ge=1)
    micro_batch_size: int | None = option(
        None,
        "rows that a process puts through forward and backward at once, their gradients added up; "
        "not set: all of its rows",
        ge=1,
    )
    learning_rate: float = option(1e-4, "peak learning rate of AdamW", gt=0)
    warmup_steps: int = option(0, "steps of linear learning-rate warm-up", ge=0)
    schedule: Literal["constant", "cosine"] = option(
        "constant", "learning rate after warm-up; cosine ends at `final_learning_rate`"
    )
    final_learning_rate: float = option(0.0, "where the cosine ends", ge=0)
    betas: tuple[float, float] = option((0.9, 0.999), "AdamW's moment decays", ge=0, lt=1)
    weight_decay: float = option(0.0, "AdamW's decoupled weight decay", ge=0)
    clip_norm: float | None = option(
        None, "largest global gradient norm; not set: no clipping", gt=0
    )
    teacher_solver: str | None = option(
        None,
        "solver with which losses integrate the teacher; not set: evaluate.reference_solver",
    )
    precision: Literal["fp32", "bf16", "fp16"] = option(
        "fp32", "autocast dtype of network evaluations; under fp16 the loss is scaled"
    )
    target_precision: Literal["fp32", "bf16", "fp16"] | None = option(
        None,
        "of evaluations without gradient: the teacher's, the average's, the student's own "
        "estimates; not set: as `precision`",
    )
    device: Literal["auto", "cpu", "cuda"] = option("auto", "auto: CUDA where there is a device")
    compile: Literal["none", "blocks", "whole"] = option(
        "none", "torch.compile the networks, or the blocks of which they consist: one by one"
    )
    compile_backend: str = option(
        "inductor", "of torch.compile; 'eager' makes no code and only proves one graph"
    )
    data: Literal["auto", "read", "prefetch", "device"] = option(
        "auto",
        "items are read in each step, read one step ahead by a thread, or all kept on the device; "
        "auto: on CUDA kept if they fit in a quarter of what is free and all are used, else "
        "read ahead; on a CPU read",
    )
    log_every_steps: int = option(50, "steps between lines of metrics.jsonl", ge=1)
    save_every_steps: int = option(
        500, "steps between checkpoints; the last step always is one", ge=1
    )
    keep_last: int = option(3, "checkpoints kept", ge=1)
    keep_every: int | None = option(
        None, "also keep every checkpoint whose step is a multiple of this", ge=1
    )
    skip_nonfinite: int = option(
        0, "steps in a row whose loss or gradient may be non-finite; they change nothing", ge=0
    )


#: Of `[ema] decay`, where neither it nor a half-life is given.
EMA_DECAY = 0.9999


@attrs.frozen
class Parallel:
    """`[parallel]`: training on several processes, as torchrun or `--processes` starts them."""

    strategy: Literal["none", "ddp", "fsdp"] | None = option(
        None,
        "ddp: each process holds all, gradients are averaged; fsdp: weights, average and moments "
        "are shared out; not set: ddp where there are several processes",
    )
    shard: Literal["blocks", "whole"] | None = option(
        None,
        "under fsdp: gather each block of a network when it is evaluated, which takes the least "
        "memory, or the whole once a step, as losses that need exact derivatives do anyway; "
        "not set: blocks",
    )


@attrs.frozen
class Ema:
    """`[ema]`: exponential moving average of the student, the one that is evaluated.

    Its length is a decay a step or, as in EDM, a half-life in images.
    """

    decay: float | None = option(
        None, f"weight of the old average; {EMA_DECAY} where no half-life is given", ge=0, lt=1
    )
    warmup: bool = option(True, "under `decay`: min(decay, (1 + n) / (10 + n)) at step n")
    halflife_images: float | None = option(
        None, "instead of `decay`: images after which the old average weighs half", gt=0
    )
    rampup_ratio: float | None = option(
        None,
        "under `halflife_images`: it is at most this share of the images so far; 0.05 in EDM",
        gt=0,
    )

    def __attrs_post_init__(self) -> None:
        if self.decay is not None and self.halflife_images is not None:
            raise ValueError("decay and halflife_images exclude each other; give one")
        if self.rampup_ratio is not None and self.halflife_images is None:
            raise ValueError("rampup_ratio needs halflife_images; `decay` has `warmup`")


@attrs.frozen
class EvaluateKeys:
    """Keys of `[evaluate]` beside `solvers`."""

    steps: tuple[int, ...] = option(
        (1, 2, 4, 8),
        "network evaluations per sample; a solver takes the most steps that fit",
        ge=1,
    )
    samples: int = option(2048, "samples per row of the table; 0: no evaluation", ge=0)
    batch_size: int = option(256, "samples that the metrics take at once", ge=1)
    compute_batch: int = option(
        64, "rows the network sees at once; the last bits of a sample depend on it", ge=1
    )
    seed: int = option(0, "seed of the sampling noise, the same for every row", ge=0)
    seeds: tuple[int, ...] = option(
        (), "several instead of `seed`: a row has the mean, and its standard deviation", ge=0
    )
    guidance: tuple[float, ...] = option(
        (), "guidance scales to evaluate at; none: guidance.scale alone", ge=0
    )
    reference_steps: int = option(
        16, "steps of the solver `reference_solver` that stand for the teacher's exact ODE", ge=1
    )
    reference_solver: str = option("heun", "solver of the teacher's reference solution")
    headline: int = option(
        4, "network evaluations that the report's first sentence compares", ge=1
    )
    teacher: bool = option(True, "also evaluate the teacher, where the experiment has one")
    picture: int = option(64, "samples per picture; 0: no pictures", ge=0)


@attrs.frozen
class Evaluate:
    """`[evaluate]`, structured: the keys and the chosen solvers."""

    keys: EvaluateKeys
    solvers: tuple[Chosen, ...]
    reference: Chosen  # what `keys.reference_solver` names


@attrs.frozen
class Experiment:
    """An experiment, complete: every table structured, every path absolute."""

    file: Path
    head: Head
    dataset: Chosen
    path: Chosen
    backbone: Chosen
    backbone_keys: BackboneKeys
    teacher: Chosen | None
    guidance: Guidance
    loss: Chosen
    time_sampler: Chosen
    solver: Chosen
    train: Train
    parallel: Parallel
    augmentation: Chosen | None
    engine: Chosen | None  # a plug-in's, instead of `parallel.strategy`
    ema: Ema
    evaluate: Evaluate
    metrics: tuple[Chosen, ...]
    teacher_solver: Chosen  # what `train.teacher_solver`, or in its stead the evaluation, names

    @property
    def name(self) -> str:
        """What its runs are called; a resolved file keeps the name it was resolved from."""
        return self.head.name

    @property
    def title(self) -> str:
        return self.head.title

    @property
    def cite(self) -> tuple[str, ...]:
        return self.head.cite

    @property
    def seed(self) -> int:
        return self.head.seed

    @property
    def local_plugins(self) -> tuple[Path, ...]:
        return tuple(map(Path, self.head.local_plugins))

    @property
    def init(self) -> Literal["teacher", "weights", "scratch"]:
        """Where the student starts; resolving has settled it."""
        assert self.backbone_keys.init is not None
        return self.backbone_keys.init

    def student_weights(self) -> Path | None:
        """The file that the student starts from, if it has one of its own."""
        return None if self.backbone_keys.weights is None else Path(self.backbone_keys.weights)

    def teacher_weights(self) -> Path | None:
        """The teacher's weights file, if it has one."""
        return None if self.teacher is None else weights_file(self.teacher)


def weights_file(chosen: Chosen) -> Path | None:
    """A component's weights file, by the convention that its option `weights` names a file."""
    field = attrs.fields_dict(type(chosen.options)).get("weights")
    if field is None or not option_info(field).is_path:
        return None  # a mixture's `weights` are numbers
    weights = chosen.options.weights
    return None if weights is None else Path(weights)


def lacks_files(chosen: Chosen) -> bool:
    """Whether a file that the component's options name is not there."""
    fields = [f for f in attrs.fields(type(chosen.options)) if option_info(f).is_path]
    named = [getattr(chosen.options, field.name) for field in fields]
    return any(isinstance(path, str) and not Path(path).exists() for path in named)
