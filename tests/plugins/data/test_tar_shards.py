"""Samples in tar shards: what is read, how much of it, and what is said of hostile ones."""

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from secantfw_data.options import TarShardsOptions
from secantfw_data.tar_shards import TarShards

from secantfw import DataSpec, UserError
from secantfw.experiment.schema import Guidance
from secantfw.runtime.randomness import Streams
from secantfw.training.batches import BatchSource

SHAPE = (2, 3, 3)
RNG = np.random.default_rng(0)


def npy(array, allow_pickle=False):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


def write(file, files, **fields):
    """A tar file of (name, content); a TarInfo stands for a member without content."""
    with tarfile.open(file, "w", **fields) as archive:
        for name, content in files:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(content))
    return file


def shards(folder, counts, dtype=np.float32):
    """Shards of that many samples, their items and labels."""
    x = RNG.normal(size=(sum(counts), *SHAPE)).astype(dtype)
    y = RNG.integers(0, 5, len(x))
    n = 0
    for number, count in enumerate(counts):
        files = []
        for i in range(n, n + count):
            files += [(f"d/{i}.npy", npy(x[i])), (f"d/{i}.txt", b"?" * 5000),
                      (f"d/{i}.cls", str(y[i]).encode())]  # fmt: skip
        write(folder / f"s-{number}.tar", files)
        n += count
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y)


def build(folder, **options):
    return TarShards(TarShardsOptions(**{"folder": str(folder), "shape": SHAPE, **options}))


def bytes_read() -> int:
    """By this process so far, as the kernel counts them."""
    said = Path("/proc/self/io").read_text()
    return int(said.split("rchar: ")[1].split()[0])


def test_samples_come_in_the_order_asked_for_from_shards_in_natural_order(tmp_path):
    x, y = shards(tmp_path, (3, 1, 4, 1, 1, 1, 1, 1, 1, 1, 2), np.float16)  # s-10 after s-9
    data = build(tmp_path, classes=5, held_out_shards=1)
    assert data.spec == DataSpec(SHAPE, 5)
    assert (data.size("train"), data.size("test")) == (15, 2)
    index = torch.tensor([14, 0, 3, 7, 14, 5])
    items = data.items("train", index)
    assert torch.equal(items.x_0, x[index])
    assert torch.equal(items.label, y[index])
    assert torch.equal(data.items("test", torch.tensor([1, 0])).x_0, x[[16, 15]])


@pytest.mark.skipif(not Path("/proc/self/io").is_file(), reason="needs Linux")
def test_no_byte_is_read_that_is_not_needed(tmp_path):
    """Items: their members alone. The index: headers and labels; kept, not even those."""
    shards(tmp_path, (40, 40))
    size = len(npy(np.zeros(SHAPE, np.float32)))
    data = build(tmp_path, classes=5)
    before = bytes_read()
    own = bytes_read() - before  # of reading the counter itself
    before = bytes_read()
    data.items("train", torch.tensor([70, 3, 4, 41]))
    assert bytes_read() - before - own == 4 * size
    looked_at = 64 * size  # for their standard deviation
    headers_and_labels = 80 * 4 * (512 + 1 + 1)
    before = bytes_read()
    build(tmp_path, classes=5, keep_index=True)
    assert bytes_read() - before < looked_at + headers_and_labels + 4096
    before = bytes_read()
    build(tmp_path, classes=5, keep_index=True)
    assert bytes_read() - before < looked_at + 80 * 3 * 8 + 4096
    assert sum(file.stat().st_size for file in tmp_path.glob("*.tar")) > 600_000


def test_processes_share_the_samples_without_overlap_or_loss_and_resume_bit_for_bit(tmp_path):
    x, _ = shards(tmp_path, (7, 9, 8))
    data = build(tmp_path)

    def source(rows=None):
        streams = Streams(3, torch.device("cpu"))
        return BatchSource(data, Guidance(), streams, 3, 8, rows)

    parts = [source(range(4)), source(range(4, 8))]
    steps = [[part.batch(step) for part in parts] for step in range(3)]
    seen = torch.cat([batch.index for step in steps for batch in step])
    assert sorted(seen.tolist()) == list(range(24))
    again = source().batch(2)  # a process that goes on with step 2 has read nothing before
    assert torch.equal(again.x_0, torch.cat([batch.x_0 for batch in steps[2]]))
    assert torch.equal(again.x_0, x[again.index])


def test_pictures_npz_and_json(tmp_path):
    pixels = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    x = RNG.normal(size=SHAPE).astype(">f8")
    packed = io.BytesIO()
    np.savez_compressed(packed, other=np.arange(3), latent=x)
    label = json.dumps({"class": 3, "text": "…"}).encode()
    write(tmp_path / "a.tar", [("1.rgb.png", stream.getvalue()), ("1.npz", packed.getvalue()),
                               ("1.json", label), ("._1.png", b"")])  # fmt: skip
    data = build(
        tmp_path, x="rgb.png", shape=(3, 8, 8), classes=4, label="json", label_key="class"
    )
    items = data.items("train", torch.tensor([0, 0]))
    assert items.label.tolist() == [3, 3]
    assert np.array_equal(data.to_uint8(items.x_0)[1].numpy(), pixels)
    data = build(tmp_path / "a.tar", x="npz", array="latent", scale=0.5)
    assert torch.equal(
        data.items("train", torch.tensor([0])).x_0[0], torch.from_numpy(0.5 * x.astype("f4"))
    )


