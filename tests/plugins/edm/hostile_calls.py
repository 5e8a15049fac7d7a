"""Pickles that call something, by every way a pickle has."""

from __future__ import annotations

import struct

from hostile_corpus import CANARY, Canary, hostile, model, named, said, spliced
from paper_files.edm_pickles import snapshot
from torch import nn


@hostile("it names posix.system")
def a_call_instead_of_the_network(folder):
    return {**snapshot(), "ema": Canary(folder)}


@hostile("it names posix.system")
def a_call_beside_the_network(folder):
    return {**snapshot(), "loss_fn": Canary(folder)}


@hostile("it names posix.system")
def a_call_before_the_network(folder):
    return {"first": Canary(folder), **snapshot()}


@hostile("it names posix.system")
def a_call_in_the_arguments(folder):
    return said(dropout=Canary(folder))


@hostile("it names posix.system")
def a_call_in_a_hook(folder):
    return model(lambda state: state["_forward_hooks"].update({0: Canary(folder)}))


@hostile("it names os.system")
def a_call_spliced_in(folder):
    text = f"touch {folder / CANARY}".encode()
    return spliced(named("os", "system") + b"\x8c" + bytes([len(text)]) + text + b"\x85R")


@hostile("it names builtins.eval")
def an_eval_by_an_old_instruction(folder):
    text = f"open({str(folder / CANARY)!r}, 'w')".encode()
    call = b"X" + struct.pack("<I", len(text)) + text + b"\x85R"
    return spliced(named("builtins", "eval", 2) + call)


@hostile("it names builtins.exec")
def an_exec_of_the_source_text(folder):
    return spliced(named("builtins", "exec") + b"\x8c\x04pass\x85R")


@hostile("it names builtins.getattr")
def a_way_from_name_to_name(folder):
    return spliced(named("builtins", "getattr"))


@hostile("it names torch_utils.persistence._reconstruct_persistent_obj.__globals__")
def a_dotted_name(folder):
    return spliced(named("torch_utils.persistence", "_reconstruct_persistent_obj.__globals__"))


@hostile("it names torch.nn.modules.linear.Linear")
def a_class_that_is_not_on_the_list(folder):
    return {**snapshot(), "loss_fn": nn.Linear(2, 2)}


@hostile("it names numpy._core.multiarray._reconstruct")
def a_numpy_array_of_objects(folder):
    return spliced(named("numpy._core.multiarray", "_reconstruct"))


@hostile("it names ????[31mred.system")
def a_name_that_colours_the_terminal(folder):
    return spliced(named("\x00\n\r\x1b[31mred", "system"))


@hostile("a name that is no text")
def a_name_that_is_a_number(folder):
    return spliced(b"K\x01K\x02\x93")


@hostile("INST, which no such file needs")
def a_call_by_inst(folder):
    return spliced(b"(X\x04\x00\x00\x00trueios\nsystem\n")


@hostile("OBJ, which no such file needs")
def a_call_by_obj(folder):
    return spliced(b"(" + named("collections", "OrderedDict") + b"o")


@hostile("NEWOBJ_EX, which no such file needs")
def a_call_by_newobj_ex(folder):
    return spliced(named("collections", "OrderedDict") + b")}\x92")


@hostile("EXT1, which no such file needs")
def a_name_from_the_registry_of_extensions(folder):
    return spliced(b"\x82\x01")


@hostile("refers to something outside the file")
def a_persistent_id(folder):
    return spliced(b"K\x01Q")


@hostile("PERSID, which no such file needs")
def a_persistent_id_as_text(folder):
    return spliced(b"Pos.system\n")


@hostile("NEXT_BUFFER, which no such file needs")
def a_buffer_outside_the_file(folder):
    return spliced(b"\x97")


@hostile("it gives a state to a Named")
def a_state_for_a_function(folder):
    return spliced(named("torch.storage", "_load_from_bytes") + b"}\x8c\x08__code__K\x01sb")


@hostile("it gives a state to a dict")
def a_state_for_a_dictionary(folder):
    state = b"}\x8c\x0c__setstate__K\x01s"
    return spliced(named("collections", "OrderedDict") + b")R" + state + b"b")


@hostile("it gives one modules two states")
def two_states_for_one_object(folder):
    name = named("torch.nn.modules.container", "ModuleDict")
    return spliced(name + b")\x81}b}b")


@hostile("it uses a dict as a Named")
def a_call_of_a_dictionary(folder):
    return spliced(b"})R")
