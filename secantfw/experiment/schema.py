"""The tables of an experiment file, as frozen records.

A component's table holds `use = "[plugin:]name"` and that component's own options; every other
table is one of the attrs classes below. Adding a key to the language means adding a field here.
"""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw.options import REQUIRED, option

SCHEMA = 1


@attrs.frozen
class Head:
    """The keys of the file itself, beside its tables."""

    schema: int = option(
        REQUIRED, f"version of this language; {SCHEMA} is the one there is", limit=1_000
    )
    title: str = option("", "one line that says what the experiment shows")
    cite: tuple[str, ...] = option((), "papers it follows, such as arXiv:2505.14502")
    requires: tuple[str, ...] = option((), "plug-ins without which it makes no sense")
    seed: int = option(0, "seed of all randomness in training", ge=0)
    name: str = option("", "what its runs are called; by default the file's name")
    local_plugins: tuple[str, ...] = option(
        (), "Python files loaded as plug-ins, for an ablation without packaging", is_path=True
    )


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
        (0.0, 1.0),
        "guide only at times lo < t <= hi when sampling; in training by `interval_in_training`",
        ge=0,
        le=1,
    )
    interval_in_training: bool = option(
        False,
        "train as sampling guides: the teacher inside `interval` alone, and the student told "
        "scale 1 outside of it",
    )
    channels: int | None = option(
        None,
        "guide only this many channels, the first; not set: all (SiT's own sampler guides 3)",
        ge=1,
        limit=65_536,
    )


@attrs.frozen
class Train:
    """`[train]`: the loop and its optimiser, AdamW."""

    steps: int = option(
        REQUIRED,
        "optimiser steps",
        ge=1,
        limit=1_000_000_000_000,
        known_as=("iters", "iterations", "max_steps", "num_steps", "max_train_steps", "epochs"),
    )
    batch_size: int = option(
        REQUIRED,
        "samples per step, over all processes",
        ge=1,
        limit=100_000_000,
        known_as=("bs", "batch", "train_batch_size", "global_batch_size"),
    )
    micro_batch_size: int | None = option(
        None,
        "rows that a process puts through forward and backward at once, their gradients added up; "
        "not set: all of its rows",
        ge=1,
        limit=100_000_000,
    )
    learning_rate: float = option(
        1e-4, "peak learning rate of AdamW", gt=0, known_as=("lr", "base_lr", "max_lr")
    )
    warmup_steps: int = option(
        0,
        "steps of linear learning-rate warm-up",
        ge=0,
        limit=1_000_000_000_000,
    )
    schedule: Literal["constant", "cosine"] = option(
        "constant", "learning rate after warm-up; cosine ends at `final_learning_rate`"
    )
    final_learning_rate: float = option(0.0, "where the cosine ends", ge=0)
    betas: tuple[float, float] = option((0.9, 0.999), "AdamW's moment decays", ge=0, lt=1)
    weight_decay: float = option(0.0, "AdamW's decoupled weight decay", ge=0)
    clip_norm: float | None = option(
        None,
        "largest global gradient norm; not set: no clipping",
        gt=0,
        known_as=("grad_clip", "clip_grad", "max_grad_norm", "gradient_clip_val"),
    )
    teacher_solver: str = option(
        "midpoint", "solver with which losses integrate the teacher; a name, or a table"
    )
    teacher_tolerance: float | None = option(
        None,
        "mean squared error, a number of x, of those solves: their steps are multiplied by the "
        "least power of two that keeps it; not set: the steps that the loss asks for",
        gt=0,
    )
    precision: Literal["fp32", "bf16", "fp16"] = option(
        "fp32",
        "autocast dtype of network evaluations; under fp16 the loss is scaled",
        known_as=("mixed_precision", "amp", "dtype"),
    )
    target_precision: Literal["fp32", "bf16", "fp16"] | None = option(
        None,
        "of evaluations without gradient: the teacher's, the average's, the student's own "
        "estimates; not set: as `precision`",
    )
    device: str = option(
        "auto", "cpu, cuda, cuda:1, xpu ...; auto: the accelerator where there is one"
    )
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
    log_every_steps: int = option(
        50,
        "steps between lines of metrics.jsonl",
        ge=1,
        limit=1_000_000_000_000,
    )
    save_every_steps: int = option(
        500,
        "steps between checkpoints; the last step always is one",
        ge=1,
        limit=1_000_000_000_000,
    )
    keep_last: int = option(3, "checkpoints kept", ge=1, limit=1_000_000)
    keep_every: int | None = option(
        None,
        "also keep every checkpoint whose step is a multiple of this",
        ge=1,
        limit=1_000_000_000_000,
    )
    skip_nonfinite: int = option(
        0,
        "steps in a row whose loss or gradient may be non-finite; they change nothing",
        ge=0,
        limit=1_000_000_000_000,
    )


