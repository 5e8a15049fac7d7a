"""Everything that needs a GPU to be measured, by one command, in under 8 minutes on an H100.

    python -m tests.benchmarks.gpu --out gpu                      # gpu/gpu.json, gpu/gpu.md
    python -m tests.benchmarks.gpu --only samplers parity
    python -m tests.benchmarks.gpu --budget-seconds 300           # sections after that: not run
    python -m tests.benchmarks.gpu --cpu-rehearsal                # tiny; its figures mean nothing

Networks have random weights of the published sizes and data are made up: nothing is downloaded.
A section that fails is a line of the table. Ends with 2 where there is no CUDA device, with 1
where a section failed.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import torch
from report import Section, write
from sections import SECTIONS
from session import Session


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", default=[])
    parser.add_argument("--budget-seconds", type=float, default=480.0)
    parser.add_argument("--cpu-rehearsal", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("gpu-benchmark"))
    args = parser.parse_args(arguments)
    if not (args.cpu_rehearsal or torch.cuda.is_available()):
        print(
            "gpu benchmark: no CUDA device; --cpu-rehearsal tries the script out", file=sys.stderr
        )
        return 2
    device = torch.device("cpu" if args.cpu_rehearsal else "cuda")
    session = Session(device, tiny=args.cpu_rehearsal)
    start, done = time.perf_counter(), []
    for name in SECTIONS:
        spent = time.perf_counter() - start
        if args.only and name not in args.only:
            done.append(Section(name, note="not asked for"))
        elif spent > args.budget_seconds:
            done.append(Section(name, note=f"not run: {spent:.0f} s were spent"))
        else:
            done.append(measured(name, session))
        print(f"{name}: {done[-1].said()}", file=sys.stderr, flush=True)
    print(write(args.out, session, done, sys.argv[1:] if arguments is None else arguments))
    return 1 if any(section.error for section in done) else 0


def measured(name: str, session: Session) -> Section:
    """The section's figures so far, and the error that ended it, if one did."""
    section, start = Section(name), time.perf_counter()
    try:
        for figure in SECTIONS[name](session):
            section.figures.append(figure)
    except Exception as error:  # one section must not cost the others
        said = (str(error).strip() or "no message").splitlines()[0]
        section.error = f"{type(error).__name__}: {said}"
    section.seconds = time.perf_counter() - start
    gc.collect()
    session.free()
    return section


if __name__ == "__main__":
    sys.exit(main())
