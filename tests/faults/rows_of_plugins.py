"""R13 and R14: plug-ins and data that fail."""

from __future__ import annotations

import random
from pathlib import Path

from fork_server import forked
from small_run import (
    PLUGIN,
    TOML,
    Bench,
    outcome_of,
    run_of,
    secantfw,
)
from strangers import Verdicts


def _with_plugin(bench: Bench, source: str, text: str = TOML) -> tuple[int, str, Path]:
    """Run the experiment with another noisy.py."""
    out = bench.case()
    (out / "noisy.py").write_text(source)
    (out / "small.toml").write_text(text)
    call = lambda: secantfw("run", out / "small.toml", "--out", out / "runs")  # noqa: E731
    ended = forked(call, out / "log.txt")
    return ended.code, ended.said, out


def _hook(name: str, body: str, arguments: str = "run") -> str:
    return f"{PLUGIN}\n@secantfw.hookimpl\ndef {name}({arguments}):\n    {body}\n"


REGISTER = "@secantfw.hookimpl\ndef secantfw_components(register):"
FATAL_PLUGINS = {
    "syntax error": "def (",
    "import error": "import no_such_module_at_all",
    "raises at import": "raise RuntimeError('no')",
    "exits at import": "import sys; sys.exit(7)",
    "exits hard": "raise SystemExit",
    "generator exit": "raise GeneratorExit('x')",
    "not utf-8": "\udce9".encode("utf-8", "surrogateescape").decode("latin-1") + "(",
    "empty": "",
    "no hook": "x = 1",
    "newer API": f"SECANTFW_API = 99\n{PLUGIN}",
    "API a text": f"SECANTFW_API = 'one'\n{PLUGIN}",
    "register raises": PLUGIN.replace(REGISTER, f"{REGISTER}\n    raise ValueError('no')"),
    "register exits": PLUGIN.replace(REGISTER, f"{REGISTER}\n    raise SystemExit(3)"),
    "bad name": PLUGIN.replace('"noisy",', '"No Name",'),
    "name twice": PLUGIN + '    register.loss("noisy", "noisy:Noisy", summary="again")\n',
    "target missing": PLUGIN.replace("noisy:Noisy", "noisy:Nothing"),
    "target no string": PLUGIN.replace('"noisy:Noisy"', "7"),
    "unknown hook": PLUGIN + "\n@secantfw.hookimpl\ndef secantfw_nonsense():\n    pass\n",
    "hook argument": _hook("secantfw_run_started", "pass", "runs"),
    "check raises": _hook("secantfw_check", "raise ValueError('no')", "experiment"),
    "check exits": _hook("secantfw_check", "raise SystemExit(0)", "experiment"),
    "check returns odd": _hook("secantfw_check", "return [1, 2]", "experiment"),
}
FAULTY_LOSSES = {
    "loss returns tensor": PLUGIN.replace("return LossTerms(error,", "return error, (error,"),
    "loss of another shape": PLUGIN.replace("LossTerms(error,", "LossTerms(error.mean(),"),
}
OBSERVERS = {
    "started raises": _hook("secantfw_run_started", "raise ValueError('no')"),
    "started exits": _hook("secantfw_run_started", "raise SystemExit(5)"),
    "logged raises": _hook("secantfw_step_logged", "1 / 0", "step"),
    "logged exits": _hook("secantfw_step_logged", "import sys; sys.exit(1)", "step"),
    "ended raises": _hook("secantfw_run_ended", "raise MemoryError('no')", "outcome"),
    "logged prints": _hook("secantfw_step_logged", "print('{\"json\": 1}')", "step"),
}


def plugins(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R13: plug-ins that fail on import, registration, building, in a hook."""
    cases = [*FATAL_PLUGINS.items(), *FAULTY_LOSSES.items(), *OBSERVERS.items()]
    for name, source in cases[:count]:
        code, said, out = _with_plugin(bench, source)
        if name in OBSERVERS:
            outcome = outcome_of(run_of(out / "runs")) or {}
            detached = bool(outcome.get("detached")) or "prints" in name
            good = code == 0 and outcome.get("status") == "finished" and detached
        else:
            good = code == 2 and "Traceback" not in said and not list(out.glob("runs/*/*"))
            good = good and ("noisy" in said)
        yield None if good else f"{name}: exit {code}: {said[-300:]!r}"


DATASET = """

from secantfw import Dataset, DataSpec, Items


class Faulty(Dataset):
    spec = DataSpec((2,), 8)

    def size(self, split):
        return 200 if split == "train" else 0

    def items(self, split, index):
        x, label = torch.ones(len(index), 2), index % 8
        if 17 in index.tolist():
            {fault}
        return Items(x, label)
"""
FAULTS = {
    "raise OSError('short read')": "item 17",
    "raise FileNotFoundError('vanished')": "item 17",
    "raise RuntimeError('worker died')": "item 17",
    "raise EOFError": "item 17",
    "raise MemoryError('a bomb')": "item 17",
    "raise StopIteration": "item 17",
    "import os; os.stat('/nowhere/17.png')": "item 17",
    "raise secantfw.UserError('a.png: item 17: gone')": "item 17",
    "x = x.double()": "expected",
    "x = torch.ones(len(index), 3)": "expected",
    "x = x[:-1]": "expected",
    "x = x.half()": "expected",
    "x = x[:, None]": "expected",
    "label = label[:-1]": "labels",
    "label = label.float()": "labels",
    "label[index == 17] = 8": "item 17 has label 8",
    "label[index == 17] = -1": "item 17 has label -1",
    "label = None": "have no labels",
    "x[index == 17] = float('nan')": "item 17",
    "x[index == 17] = float('inf')": "item 17",
}


def data(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R14: items that cannot be read, of another shape, dtype or range, not finite."""
    source = PLUGIN.replace(REGISTER, f"{DATASET}\n\n{REGISTER}")
    source += '    register.dataset("faulty", "noisy:Faulty", summary="fails at item 17")\n'
    text = TOML.replace('"gaussian_mixture"\nsize = 200\nheld_out = 20\nlabels = true', '"faulty"')
    for fault, named in list(FAULTS.items())[:count]:
        code, said, out = _with_plugin(bench, source.replace("{fault}", fault), text)
        good = code in (2, 3) and "Traceback" not in said and named in said
        for run in [f.parent for f in out.glob("runs/*/*/metrics.jsonl")]:
            outcome = outcome_of(run) or {}
            good = good and outcome.get("status") == "failed"
        yield None if good else f"{fault}: exit {code}: {said[-400:]!r}"
