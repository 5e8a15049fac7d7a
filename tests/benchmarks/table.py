"""The gates P1 to P12 and the peers' table.

    python -m tests.benchmarks.table                    # from the saved figures into README.md
    python -m tests.benchmarks.table --gate             # measures afresh; 1 if one is missed
    python -m tests.benchmarks.table --gate P1 P9       # only these
    python -m tests.benchmarks.table --gate --save      # and keeps what was measured
    python -m tests.benchmarks.table --gate --released PATH   # P5: a clone of secant_expectation

Peers: `pip install '.[bench]'`. A gate reads no saved figure; an absent peer is a missed gate. The
released code's network imports timm: installed, or in a folder of PYTHONPATH.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import perf_counter

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import attrs  # noqa: E402
from figures import Figure, PeerAbsent, PeerLine  # noqa: E402

SAVED, README = HERE / "figures.json", HERE / "README.md"
GATES = {
    "P1": "sampler_rows:p1",
    "P2": "sampler_rows:p2",
    "P3": "training_rows:p3",
    "P4": "training_rows:p4",
    "P5": "released:p5",
    "P6": "optimizer_rows:p6",
    "P7": "optimizer_rows:p7",
    "P8": "start_up_rows:p8",
    "P9": "training_rows:p9",
    "P10": "compile_rows:p10",
    "P11": "training_rows:p11",
    "P12": "budget:p12",
}
_START, _END = "<!-- table: start -->", "<!-- table: end -->"


def measure(gates: Sequence[str]) -> tuple[list[Figure], list[PeerLine], list[str]]:
    """Figures, the peers' table (with P1), and the gates that gave none, with the reason.

    A gate that raises is one of those: the others are measured all the same.
    """
    import importlib
    import traceback

    import torch

    torch.set_num_threads(1)
    figures: list[Figure] = []
    peers: list[PeerLine] = []
    absent: list[str] = []
    for gate in gates:
        module, _, name = GATES[gate].partition(":")
        start = perf_counter()
        try:
            found = getattr(importlib.import_module(module), name)()
            if gate == "P1":
                peers = importlib.import_module("sampler_rows").peer_lines()
        except PeerAbsent as error:
            absent.append(f"{gate}: absent: {error}")
            continue
        except Exception as error:
            traceback.print_exc()
            absent.append(f"{gate}: failed: {error!r}")
            continue
        for figure in found:
            print(_line(figure), flush=True)
        print(f"{gate}: {perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
        figures += found
    return figures, peers, absent


def _line(figure: Figure) -> str:
    verdict = "" if figure.limit is None else "met" if figure.met else "MISSED"
    return f"{figure.gate:<4} {figure.what}: {figure.said} {figure.goal} {verdict}".rstrip()


def tables(figures: Sequence[Figure], peers: Sequence[PeerLine], where: str) -> str:
    """Both tables in Markdown."""
    rows = [where, "", "| gate | what | measured | goal | |", "|---|---|---|---|---|"]
    for f in figures:
        verdict = "" if f.limit is None else "met" if f.met else "**missed**"
        rows.append(f"| {f.gate} | {f.what} | {f.said} | {f.goal} | {verdict} |")
    rows += ["", "GPU (G1 to G9): not run.", ""]
    if peers:
        rows += [
            "| sampler, Euler, 8 steps | operations a step | values read in 8 steps | us a step "
            "| / bare loop | / bare loop, tiny SiT |",
            "|---|---|---|---|---|---|",
        ]
    for p in peers:
        rows.append(
            f"| {p.peer} | {p.operations:g} | {p.reads} | {p.microseconds:.1f} | {p.ratio:.2f} | "
            f"{p.network_ratio:.2f} |"
        )
    return "\n".join(rows)


def where_measured() -> str:
    """The date, the machine and the commit."""
    import torch

    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True
    ).stdout.strip()
    load = os.getloadavg()[0]
    return (
        f"Measured {date.today()} at {commit}, torch {torch.__version__}, {platform.machine()}, "
        f"{os.cpu_count()} CPUs, load {load:.1f}, one thread."
    )


def write_readme() -> None:
    """The saved figures into README.md, between its two marks."""
    saved = json.loads(SAVED.read_text())
    figures = [Figure(**f) for f in saved["figures"]]
    peers = [PeerLine(**p) for p in saved["peers"]]
    before, rest = README.read_text().split(_START)
    after = rest.split(_END)[1]
    text = tables(figures, peers, saved["where"])
    README.write_text(f"{before}{_START}\n{text}\n{_END}{after}")


def save(figures: Sequence[Figure], peers: Sequence[PeerLine]) -> None:
    kept = {
        "where": where_measured(),
        "figures": [attrs.asdict(f) for f in figures],
        "peers": [attrs.asdict(p) for p in peers],
    }
    SAVED.write_text(json.dumps(kept, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="The gates P1 to P12 and the peers' table.")
    parser.add_argument("--gate", nargs="*", choices=list(GATES), help="measure; all by default")
    parser.add_argument("--save", action="store_true", help="keep what --gate measured")
    parser.add_argument("--released", type=Path, help="a clone of poppuppy/secant_expectation")
    given = parser.parse_args()
    if given.released is not None:
        os.environ["SECANTFW_RELEASED"] = str(given.released)
    if given.gate is None:
        write_readme()
        return 0
    figures, peers, absent = measure(given.gate or list(GATES))
    for line in absent:
        print(line)
    if given.save:
        save(figures, peers)
        write_readme()
    missed = [f for f in figures if not f.met]
    print(f"{len(figures)} figures, {len(missed)} missed, {len(absent)} absent")
    return int(bool(missed or absent))


if __name__ == "__main__":
    sys.exit(main())