class Bomb:
    def __reduce__(self):
        return os._exit, (1,)


def linked(kind, name="1.npy"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def of_pax(**headers):
    info = tarfile.TarInfo("1.npy")
    info.pax_headers = headers
    return info


GOOD = npy(np.zeros(SHAPE, np.float32))
HOSTILE = {
    "symlink": ([(linked(tarfile.SYMTYPE), b"")], "is no plain file"),
    "hard link": ([(linked(tarfile.LNKTYPE), b"")], "is no plain file"),
    "device": ([(linked(tarfile.CHRTYPE), b"")], "is no plain file"),
    "pipe": ([(linked(tarfile.FIFOTYPE), b"")], "is no plain file"),
    "traversal": ([("a/../../1.npy", GOOD)], "points outside"),
    "absolute": ([("/1.npy", GOOD)], "points outside"),
    "size too large": ([(of_pax(size="99999999"), GOOD)], "claims 99,999,999 bytes"),
    "size below 0": ([(of_pax(size="-1024"), GOOD)], "claims -1,024 bytes|cannot be read"),
    "sparse": ([(of_pax(**{"GNU.sparse.map": "0,9", "GNU.sparse.size": "9"}), GOOD)], "sparse"),
    "long name": ([("a" * 2_000_000 + ".npy", GOOD)], "claims 2,"),
    "no item": ([("1.txt", b"")], "has no .npy"),
    "item twice": ([("1.npy", GOOD)] * 2, "is there twice"),
    "no label": ([("1.npy", GOOD), ("2.npy", GOOD), ("2.cls", b"0")], "'1' has no .cls"),
    "label too large": ([("1.npy", GOOD), ("1.cls", b"7")], "label 7, expected 0..4"),
    "no number": ([("1.npy", GOOD), ("1.cls", b"true")], "label True"),
    "long label": ([("1.npy", GOOD), ("1.cls", b"1" * 100)], "too many for a label"),
    "pickle": ([("1.npy", npy(np.array([Bomb()]), True)), ("1.cls", b"0")], "pickled objects"),
    "shape": ([("1.npy", GOOD[:10] + GOOD[10:].replace(b"(2, 3, 3)", b"(9**9999,)"[:9])),
               ("1.cls", b"0")], "cannot be read|of shape"),
    "cut array": ([("1.npy", GOOD[:-4]), ("1.cls", b"0")], "cannot be read as .npy"),
    "not finite": ([("1.npy", npy(np.full(SHAPE, np.nan))), ("1.cls", b"0")], "is not finite"),
    "nothing": ([], "no samples"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_in_one_line(tmp_path, name):
    files, said = HOSTILE[name]
    write(tmp_path / "bad.tar", files, format=tarfile.PAX_FORMAT)
    with pytest.raises(UserError, match=said) as refused:
        build(tmp_path, classes=5)
    assert str(tmp_path / "bad.tar") in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_archives_that_are_cut_damaged_or_compressed_are_refused(tmp_path):
    content = write(tmp_path / "a.tar", [(f"{i}.npy", GOOD) for i in range(9)]).read_bytes()
    file = tmp_path / "a.tar"
    for cut in range(1, 12 * 1024, 777):  # of 9 KiB and an end mark
        file.write_bytes(content[:cut])
        if cut < 9 * 1024 + 512:
            with pytest.raises(UserError, match=r"a\.tar: "):
                build(tmp_path)
    damaged = bytearray(content)
    damaged[4 * 1024 + 20] ^= 1  # a header's name: tarfile would end there, without a word
    file.write_bytes(damaged)
    with pytest.raises(UserError, match="damaged: no header at byte 4,096"):
        build(tmp_path)
    write(tmp_path / "a.tar", [("1.npy", GOOD)], format=tarfile.PAX_FORMAT)
    file.rename(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "a.tar", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("1.npy"))
    with pytest.raises(UserError, match=r"is compressed \(gzip\)"):
        build(tmp_path)
    file.rename(tmp_path / "a.tar.gz")
    with pytest.raises(UserError, match="is compressed"):
        build(tmp_path)


def test_an_npz_that_unpacks_to_more_than_an_item_is_refused(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(10_000_000))
    write(tmp_path / "a.tar", [("1.npz", stream.getvalue())])
    with pytest.raises(UserError, match="x claims 10,000,000 bytes"):
        build(tmp_path, x="npz")


def test_a_kept_index_is_of_the_shard_as_it_is_now(tmp_path):
    x, _ = shards(tmp_path, (3,))
    kept = tmp_path / "s-0.tar.index"
    assert torch.equal(build(tmp_path, keep_index=True).items("train", torch.arange(3)).x_0, x)
    assert torch.equal(build(tmp_path, keep_index=True).items("train", torch.arange(3)).x_0, x)
    x, _ = shards(tmp_path, (4,))
    assert torch.equal(build(tmp_path, keep_index=True).items("train", torch.arange(4)).x_0, x)
    kept.write_bytes(b"\xff" * 100)
    assert build(tmp_path, keep_index=True).size("train") == 4
    data = build(tmp_path, keep_index=True)
    os.truncate(tmp_path / "s-0.tar", 2000)
    with pytest.raises(UserError, match="it was cut"):
        data.items("train", torch.tensor([3]))
