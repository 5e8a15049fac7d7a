"""P8: what a command loads before it says anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import Figure, PeerAbsent

ROOT = Path(__file__).parents[2]
#: What a training step of a SiT on the data that come along does not need.
UNUSED = ("torchvision", "matplotlib", "diffusers", "scipy", "cleanfid", "timm", "torchdiffeq")
_MAIN = "import sys; from secantfw.cli.main import main; sys.exit(main())"
_COUNT = """\
import sys
from secantfw.cli.main import main
try:
    main()
except SystemExit:
    pass
print(len(sys.modules), *{m.partition(".")[0] for m in sys.modules}, file=sys.stderr)
"""
_DRY_RUN = ("run", str(ROOT / "experiments" / "sit_picard.toml"), "--dry-steps", "1",
            "train.batch_size=4")  # fmt: skip


#: The same on every machine, and this very secantfw; .pyc files are written and then read.
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "PYTHONHASHSEED": "0",
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")]),
}


def modules_of(*arguments: str) -> int:
    """How many modules a command has loaded when it ends."""
    return int(_loaded(*arguments)[0])


def unused_in_a_run() -> int:
    """How many large packages a run loads without using them."""
    return len({*UNUSED} & {*_loaded(*_DRY_RUN)[1:]})


def _loaded(*arguments: str) -> list[str]:
    """The number of modules and the packages they belong to, when a command ends."""
    return _run(sys.executable, "-c", _COUNT, *arguments).stderr.splitlines()[-1].split()


def instructions_of(*arguments: str) -> float:
    """Instructions of a command, in millions, by callgrind: the same number every time.

    Raises:
        PeerAbsent: valgrind is not installed.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise PeerAbsent("valgrind, which counts instructions")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [sys.executable, "-c", _MAIN, *arguments]
        _run(*command)  # so that no module is compiled while instructions are counted
        done = _run(valgrind, "--tool=callgrind", f"--callgrind-out-file={out}", *command)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise PeerAbsent(f"callgrind: {done.stderr[-200:]}")
    return int(found[1]) / 1e6


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True, env=_ENVIRONMENT)


def p8() -> list[Figure]:
    """Modules and instructions of commands that only list."""
    loaded = {verb: modules_of(verb) for verb in ("--version", "--help", "plugins", "components")}
    figures = [Figure("P8", f"{v}: modules", n, "", 210) for v, n in loaded.items()]
    unused = unused_in_a_run()
    figures.append(Figure("P8", "a dry run: large packages loaded in vain", unused, "", 0))
    for verb in ("--help", "plugins"):
        millions = instructions_of(verb)
        figures.append(Figure("P8", f"{verb}: instructions (callgrind)", millions, "M", 400))
    return figures
