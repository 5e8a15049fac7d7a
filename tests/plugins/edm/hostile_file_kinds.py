"""Files of other kinds."""

from __future__ import annotations

import os
import pickle

import torch
from hostile_corpus import Canary, hostile
from paper_files.edm_pickles import SMALL


@hostile("is empty")
def an_empty_file(folder):
    return b""


@hostile("a folder; name the weights file in it")
def a_folder(folder):
    (folder / "w.pkl").mkdir()
    return folder / "w.pkl"


@hostile("not a regular file")
def a_named_pipe(folder):
    os.mkfifo(folder / "w.pkl")
    return folder / "w.pkl"


@hostile("cannot be read (No such file or directory)")
def no_file(folder):
    return folder / "edm-cifar10-32x32-uncond-vp.pkl"


@hostile("not a weights file")
def a_page_that_says_the_file_has_moved(folder):
    return b"<!DOCTYPE html><html><body>_reconstruct_persistent_obj</body></html>"


@hostile("w.pkl: ")
def noise(folder):
    return bytes(range(127, 256)) * 100


@hostile("a bare pickle, which would have to be executed")
def a_pickle_of_something_else(folder):
    return pickle.dumps(Canary(folder))


@hostile("protocol 1")
def a_pickle_of_the_oldest_protocol(folder):
    return b"\x80\x01_reconstruct_persistent_obj"


@hostile("no installed format recognises it")
def safetensors_by_another_name(folder):
    from safetensors.torch import save

    return save({"map_layer0.weight": torch.zeros(2)})


@hostile("no installed format recognises it")
def a_file_of_torch_save(folder):
    torch.save({"net": dict(SMALL)}, folder / "w.pkl")
    return folder / "w.pkl"
