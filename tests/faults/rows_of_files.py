"""R7 to R10: experiments, weights, pickles, arrays and pictures from strangers."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import random
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from small_run import TOML, Bench, write_experiment
from strangers import SENTRY, Verdicts, command, refused

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


def _text(name: str, text: str | bytes) -> Callable[[Path], object]:
    content = text if isinstance(text, bytes) else text.encode()

    def write(file: Path) -> None:
        file.write_bytes(content)

    write.__name__ = name
    return write


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
    bombs = [_text(name, f"schema = 1\n{line}\n{_rest()}") for name, line in values.items()]
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
    bombs += [_text(name, content) for name, content in raw.items()]
    return [*bombs, os.mkfifo, os.mkdir, _link("zero"), _link("loop"), _link("gone"), _nothing]


def _rest() -> str:
    """The good file without the keys of the head."""
    return GOOD[GOOD.index("[dataset]") :]


def _link(target: str) -> Callable[[Path], object]:
    def link(file: Path) -> None:
        file.symlink_to(file.parent / target)

    return link


def _nothing(file: Path) -> None: ...


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


def weights(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R9: safetensors whose headers lie, of absurd sizes, of another network, not finite."""
    from secantfw.training.checkpoint import check_fits
    from secantfw.weights import load_weights, read_header

    folder = bench.case()
    network = torch.nn.Linear(3, 2)
    makers = _bad_weights()
    for n in range(count):
        name, make = makers[n] if n < len(makers) else ("mutated", _mutated(rng))
        file = refused(folder / "bad.safetensors", make)

        def read(file: Path = file) -> None:
            read_header(file)
            check_fits(file, load_weights(file), network)

        wrong = SENTRY.judge(read, 3.0, "bad.safetensors")
        if not wrong and n < len(makers):
            wrong = _must_refuse(read)
        yield f"{name}: {wrong}" if wrong else None


def _must_refuse(read: Callable[[], object]) -> str | None:
    from secantfw.errors import UserError

    try:
        read()
    except UserError:
        return None
    return "was taken"


def _good() -> dict[str, torch.Tensor]:
    return {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.arange(2.0)}


def _header(header: object, body: bytes = b"\0" * 32) -> Callable[[Path], object]:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()

    def write(file: Path) -> None:
        file.write_bytes(struct.pack("<Q", len(text)) + text + body)

    return write


def _tensors(**tensors: torch.Tensor) -> Callable[[Path], object]:
    content = save(tensors)
    return lambda file: file.write_bytes(content)


