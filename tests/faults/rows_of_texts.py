"""R28: words of strangers on a terminal and in a table, and numbers that no option can mean."""

from __future__ import annotations

import csv
import json
import random
import time

import torch
from finished_run import TOML, call, copy
from mutant import mutant, nothing
from rows_of_hostile_json import _VALUES as _JSON
from safetensors.torch import save_file
from small_run import Bench
from strangers import SENTRY, Verdicts, command

from secantfw.errors import printable

_STEERING = ("\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "\u202e", "\r", "\x08", "\x7f")
_FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1")
_HUGE = {
    "evaluate.nfe": "[1000000000000]",
    "evaluate.samples": "1000000000000",
    "evaluate.picture": "1000000000",
    "evaluate.compute_batch": "1000000000000",
    "evaluate.reference_steps": "1000000000000",
    "time_sampler.segments": "1000000000000",
    "backbone.depth": "10000000",
    "backbone.width": "10000000000",
    "loss.draws": "1000000000",
    "train.batch_size": "1000000000000",
    "train.keep_last": "10000000000",
}
_HEADERS = ('{"depth": 10000000}', '{"depth": NaN}', '{"depth": "x"}', '{"width": 1e999}',
            '{"width": -1}', '{"depth": true}', '{"width": [1]}')  # fmt: skip


def texts(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R28: nothing that is printed steers a terminal; no cell begins a formula."""
    for n in range(count):
        text = (_STEERING + _FORMULAS)[n % (len(_STEERING) + len(_FORMULAS))]
        wrong = _in_a_run(bench, text)
        yield f"{text!r}: {wrong}" if wrong else None


def numbers(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R29: options and headers beyond all sense: a line each, at once."""
    file = bench.case() / "pictures.toml"
    file.write_text(TOML)
    for key, value in list(_HUGE.items())[:count]:
        began = time.process_time()
        code, said = command("check", file, f"{key}={value}")
        spent = time.process_time() - began
        fine = code == 2 and key in said and len(said.strip().splitlines()) == 1
        yield (
            None if fine and spent < 2 else f"{key}={value}: {code}, {spent:.1f} s: {said[-200:]}"
        )
    for options in _HEADERS:
        yield _header(file, options)
    for value in _JSON:
        yield _metadata(file, value)


def _in_a_run(bench: Bench, text: str) -> str | None:
    run = copy(bench)
    for name in ("plan.json", "outcome.json", "evaluation.json"):
        said = json.loads((run / name).read_text())
        _poison(said, text)
        (run / name).write_text(json.dumps(said))
    resolved = (run / "resolved.toml").read_text()
    escaped = json.dumps(text).replace("\x7f", "\\u007f")
    (run / "resolved.toml").write_text(resolved.replace('"pictures"', escaped))  # title and name
    for verb in ("compare", "show", "cite", "report"):
        ended = call(verb, run)
        found = [c for c in ended.said if not c.isprintable() and c != "\n"]
        if verb == "compare" and ended.code == 0 and not _shown(text, ended.said):
            return f"compare does not show it: {ended.said[:300]!r}"
        if found or "Traceback" in ended.said:
            return f"{verb} printed {found[:3]} {ended.said[-200:]!r}"
    table = run.parent / "out" / "compare.csv"
    if table.exists():
        with table.open(newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        formulas = [c for c in cells if c[:1] in ("=", "+", "@", "\t", "\r")]
        return f"cells {formulas[:2]}" if formulas else None
    return None


def _shown(text: str, said: str) -> bool:
    """Whether it is printed, escaped: else that nothing steers would mean nothing."""
    return printable(text).strip() in said.replace("\n", " ")


def _poison(value: object, text: str) -> None:
    """Every word that is shown, and that nothing else depends on."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("title", "name", "summary", "message", "solver", "label", "cite"):
                value[key] = f"{text}" if isinstance(inner, str) else inner
            _poison(inner, text)
    elif isinstance(value, list):
        for inner in value:
            _poison(inner, text)


def _header(file, options: str) -> str | None:
    return _refused(file, f'{{"component": "basics:mlp", "options": {options}}}')


def _metadata(file, value: str) -> str | None:
    from secantfw.weights.safetensors import read_header

    weights = file.with_name("w.safetensors")
    said = f'{{"component": "basics:mlp", "options": {{"x": {value}}}}}'
    save_file({"a": torch.zeros(1)}, str(weights), metadata={"secantfw": said})
    return SENTRY.judge(lambda: read_header(weights), 1.0, "w.safetensors")


def _refused(file, said: str) -> str | None:
    weights = file.with_name("w.safetensors")
    save_file({"a": torch.zeros(1)}, str(weights), metadata={"secantfw": said})
    began = time.process_time()
    code, out = command("check", file, f'backbone.weights="{weights}"')
    spent = time.process_time() - began
    lines = out.strip().splitlines()
    fine = code == 2 and spent < 3 and len(lines) == 1 and "w.safetensors" in out
    return None if fine else f"header {said[:80]}: {code}, {spent:.1f} s: {out[-200:]!r}"


@mutant("runtime.terminal:printable_lines", "R28")
def words_steer_a_terminal(printable_lines):
    return lambda text: str(text)


@mutant("comparison.write:_FORMULA", "R28")
def formulas_stay_in_a_table(formula):
    return ()


@mutant("assembly.build:check_options", "R29")
def a_header_may_say_anything(check_options):
    return nothing
