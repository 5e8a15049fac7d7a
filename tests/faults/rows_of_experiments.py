"""R11 to R14, R17, R18: numbers, locks, plug-ins, data, changed experiments, the source itself."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from fork_server import forked, start
from small_run import (
    PLUGIN,
    STEPS,
    TOML,
    Bench,
    end_of,
    last_line,
    outcome_of,
    run_of,
    secantfw,
)
from strangers import Verdicts

ROOT = Path(__file__).parents[2]
NAN, INF = float("nan"), float("inf")


def non_finite(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R11: NaN and infinity in loss, gradient, data, teacher; one step, several, for ever."""
    cases = [
        (what, value, steps, skip)
        for what in (_in_loss, _in_gradient, _in_data, _in_teacher)
        for value in (NAN, INF)
        for steps, skip in ((1, 0), (1, 2), (2, 2), (3, 2), (99, 2))
    ]
    rng.shuffle(cases)
    for what, value, steps, skip in cases[:count]:
        first = rng.randrange(1, STEPS - 5)
        out = bench.case()
        bad = range(first, first + steps)
        key = f"train.skip_nonfinite={skip}"
        ended = bench.run(out, key, before=lambda w=what, b=bad, v=value: w(b, v)).wait()
        stops = steps > skip
        wrong = _wrong_numbers(run_of(out), ended.code, ended.said, stops, first + skip + 1, what)
        yield f"{what.__name__} {value} {steps}/{skip}: {wrong}" if wrong else None


def _wrong_numbers(
    run: Path, code: int, said: str, stops: bool, step: int, what: Callable[..., None]
) -> str | None:
    from secantfw.training.checkpoint_folder import damage, steps_in
    from secantfw.weights import load_weights

    if code != (3 if stops else 0):
        return f"exit {code}: {last_line(said)}"
    for checkpoint in steps_in(run / "checkpoints"):
        if damage(checkpoint):
            return str(damage(checkpoint))
        for file in checkpoint.glob("*.safetensors"):
            load_weights(file)  # refuses what is not finite
    if not stops:
        events = (run / "events.jsonl").read_text().splitlines()
        return None if any('"skipped"' in e for e in events) else "skipped without a word"
    found = json.loads((run / "diagnosis" / f"step-{step:06d}" / "diagnosis.json").read_text())
    named = {"_in_loss": "", "_in_gradient": "gradient of ", "_in_data": "x_0"}
    expected = named.get(what.__name__, "output of teacher")
    if f"step {step}: " not in said or (expected and expected not in str(found["tensors"])):
        return f"does not name step {step} and {expected!r}: {last_line(said)} {found['tensors']}"
    if what is _in_data and found["items"] != [int(found["items"][0])]:
        return f"blames items {found['items']}"
    return None


def _in_loss(steps: range, value: float) -> None:
    from secantfw.training import loop

    original = loop.Update.__call__

    def update(self, step, loss):
        return original(self, step, loss * value if step in steps else loss)

    loop.Update.__call__ = update


def _now(then: Callable[[int], None]) -> None:
    """Call `then` with the step before its batch is drawn."""
    from secantfw.training.batches import BatchSource

    original = BatchSource.batch

    def batch(self, step):
        then(step)
        return original(self, step)

    BatchSource.batch = batch


def _in_gradient(steps: range, value: float) -> None:
    now = [0]
    _now(lambda step: now.__setitem__(0, step))
    from secantfw.training import run

    original = run.build_experiment

    def built(*given):
        made = original(*given)
        parameter = next(made.student.parameters())
        parameter.register_hook(lambda g: g + value if now[0] in steps else g)
        return made

    run.build_experiment = built


def _in_data(steps: range, value: float) -> None:
    now = [0]
    _now(lambda step: now.__setitem__(0, step))
    from secantfw_data.gaussian_mixture import GaussianMixture

    original = GaussianMixture.items

    def items(self, split, index):
        made = original(self, split, index)
        if now[0] in steps and len(index) > 2:
            made.x_0[5, 0] = value
        return made

    GaussianMixture.items = items


def _in_teacher(steps: range, value: float) -> None:
    now = [0]
    _now(lambda step: now.__setitem__(0, step))
    from secantfw_data.mixture_teacher import GaussianMixtureTeacher

    original = GaussianMixtureTeacher.velocity

    def velocity(self, x, t, cond):
        v = original(self, x, t, cond)
        if now[0] in steps and len(x) > 2:
            v[3] = value
        return v

    GaussianMixtureTeacher.velocity = velocity