#: Of `[ema] decay`, where neither it nor a half-life is given.
EMA_DECAY = 0.9999


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


#: Of the noise by which `secantfw baselines` chooses; no evaluation may measure with it.
SEARCH_SEED = 2505_14502


@attrs.frozen
class EvaluateKeys:
    """Keys of `[evaluate]` beside `solvers`."""

    nfe: tuple[int, ...] = option(
        (1, 2, 4, 8),
        "network evaluations per sample, in rows through a network: guidance by two calls takes "
        "two; a solver takes the most steps that fit",
        ge=1,
        formerly="steps",
        limit=100_000,
    )
    samples: int = option(
        2048,
        "samples per row of the table; 0: no evaluation",
        ge=0,
        limit=100_000_000,
    )
    batch_size: int = option(256, "samples that the metrics take at once", ge=1, limit=100_000_000)
    compute_batch: int = option(
        64,
        "rows the network sees at once; the last bits of a sample depend on it",
        ge=1,
        limit=10_000_000,
    )
    precision: Literal["fp32", "bf16"] = option(
        "fp32",
        "autocast dtype of the networks that draw samples; the teacher's reference solution, "
        "decoders and metrics stay in float32",
    )
    seed: int = option(0, "seed of the sampling noise, the same for every row", ge=0)
    seeds: tuple[int, ...] = option(
        (), "several instead of `seed`: a row has the mean, and its standard deviation", ge=0
    )
    guidance: tuple[float, ...] = option(
        (), "guidance scales to evaluate at; none: guidance.scale alone", ge=0
    )
    teacher_guidance: tuple[float, ...] = option(
        (), "guidance scales of the teacher's rows; none: those of the student", ge=0
    )
    teacher_interval: tuple[float, float] | None = option(
        None, "guidance interval of the teacher's rows; none: guidance.interval", ge=0, le=1
    )
    reference_steps: int = option(
        12,
        "least steps of `reference_solver` that stand for the teacher's exact ODE",
        ge=1,
        limit=1_000_000,
    )
    reference_tolerance: float = option(
        1e-5,
        "mean squared error a number of x that the reference solution may have: its steps are "
        "doubled until an estimate is below; 0: `reference_steps` as they are",
        ge=0,
    )
    reference_solver: str = option(
        "midpoint", "solver of the teacher's reference solution; a name, or a table"
    )
    headline: int = option(
        4, "NFE at which the report's first sentence compares", ge=1, limit=100_000
    )
    baselines: str = option(
        "auto",
        "strong baselines of the teacher beside `solvers`: auto: of ./baselines or of a plug-in, "
        "where they are of this teacher; none; or a file that `secantfw baselines` wrote",
    )
    finalists: int = option(
        2,
        "how many of the best solvers of each NFE that file gives are measured again",
        ge=0,
        limit=10_000,
    )
    teacher: bool = option(True, "also evaluate the teacher, where the experiment has one")
    picture: int = option(64, "samples per picture; 0: no pictures", ge=0, limit=10_000)
    partial_path: bool = option(
        False, "the path's ends are not noise and data on purpose; else such a path is refused"
    )
