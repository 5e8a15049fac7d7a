"""Files that end early, claim more than they hold, or never come to an end."""

from __future__ import annotations

import pickle
import struct

import torch
from hostile_corpus import Canary, hostile, model, spliced
from paper_files.edm_pickles import Persistent, dumped, snapshot
from torch import nn


def _cut(at: float) -> None:
    def cut_short(folder):
        content = dumped(snapshot())
        return content[: int(at * len(content)) if at < 1 else -1]

    cut_short.__name__ = f"cut_at_{at:g}"
    hostile("w.pkl: ")(cut_short)


for _at in (0.3, 0.31, 0.5, 0.7, 0.9, 1):  # the source text makes the first quarter
    _cut(_at)


@hostile("expected 4294967296 bytes in a bytes8, but only")
def bytes_that_claim_4_gigabytes(folder):
    return spliced(b"\x8e" + struct.pack("<Q", 4 << 30))


@hostile("expected 9223372036854775807 bytes in a unicodestring8, but only")
def a_text_that_claims_all_memory(folder):
    return spliced(b"\x8d" + struct.pack("<Q", (1 << 63) - 1))


@hostile("it puts away value 4,294,967,295")
def a_memo_that_claims_32_gigabytes(folder):
    return spliced(b"Nr\xff\xff\xff\xff0")


@hostile("BINGET lacks what it works on")
def a_value_that_was_never_put_away(folder):
    return b"\x80\x04h\x07." + b"_reconstruct_persistent_obj"


@hostile("a pickle that takes more than it has")
def more_taken_than_there_is(folder):
    return b"\x80\x04N00." + b"_reconstruct_persistent_obj"


@hostile("SETITEMS lacks what it works on")
def no_mark_where_one_is_needed(folder):
    return b"\x80\x04}u." + b"_reconstruct_persistent_obj"


@hostile("it uses a tuple as a key")
def a_key_nested_100000_deep(folder):
    return spliced(b"})" + b"\x85" * 100_000 + b"Ns")


@hostile("more than 20,000 modules, or 16 inside another")
def a_module_inside_itself(folder):
    def loop(state):
        state["_modules"]["again"] = state["_modules"]["enc"]
        state["_modules"]["enc"]._modules["again"] = state["_modules"]["enc"]

    return model(loop)


@hostile("more than 20,000 modules, or 16 inside another")
def modules_that_double_at_every_level(folder):
    inner = dict(nn.Module().__dict__)
    for _ in range(15):
        one = Persistent("Doubled", inner)
        inner = {**nn.Module().__dict__, "_modules": {"a": one, "b": one}}
    return model(lambda state: state["_modules"].update(enc=Persistent("Doubled", inner)))


@hostile("its tensors claim more than the")
def one_storage_for_a_thousand_tensors(folder):
    numbers = torch.zeros(1 << 16)
    return model(lambda s: s["_parameters"].update({f"w{i}": numbers for i in range(1000)}))


@hostile("bytes follow the pickle's end")
def a_second_pickle_behind_the_first(folder):
    return dumped(snapshot()) + pickle.dumps(Canary(folder))