def skipped_and_resumed(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R11, second half: a run stopped among skipped steps resumes bit for bit; one step more than
    may be skipped stops it, also across the resume; the option alone changes nothing.
    """
    keys = ("train.skip_nonfinite=3",)
    out = bench.case()
    bench.run(out, *keys).wait()
    yield None if end_of(run_of(out)) == bench.end else "skip_nonfinite changes a sound run"
    for n in range(count):
        first = rng.randrange(1, STEPS - 5)
        bad = range(first, first + 3 + n % 2)
        straight, stopped = bench.case(), bench.case()
        expected = bench.run(straight, *keys, before=lambda b=bad: _in_loss(b, NAN)).wait().code

        def before(b: range = bad) -> None:
            _in_loss(b, NAN)
            _now(lambda step: os.kill(os.getpid(), signal.SIGTERM) if step == b[1] else None)

        bench.run(stopped, *keys, before=before).wait()
        run = run_of(stopped)
        ended = bench.resume(run, before=lambda b=bad: _in_loss(b, NAN))
        same = ended.code == expected == (0 if len(bad) == 3 else 3)
        if same and ended.code == 0:
            same = end_of(run) == end_of(run_of(straight))
        yield None if same else f"skipping {bad}: {ended.code} {last_line(ended.said)}"


def locks(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R12: a second process on a run whose holder is stopped, alive, killed; odd lock files."""
    kinds = (_held, _held, _killed, _stale, _linked, _race)
    for n in range(count):
        wrong = kinds[n % len(kinds)](bench)
        yield f"{kinds[n % len(kinds)].__name__}: {wrong}" if wrong else None


def _content(run: Path) -> dict[str, str]:
    files = [f for f in sorted(run.rglob("*")) if f.is_file()]
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def _holder(bench: Bench, run: Path):
    """A process that holds the lock of `run` and stays there, stopped."""

    def call() -> int:
        from secantfw.training.lock import RunLock

        lock = RunLock(run)
        os.kill(os.getpid(), signal.SIGSTOP)
        lock.release()
        return 0

    child = start(call, run.parent / "holder.txt")
    while Path(f"/proc/{child.pid}/stat").read_text().split()[2] != "T":
        time.sleep(0.002)
    return child


def _held(bench: Bench) -> str | None:
    import socket

    run = bench.unfinished()
    holder = _holder(bench, run)
    before = _content(run)
    ended = bench.resume(run)
    untouched = _content(run) == before
    holder.send(signal.SIGCONT)
    holder.wait()
    named = f"in use by process {holder.pid} on {socket.gethostname()}" in ended.said
    if ended.code != 2 or not named or not untouched:
        return f"exit {ended.code}, untouched {untouched}: {last_line(ended.said)}"
    return bench.identical(run)


def _killed(bench: Bench) -> str | None:
    run = bench.unfinished()
    holder = _holder(bench, run)
    holder.send(signal.SIGKILL)
    holder.wait()
    return bench.identical(run)


def _stale(bench: Bench) -> str | None:
    run = bench.unfinished()
    (run / ".lock").write_text("process 1 on another-host")
    return bench.identical(run)


def _linked(bench: Bench) -> str | None:
    run = bench.unfinished()
    outside = run.parent / "outside"
    outside.write_text("precious")
    (run / ".lock").unlink(missing_ok=True)
    (run / ".lock").symlink_to(outside)
    ended = bench.resume(run)
    kept = outside.read_text() == "precious"
    return None if ended.code == 2 and kept else f"exit {ended.code}, kept {kept}"


def _race(bench: Bench) -> str | None:
    run = bench.unfinished()
    racers = [
        start(lambda: secantfw("run", "--resume", run), run.parent / f"racer-{n}.txt")
        for n in range(3)
    ]
    codes = sorted(r.wait().code for r in racers)
    return bench.identical(run) if codes == [0, 2, 2] else f"exit codes {codes}"


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
        before = _content(run)
        ended = bench.resume(run, f"{key}={value}")
        refused = ended.code == 2 and f"{key}: " in ended.said and " -> " in ended.said
        changed = [k for k, v in _content(run).items() if before.get(k) != v]
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


def source(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R18: no way to run a stranger's file stands in the source."""
    for folder in ("secantfw", "plugins"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text()
            found = [said for node in ast.walk(ast.parse(text)) for said in _gate(node)]
            if re.search(r"strict=False", _after_check_fit.sub("", text)):
                found.append("strict=False without check_fit before it")
            yield f"{file.relative_to(ROOT)}: {found}" if found else None


#: Names and shapes were compared; what is missing is what one-time weights do not have.
_after_check_fit = re.compile(r"check_fit\(.*\n.*load_state_dict\(.*strict=False\)")


def _gate(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ExceptHandler) and node.type is None:
        return [f"line {node.lineno}: bare except"]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = [a.name for a in node.names] + [getattr(node, "module", None) or ""]
        banned = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"}
        return [f"line {node.lineno}: imports {n}" for n in names if n.split(".")[0] in banned]
    if not isinstance(node, ast.Call):
        return []
    called = ast.unparse(node.func)
    keys = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
    said = []
    if called in ("eval", "exec", "os.system", "os.popen"):
        said.append(called)
    if called == "torch.load" and keys.get("weights_only") is not True:
        said.append("torch.load without weights_only=True")
    if called.endswith("np.load") and keys.get("allow_pickle") is not False:
        said.append("np.load without allow_pickle=False")
    if keys.get("shell") is True:
        said.append(f"{called} with shell=True")
    return [f"line {node.lineno}: {text}" for text in said]
