"""R17: resumed with another experiment, plug-in or version."""

from __future__ import annotations

import random

from fork_server import forked
from small_run import (
    PLUGIN,
    TOML,
    Bench,
    content_of,
    last_line,
    run_of,
    secantfw,
)
from strangers import Verdicts

CHANGES = {
    "train.learning_rate": "0.5", "train.steps": "15", "train.batch_size": "8", "seed": "4",
    "ema.decay": "0.5", "loss.use": '"picard:sdei"', "guidance.label_dropout": "0.5",
    "train.schedule": '"constant"', "dataset.size": "300", "train.clip_norm": "2.0",
    "train.warmup_steps": "5", "ema.warmup": "false", "teacher.labels": "false",
    "train.betas": "[0.8, 0.9]",
    "time_sampler.use": '"segments"', "train.weight_decay": "0.1", "title": '"other"',
}  # fmt: skip


def changes(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R17: resumed with a changed key, plug-in or version: refused and said, or allowed."""
    kinds = list(CHANGES.items())
    yield _changed_plugin(bench)
    yield _other_versions(bench)
    yield _misspelt(bench)
    for key, value in kinds[: count - 3]:
        run = bench.unfinished()
        before = content_of(run)
        ended = bench.resume(run, f"{key}={value}")
        refused = ended.code == 2 and f"{key}: " in ended.said and " -> " in ended.said
        changed = [k for k, v in content_of(run).items() if before.get(k) != v]
        if not refused or changed != [str(run / ".lock")]:
            yield f"{key}: not refused: {ended.code} {last_line(ended.said)} {changed}"
            continue
        table = key.partition(".")[0]
        ended = bench.resume(run, f"{key}={value}", "--allow-change", table)
        logged = f"{key}: " in (run / "events.jsonl").read_text() if ended.code == 0 else False
        rewritten = (run / "experiment" / "resolved-until-step-000009.toml").exists()
        good = ended.code == 0 and logged and rewritten
        yield None if good else f"{key}: not allowed: {ended.code} {last_line(ended.said)}"


def _changed_plugin(bench: Bench) -> str | None:
    out = bench.case()
    (out / "noisy.py").write_text(PLUGIN)
    (out / "small.toml").write_text(TOML)
    ended = forked(lambda: secantfw("run", out / "small.toml", "--out", out / "r"), out / "l.txt")
    run = run_of(out / "r")
    (out / "noisy.py").write_text(PLUGIN + "# changed\n")
    found = run / "checkpoints" / "step-000006"
    refused = forked(lambda: secantfw("run", "--resume", found), out / "l.txt")
    allow = ("--allow-change", "local_plugins")
    allowed = forked(lambda: secantfw("run", "--resume", found, *allow), out / "l.txt")
    good = (ended.code, refused.code, allowed.code) == (0, 2, 0) and "sha256" in refused.said
    return None if good else f"plug-in: {ended.code} {refused.code} {allowed.code} {refused.said}"


def _other_versions(bench: Bench) -> str | None:
    run = bench.unfinished()

    def before() -> None:
        from secantfw.training import provenance

        original = provenance._version
        provenance._version = lambda name: "0.0.1" if name == "torch" else original(name)

    ended = bench.resume(run, before=before)
    good = ended.code == 0 and "warning: torch: " in ended.said and " -> 0.0.1" in ended.said
    return None if good else f"versions: {ended.code} {last_line(ended.said)}"


def _misspelt(bench: Bench) -> str | None:
    ended = bench.resume(bench.unfinished(), "--allow-change", "trian.steps")
    good = ended.code == 2 and "did you mean 'train.steps'" in ended.said
    return None if good else f"misspelt: {ended.code} {last_line(ended.said)}"