def _entry(shape: object, offsets: object, dtype: object = "F32") -> dict[str, object]:
    return {"weight": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def _bad_weights() -> list[tuple[str, Callable[[Path], object]]]:
    good, nan, inf = _good(), float("nan"), float("inf")
    content = save(good)
    bias, extra = good["bias"], torch.ones(2)
    twice = b'{"bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' * 1
    return [
        ("empty", _text("empty", b"")),
        ("seven bytes", _text("seven", b"1234567")),
        ("header of 2^60", _text("huge", struct.pack("<Q", 1 << 60) + b"{}")),
        ("header of 2^63", _text("huger", struct.pack("<Q", (1 << 64) - 1) + b"{}")),
        ("header longer than the file", _text("longer", struct.pack("<Q", 10_000) + b"{}")),
        ("no JSON", _header(b"not json at all")),
        ("a list", _header([1, 2])),
        ("deep JSON", _header(b"[" * 100_000 + b"]" * 100_000)),
        ("deep object", _header(b'{"a":' * 50_000 + b"1" + b"}" * 50_000)),
        ("metadata a list", _header({"__metadata__": [1]})),
        ("metadata of numbers", _header({"__metadata__": {"secantfw": 3}})),
        ("metadata no JSON", _header({"__metadata__": {"secantfw": "{"}})),
        ("metadata deep", _header({"__metadata__": {"secantfw": "[" * 100_000}})),
        ("metadata a list inside", _header({"__metadata__": {"secantfw": "[1]"}})),
        ("metadata spec", _header({"__metadata__": {"secantfw": '{"spec": {"shape": 3}}'}})),
        ("metadata options", _header({"__metadata__": {"secantfw": '{"options": 3}'}})),
        ("offsets beyond", _header(_entry([2, 3], [0, 1 << 40]))),
        ("offsets backwards", _header(_entry([2, 3], [24, 0]))),
        ("offsets negative", _header(_entry([2, 3], [-24, 0]))),
        ("offsets text", _header(_entry([2, 3], ["a", "b"]))),
        ("shape negative", _header(_entry([-2, 3], [0, 24]))),
        ("shape absurd", _header(_entry([1 << 40, 1 << 40], [0, 24]))),
        ("shape overflow", _header(_entry([1 << 62, 4], [0, 0]))),
        ("shape too large", _header(_entry([1 << 30], [0, 24]))),
        ("dtype unknown", _header(_entry([2, 3], [0, 24], "F99"))),
        ("dtype number", _header(_entry([2, 3], [0, 24], 7))),
        ("hole", _header(_entry([2, 3], [8, 32]))),
        ("key twice", _header(twice + twice[1:-1] + b"}", b"\0" * 8)),
        ("trailing bytes", _text("trailing", content + b"more")),
        ("truncated", _text("cut", content[:-3])),
        ("missing key", _tensors(weight=good["weight"])),
        ("extra key", _tensors(**good, extra=extra)),
        ("key with a path", _tensors(**good, **{"../../etc/x": extra})),
        ("other shape", _tensors(weight=torch.ones(3, 2), bias=bias)),
        ("more axes", _tensors(weight=torch.ones(2, 3, 1), bias=bias)),
        ("NaN", _tensors(weight=torch.full((2, 3), nan), bias=bias)),
        ("infinity", _tensors(weight=good["weight"], bias=torch.tensor([0.0, inf]))),
        ("half NaN", _tensors(weight=torch.full((2, 3), nan).half(), bias=bias)),
        ("300,000 tensors", _many),
        ("a pickle", _text("pickle", pickle.dumps(good["bias"].tolist()))),
        ("a torch file", _torch_file),
        ("a zip", _zip),
        ("a pipe", os.mkfifo),
        ("a folder", os.mkdir),
        ("a device", lambda file: file.symlink_to("/dev/zero")),
        ("nothing", _nothing),
    ]


def _many(file: Path) -> None:
    entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    _header({f"t{n}": entry for n in range(300_000)}, b"")(file)


def _torch_file(file: Path) -> None:
    torch.save(_good(), file)


def _zip(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x", "y")


def _mutated(rng: random.Random) -> Callable[[Path], object]:
    """A good file with bytes of its header changed, or cut."""
    content = bytearray(save(_good(), {"secantfw": json.dumps({"component": "a:b"})}))
    end = 8 + struct.unpack("<Q", content[:8])[0]
    for _ in range(rng.randrange(1, 5)):
        content[rng.randrange(end)] = rng.randrange(256)
    cut = rng.randrange(len(content)) if rng.random() < 0.3 else len(content)
    return lambda file: file.write_bytes(bytes(content[:cut]))


def pickles(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R10: pickles that would run something, in every reader of files, by every opcode."""
    from secantfw_data.array_file import read_arrays

    from secantfw import load_torch_file
    from secantfw.weights import load_weights

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
            wrong = wrong or _must_refuse(lambda read=read, file=file: read(file))
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


def arrays_and_pictures(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R10, second half: npz that lie or swell, pictures that do."""
    from secantfw_data.array_file import read_arrays
    from secantfw_data.picture_file import read_square

    folder = bench.case()
    makers = [*_bad_arrays(), *_bad_pictures()]
    for n in range(count):
        name, make = makers[n] if n < len(makers) else _damaged_file(rng)
        npz = name.startswith("npz")
        file = refused(folder / ("bad.npz" if npz else "bad.png"), make)
        read = (lambda f: read_arrays(f)) if npz else (lambda f: read_square(f, 8, 3))
        wrong = SENTRY.judge(lambda read=read, file=file: read(file), 3.0, file.name)
        if not wrong and n < len(makers):
            wrong = _must_refuse(lambda read=read, file=file: read(file))
        yield f"{name}: {wrong}" if wrong else None


def _npy(shape: tuple[int, ...], body: bytes, descr: str = "<f4") -> bytes:
    content = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(content, header)
    return content.getvalue() + body


def _archive(member: bytes, name: str = "x.npy", method: int = zipfile.ZIP_STORED):
    def write(file: Path) -> None:
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr(name, member)

    return write


def _zip_bomb(file: Path) -> None:
    """A thousand times its size; the limit is lowered so that it need not be gigabytes."""
    from secantfw_data import array_file

    array_file.MOST_BYTES = 1 << 20
    _archive(_npy((1 << 20,), bytes(1 << 22)), method=zipfile.ZIP_DEFLATED)(file)


def _bad_arrays() -> list[tuple[str, Callable[[Path], object]]]:
    code = b"\x93NUMPY\x01\x00\x20\x00__import__('os').system('x')    \n"
    return [
        ("npz empty", _text("e", b"")),
        ("npz no zip", _text("n", b"PK\x03\x04 no zip")),
        ("npz absurd shape", _archive(_npy((1 << 40, 1 << 20), b""))),
        ("npz shape of 4 TB", _archive(_npy((1 << 40,), b"\0" * 64))),
        ("npz negative shape", _archive(_npy((-1, 4), b"\0" * 64))),
        ("npz short", _archive(_npy((100,), b"\0" * 64))),
        ("npz objects", _archive(_npy((1,), pickle.dumps([1]), "|O"))),
        ("npz odd dtype", _archive(_npy((1,), b"\0" * 8, "<V8"))),
        (
            "npz header of code",
            _archive(code),
        ),
        ("npz header cut", _archive(b"\x93NUMPY\x01\x00\xff\xff{'descr'")),
        ("npz member climbs", _archive(b"text", "../../etc/x.npy")),
        ("npz bomb", _zip_bomb),
        ("npz pipe", os.mkfifo),
        ("npz folder", os.mkdir),
        ("npz device", lambda file: file.symlink_to("/dev/zero")),
    ]


def _png(width: int, height: int, body: bytes = b"", depth: int = 8) -> bytes:
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    data = zlib.compress(body)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _bad_pictures() -> list[tuple[str, Callable[[Path], object]]]:
    rows, deep = (b"".join(b"\0" + bytes(n) for _ in range(8)) for n in (8, 16))
    return [
        ("png empty", _text("e", b"")),
        ("png text", _text("t", b"this is not a picture")),
        ("png bomb", _text("b", _png(50_000, 50_000))),
        ("png of 2^31", _text("b", _png((1 << 31) - 1, (1 << 31) - 1))),
        ("png of 0", _text("z", _png(0, 0))),
        ("png truncated", _text("c", _png(8, 8, rows)[:42])),
        ("png half", _text("h", _png(64, 64, os.urandom(2000)))),
        (
            "png of 16 bits",
            _text("d", _png(8, 8, deep, 16)),
        ),
        ("png svg", _text("s", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")),
        ("png pipe", os.mkfifo),
        ("png device", lambda file: file.symlink_to("/dev/zero")),
        ("png folder", os.mkdir),
    ]


def _damaged_file(rng: random.Random) -> tuple[str, Callable[[Path], object]]:
    """A good file with some bytes changed."""
    if rng.random() < 0.5:
        stream = io.BytesIO()
        np.savez_compressed(stream, x=np.arange(64.0))
        name, content = "npz damaged", bytearray(stream.getvalue())
    else:
        body = b"".join(b"\0" + bytes(8) for _ in range(8))
        name, content = "png damaged", bytearray(_png(8, 8, body))
    for _ in range(rng.randrange(1, 6)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return name, _text(name, bytes(copy.copy(content)))
