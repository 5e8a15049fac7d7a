"""R10: pickles that would run something; none may."""

from __future__ import annotations

import io
import os
import pickle
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
from small_run import Bench
from strangers import SENTRY, Verdicts, command, must_refuse


def pickles(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R10: pickles that would run something, in every reader of files, by every opcode."""
    from secantfw_data.array_file import read_arrays

    from secantfw import load_torch_file
    from secantfw.weights.safetensors import load_weights

    folder = bench.case()
    canary = folder / "sprung"
    payloads = _payloads(canary)
    for n in range(count):
        name, payload = payloads[n % len(payloads)]
        reader = n // len(payloads) % 3
        file = folder / ("bad.pt", "bad.npz", "bad.safetensors")[reader]
        (_as_torch, _as_npz, _as_raw)[reader](file, payload)
        read = (load_torch_file, read_arrays, load_weights)[reader]
        wrong = SENTRY.judge(lambda read=read, file=file: read(file), 3.0, file.name)
        if name not in ("memo bomb", "deep lists"):  # which are odd, not harmful
            wrong = wrong or must_refuse(lambda read=read, file=file: read(file))
        if not wrong and n < 6:
            code, said = command("convert", file, folder / "out.safetensors")
            refused_ = code == 2 and "Traceback" not in said
            wrong = None if refused_ else f"convert: {code} {said}"
        sprung = canary.exists()
        canary.unlink(missing_ok=True)
        yield (
            f"{name} in {file.name}: {'EXECUTED' if sprung else wrong}"
            if sprung or wrong
            else None
        )


class _Touch:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return (Path.touch, (self.file,))


class _Evaluate(_Touch):
    def __reduce__(self):
        return (eval, (f"__import__('os').system('touch {self.file}')",))


class _System(_Touch):
    def __reduce__(self):
        return (os.system, (f"touch {self.file}",))


def _payloads(canary: Path) -> list[tuple[str, bytes]]:
    text = str(canary).encode()
    touch = b"touch " + text
    made = [
        (f"{cls.__name__} protocol {protocol}", pickle.dumps(cls(canary), protocol=protocol))
        for cls in (_Touch, _Evaluate, _System)
        for protocol in (0, 2, 4)
    ]
    short = struct.pack("<B", len(touch))
    call = short + touch + b"\x85R."
    return [
        *made,
        ("GLOBAL REDUCE", b"cposix\nsystem\n(S'" + touch + b"'\ntR."),
        ("INST", b"(S'" + touch + b"'\nios\nsystem\n."),
        ("OBJ", b"(cos\nsystem\nS'" + touch + b"'\no."),
        ("STACK_GLOBAL", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c" + short + touch + b"\x85R."),
        ("EXT1", b"\x80\x02\x82\x01)R."),
        ("BUILD", b"\x80\x02cargparse\nNamespace\n)\x81}U\x01aK\x01sb."),
        ("nested load", b"\x80\x02c_pickle\nloads\nU" + call),
        (
            "load_from_bytes",
            b"\x80\x02ctorch.storage\n_load_from_bytes\nU" + short + touch + b"\x85R.",
        ),
        ("exec of source", b"cbuiltins\nexec\n(S'import os'\ntR."),
        ("getattr", b"cbuiltins\ngetattr\n(cos\nposix\nS'system'\ntR."),
        ("persistent id", b"\x80\x02(U\x07storageU\x05torchU\x010tQ."),
        ("memo bomb", b"\x80\x02" + b"]q\x00" + b"h\x00h\x00\x86" * 50_000 + b"."),
        ("deep lists", b"]" * 100_000 + b"."),
        ("truncated", b"\x80\x02cos\nsys"),
        ("empty", b""),
    ]


def _as_torch(file: Path, payload: bytes) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", payload)
        archive.writestr("archive/version", "3\n")


def _as_npz(file: Path, payload: bytes) -> None:
    """An npz with the payload where numpy would unpickle an array of objects."""
    content = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": (1,)}
    np.lib.format.write_array_header_1_0(content, header)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", content.getvalue() + payload)


def _as_raw(file: Path, payload: bytes) -> None:
    file.write_bytes(payload)
