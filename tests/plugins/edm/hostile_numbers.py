"""Calls inside the numbers of a tensor, where the official code reads without restriction."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile

import torch
from hostile_corpus import Canary, hostile, numbers, stored


@hostile("map_layer0.weight: it names posix.system")
def a_call_in_the_numbers(folder):
    return numbers(pickle.dumps(Canary(folder)))


@hostile("map_layer0.weight: it names posix.system")
def a_call_in_the_numbers_in_torchs_format(folder):
    stream = io.BytesIO()
    torch.save(Canary(folder), stream, _use_new_zipfile_serialization=False)
    return numbers(stream.getvalue())


@hostile("map_layer0.weight: it names posix.system")
def a_call_where_the_storages_key_stands(folder):
    content = stored(torch.zeros(256))
    at = content.index(b"X\x03\x00\x00\x00cpu")
    call = pickle.dumps(Canary(folder), 2)[2:-1]
    return numbers(content[:at] + call + b"0" + content[at:])


@hostile("map_layer0.weight:")
def a_zip_in_the_numbers(folder):
    stream = io.BytesIO()
    torch.save(Canary(folder), stream)
    return numbers(stream.getvalue())


@hostile("map_layer0.weight:")
def a_tar_in_the_numbers(folder):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("pickle"))
    return numbers(stream.getvalue())


@hostile("it names torch.IntStorage")
def numbers_that_are_no_floating_point(folder):
    return numbers(stored(torch.zeros(256, dtype=torch.int32)))


@hostile("a tensor of 256 numbers is claimed, and 1,023 bytes are there")
def numbers_cut_short(folder):
    return numbers(stored(torch.zeros(256))[:-1])


@hostile("a tensor of 1,073,741,824 numbers is claimed, and 1,024 bytes are there")
def numbers_that_claim_4_gigabytes(folder):
    content = stored(torch.zeros(256)).replace(struct.pack("<q", 256), struct.pack("<q", 1 << 30))
    return numbers(content.replace(b"M\x00\x01", b"J" + struct.pack("<i", 1 << 30)))


@hostile("are not in torch's older format")
def numbers_in_a_format_of_their_own(folder):
    return numbers(pickle.dumps(7) * 5)


@hostile("has no numbers")
def numbers_that_are_a_text(folder):
    return numbers("zeros")
