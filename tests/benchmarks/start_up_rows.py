"""P8: what a command loads before it says anything."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import Figure, PeerAbsent

ROOT = Path(__file__).parents[2]
#: What no run of a SiT on embedded data needs before its first step.
UNUSED = ("torchvision", "matplotlib", "diffusers", "scipy", "cleanfid", "timm", "torchdiffeq")
_MAIN = "import sys; from secantfw.cli.main import main; sys.exit(main())"
_COUNT = """\
import sys
from secantfw.cli.main import main
try:
    main()
except SystemExit:
    pass
print(len(sys.modules), file=sys.stderr)
"""


def modules_of(*arguments: str) -> int:
    """How many modules a command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", _COUNT, *arguments], capture_output=True, text=True, check=True
    )
    return int(done.stderr.splitlines()[-1])


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
        command = [valgrind, "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable]
        done = subprocess.run(
            [*command, "-c", _MAIN, *arguments],
            capture_output=True, text=True, env={"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise PeerAbsent(f"callgrind: {done.stderr[-200:]}")
    return int(found[1]) / 1e6


def p8() -> list[Figure]:
    """Modules and instructions of commands that only list."""
    loaded = {verb: modules_of(verb) for verb in ("--version", "--help", "plugins", "components")}
    figures = [Figure("P8", f"{v}: modules", n, "", 210) for v, n in loaded.items()]
    for verb in ("--help", "plugins"):
        millions = instructions_of(verb)
        figures.append(Figure("P8", f"{verb}: instructions (callgrind)", millions, "M", 400))
    return figures
