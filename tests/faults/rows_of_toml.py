"""R7 and R8: experiment files that are bombs, devices, or not what they should be."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from small_run import TOML, Bench, write_experiment
from strangers import Verdicts, command, link, nothing, refused, text

GOOD = TOML.replace('local_plugins = ["noisy.py"]\n', "").replace('"noisy"', '"sdei"')
GOOD = GOOD.replace('"counting"', '"segments"')
WRONG = (
    '"text"', '""', "true", "[]", "{}", "nan", "inf", "-inf", "-1", "0", "1e999", "9" * 30,
    "1979-05-27", '["a", 1]', "{ use = 1 }", "[[1], [2]]", '"' + "x" * 5000 + '"', '"\\u0000"',
)  # fmt: skip
SCRAPS = (
    "=", "[", "]", "[[", "{", '"', '"""', "'", "\n", "#", ".", "\0", "\r", "\ufeff", "\u2028",
    "\x7f", "use", "[loss]", "9" * 30, "nan", "0x", "\x1b[31m",
)  # fmt: skip


def experiments(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R7: experiment files that are bombs, mistakes, devices or climb where they may not."""
    folder = bench.case()
    write_experiment(folder)
    bombs = _bombs(folder)
    for n in range(count):
        make = bombs[n] if n < len(bombs) else _wrong_value(rng)
        file = refused(folder / "bad.toml", make)
        yield _judged(folder / "bad.toml", f"{n}: {make.__name__}", must=n < len(bombs))
        if file.is_fifo() or file.is_symlink():
            file.unlink()
    yield _torch_free(folder, bombs[0])


def _judged(file: Path, what: str, must: bool = False) -> str | None:
    began = time.process_time()
    code, said = command("show", file, "--plugins", "basics,data,picard")
    spent = time.process_time() - began
    lines = [line for line in said.splitlines() if line]
    shown = "\x1b" in said or "\0" in said
    bad = code == 2 and all(line.startswith("secantfw: error: ") for line in lines) and lines
    if shown or spent > 1 or not (bad or (code == 0 and not must)):
        return f"{what}: exit {code}, {spent:.1f} s: {said[-300:]!r}"
    return None


def _wrong_value(rng: random.Random) -> Callable[[Path], object]:
    """A wrong value for a key, a scrap somewhere, or both."""
    lines = GOOD.strip().splitlines()
    keyed = [n for n, line in enumerate(lines) if " = " in line]
    at = rng.choice(keyed)
    lines[at] = f"{lines[at].partition(' = ')[0]} = {rng.choice(WRONG)}"
    text = "\n".join(lines)
    if rng.random() < 0.4:
        place = rng.randrange(len(text))
        text = text[:place] + rng.choice(SCRAPS) + text[place + rng.randrange(9) :]

    def wrong_value(file: Path) -> None:
        file.write_bytes(text.encode("utf-8", "surrogatepass"))

    return wrong_value


def _bombs(folder: Path) -> list[Callable[[Path], object]]:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "inner").mkdir()
    climb = "../" * 30 + "etc/passwd"
    values = {
        "deep arrays": "cite = " + "[" * 50_000 + "]" * 50_000,
        "deep tables": "cite = " + "{a=" * 5_000 + "1" + "}" * 5_000,
        "dotted key": ".".join("a" * 20_000) + " = 1",
        "long integer": "seed = " + "9" * 5_000,
        "long hexadecimal": "seed = 0x" + "f" * 5_000,
        "escape": 'title = "\\u001b[31m" \n"\\u001b[31m" = 1',
        "name climbs": 'name = "../../etc/cron.d/x"',
        "name absolute": 'name = "/etc/x"',
        "name with NUL": 'name = "a\\u0000b"',
        "name with newline": 'name = "a\\nb"',
        "name of dots": 'name = ".."',
        "name long": f'name = "{"x" * 5000}"',
        "extends device": 'extends = "/dev/zero"',
        "extends link to device": 'extends = "zero"',
        "extends pipe": 'extends = "pipe"',
        "extends folder": 'extends = "inner"',
        "extends loop of links": 'extends = "loop"',
        "extends passwd": f'extends = "{climb}"',
        "extends itself": 'extends = "bad.toml"',
        "extends NUL": 'extends = "a\\u0000b"',
        "extends a thousand": f"extends = {json.dumps(['/dev/null'] * 1000)}",
        "local plug-in device": 'local_plugins = ["/dev/zero"]',
        "local plug-in pipe": 'local_plugins = ["pipe"]',
        "local plug-in folder": 'local_plugins = ["inner"]',
        "local plug-in passwd": f'local_plugins = ["{climb}"]',
        "asset climbs": f'local_plugins = ["asset:{climb}"]',
        "asset empty": 'local_plugins = ["asset:"]',
    }
    bombs = [text(name, f"schema = 1\n{line}\n{_rest()}") for name, line in values.items()]
    raw = {
        "empty": b"",
        "binary": bytes(range(256)) * 64,
        "latin-1": "schema = 1\ntitle = 'déjà'".encode("latin-1"),
        "utf-16": GOOD.encode("utf-16"),
        "byte-order mark": b"\xef\xbb\xbf" + GOOD.encode(),
        "NUL": b"schema = 1\n\0",
        "ten megabytes": GOOD.encode() + b"# padding\n" * 1_000_000,
        "carriage returns": GOOD.replace("\n", "\r").encode(),
        "lone surrogate": b"schema = 1\ntitle = '\xed\xa0\x80'",
        "a pickle": pickle.dumps({"schema": 1}),
        "many tables": GOOD.encode() + b"".join(b"[a%d]\n" % n for n in range(20_000)),
        "many keys": b"schema = 1\n" + b"".join(b"k%d = 1\n" % n for n in range(20_000)),
    }
    bombs += [text(name, content) for name, content in raw.items()]
    return [*bombs, os.mkfifo, os.mkdir, link("zero"), link("loop"), link("gone"), nothing]


def _rest() -> str:
    """The good file without the keys of the head."""
    return GOOD[GOOD.index("[dataset]") :]


def _torch_free(folder: Path, make: Callable[[Path], object]) -> str | None:
    """A refusal in a process of its own: no torch, less than 300 MiB."""
    file = refused(folder / "bad.toml", make)
    program = (
        "import re, sys\nfrom secantfw.cli.main import main\n"
        f"code = main(['show', {str(file)!r}])\n"
        "status = open('/proc/self/status').read()\n"
        "peak = int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) / 1024\n"
        "sys.exit(0 if code == 2 and 'torch' not in sys.modules and peak < 300 else 9)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    return None if done.returncode == 0 else f"alone: {done.returncode} {done.stderr[-200:]!r}"


def fuzzed(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R8: a good file with up to five mutations is good, and resolves to itself, or refused."""
    folder = bench.case()
    for _ in range(count):
        text = GOOD
        for _ in range(rng.randrange(1, 6)):
            place = rng.randrange(len(text) + 1)
            text = text[:place] + rng.choice(SCRAPS) + text[place + rng.randrange(9) :]
        file = folder / "bad.toml"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        yield _judged(file, repr(text))
