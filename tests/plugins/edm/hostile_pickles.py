"""EDM pickles that no honest program wrote: a maker of each, and what the refusal must say.

`Canary` pickles itself as `os.system("touch CANARY")`.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from edm_pickles import SMALL, Persistent, dumped, snapshot
from torch import nn

CANARY = "canary"
HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {}
Change = Callable[[dict[str, Any]], object]


class Canary:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.system, (f"touch {self.folder / CANARY}",)


class Raw:
    """Pickles itself as a call of `function` with `args`, and a state."""

    def __init__(self, function: Any, *args: Any, state: Any = None) -> None:
        self.parts = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.parts


def hostile(said: str) -> Callable[[Callable[[Path], Any]], None]:
    """Enter a maker, which returns bytes, what is to be dumped, or a file that it made."""

    def enter(make: Callable[[Path], Any]) -> None:
        def file_of(folder: Path) -> Path:
            made = make(folder)
            if isinstance(made, Path):
                return made
            file = folder / "w.pkl"
            file.write_bytes(made if isinstance(made, bytes) else dumped(made))
            return file

        HOSTILE[make.__name__] = (file_of, said)

    return enter


def spliced(instructions: bytes) -> bytes:
    """A sound snapshot with more instructions before its end."""
    return dumped(snapshot())[:-1] + instructions + b"0."


def ema(**state: Any) -> dict[str, Any]:
    """A snapshot with other attributes of the wrapper."""
    data = snapshot()
    data["ema"].state.update(state)
    return data


def said(**arguments: Any) -> dict[str, Any]:
    """A snapshot that says other constructor arguments than its network has."""
    data = snapshot()
    data["ema"].state["_init_kwargs"].update(arguments)
    return data


def model(change: Change) -> dict[str, Any]:
    """A snapshot whose network's attributes are changed."""
    data = snapshot()
    change(data["ema"].state["_modules"]["model"].state)
    return data


def weight(value: object) -> dict[str, Any]:
    """A snapshot with something else where the weight of map_layer0 should be."""
    data = snapshot()
    network = data["ema"].state["_modules"]["model"].state
    network["_modules"]["map_layer0"].state["_parameters"]["weight"] = value
    return data


def numbers(content: object) -> dict[str, Any]:
    """A snapshot with other content where the numbers of a weight should be."""
    storage = Raw(torch.storage._load_from_bytes, content)
    tensor = Raw(torch._utils._rebuild_tensor_v2, storage, 0, (32, 8), (8, 1), False, None)
    return weight(tensor)


def stored(tensor: torch.Tensor) -> bytes:
    """A tensor's numbers as they stand in a snapshot."""
    stream = io.BytesIO()
    torch.save(tensor.storage(), stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def shaped(offset: Any, shape: Any, strides: Any) -> dict[str, Any]:
    storage = Raw(torch.storage._load_from_bytes, stored(torch.zeros(256)))
    return weight(
        Raw(torch._utils._rebuild_tensor_v2, storage, offset, shape, strides, False, None)
    )


def named(module: str, name: str, protocol: int = 4) -> bytes:
    """The instructions that put a name on the stack."""
    if protocol < 4:
        return f"c{module}\n{name}\n".encode()
    return b"".join(b"\x8c" + bytes([len(t)]) + t.encode() for t in (module, name)) + b"\x93"


# Calls.


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


# Calls inside the numbers of a tensor, where the official code reads without restriction.


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


# Files that end early, claim more than they hold, or never come to an end.


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


# Other kinds of values than expected.


@hostile("holds a list, expected a dictionary with 'ema'")
def a_list(folder):
    return list(snapshot().items())


@hostile("it holds no 'ema' but loss_fn, augment_pipe, dataset_kwargs")
def no_average(folder):
    return {key: value for key, value in snapshot().items() if key != "ema"}


@hostile("it lacks a network")
def an_average_that_is_a_text(folder):
    return {**snapshot(), "ema": "network"}


@hostile("it lacks a network")
def an_average_that_is_nothing(folder):
    return {**snapshot(), "ema": None}


@hostile("it lacks a network")
def attributes_that_are_a_list(folder):
    return {**snapshot(), "ema": Persistent("EDMPrecond", [])}


@hostile("it lacks a network")
def a_class_name_that_is_a_number(folder):
    data = snapshot()
    data["ema"].meta["class_name"] = 7
    return data


@hostile("persistence version 5, expected 6")
def another_version_of_the_writer(folder):
    data = snapshot()
    data["ema"].meta["version"] = 5
    return data


@hostile("a module whose _parameters is a list")
def parameters_that_are_a_list(folder):
    return model(lambda state: state.update(_parameters=[]))


@hostile("a module whose _modules is a NoneType")
def modules_that_are_not_there(folder):
    return model(lambda state: state["_modules"]["map_layer0"].state.pop("_modules"))


@hostile("it lacks a network")
def a_module_that_is_a_number(folder):
    return model(lambda state: state["_modules"].update(enc=7))


@hostile("map_layer0.weight: is no tensor")
def a_weight_that_is_a_text(folder):
    return weight("\x1b[31mred")


@hostile("arguments of EDMPrecond are not recorded by name")
def arguments_by_position(folder):
    return ema(_init_args=(8, 3))


@hostile("arguments of EDMPrecond are not recorded by name")
def arguments_that_are_a_list(folder):
    return ema(_init_kwargs=[])


@hostile("EDMPrecond has no argument logvar_channels")
def an_argument_of_another_code(folder):
    return said(logvar_channels=128)


@hostile("its network is a Precond, expected EDMPrecond, VPPrecond, VEPrecond, iDDPMPrecond")
def a_class_of_another_code(folder):
    return snapshot("Precond")


@hostile("its network is a SongUNet, its arguments say otherwise")
def another_network_than_the_arguments_say(folder):
    return said(model_type="DhariwalUNet")


@hostile("beta_d of VPPrecond is not 19.9, the only one known")
def another_noise_schedule(folder):
    return snapshot("VPPrecond", beta_d=20.0)


# Numbers that make no network, or another one.


@hostile("model_channels = 1099511627776, expected a whole number from 1 to 65536")
def a_terabyte_of_channels(folder):
    return said(model_channels=1 << 40)


@hostile("num_blocks = 1000000000, expected a whole number from 1 to 65536")
def a_billion_blocks(folder):
    return said(num_blocks=10**9)


@hostile("more than 1,024 blocks")
def a_thousand_blocks_on_two_levels(folder):
    return said(num_blocks=1000)


@hostile("channel_mult = (1, 1, 1,")
def a_thousand_levels(folder):
    return said(channel_mult=[1] * 1000)


@hostile("channel_mult = 'ab', expected 1 to 64 whole numbers")
def levels_that_are_a_text(folder):
    return said(channel_mult="ab")


@hostile("dropout = nan, expected a number from 0 to 1")
def a_dropout_that_is_nan(folder):
    return said(dropout=float("nan"))


@hostile("embedding_type = {'a': 1}, expected positional or fourier")
def an_embedding_that_is_a_dictionary(folder):
    return said(embedding_type={"a": 1})


@hostile("img_resolution is 1099511627776, expected 1 to 4096")
def pictures_of_a_terabyte(folder):
    return said(img_resolution=1 << 40)


@hostile("img_resolution is 0, expected 1 to 4096")
def pictures_of_no_size(folder):
    data = snapshot()
    del data["ema"].state["_init_kwargs"]["img_resolution"]
    return data


@hostile("img_channels is 3, expected 1 to 1024")
def channels_that_are_a_text(folder):
    return said(img_channels="3")


@hostile("image size 8 cannot be halved 4 times")
def more_levels_than_the_pictures_have(folder):
    return said(channel_mult=[1, 1, 1, 1, 1])


@hostile("sigma_min 90.0 must be below sigma_max 80.0")
def noise_levels_upside_down(folder):
    return said(sigma_min=90.0)


@hostile("sigma_data = -0.5, expected a number")
def data_of_negative_deviation(folder):
    return said(sigma_data=-0.5)


@hostile("its weights do not fit the network")
def weights_of_fewer_channels_than_said(folder):
    return said(model_channels=16)


@hostile("map_label.weight is missing")
def labels_that_the_weights_lack(folder):
    return said(label_dim=10)


@hostile("map_layer0.bias is missing")
def a_weight_missing(folder):
    return model(lambda state: state["_modules"]["map_layer0"].state["_parameters"].pop("bias"))


@hostile("surplus is not part of the network")
def a_weight_too_many(folder):
    return model(lambda state: state["_parameters"].update(surplus=torch.zeros(1)))


@hostile("map_layer0.weight is (32, 9), the network's (32, 8)")
def a_wrong_shape(folder):
    return weight(nn.Parameter(torch.zeros(32, 9)))


@hostile("claims 1,099,511,627,776 numbers, 256 are there")
def a_number_that_claims_a_terabyte(folder):
    return shaped(0, (1 << 40,), (0,))


@hostile("claims 256 numbers, 256 are there")
def a_tensor_that_starts_behind_its_numbers(folder):
    return shaped(1, (32, 8), (8, 1))


@hostile("has a shape that is none")
def a_tensor_that_steps_backwards(folder):
    return shaped(255, (32, 8), (-8, -1))


@hostile("has a shape that is none")
def a_shape_of_texts(folder):
    return shaped(0, ("32", "8"), (8, 1))


@hostile("NaN or infinity in 1 weight (model.map_layer0.weight)")
def nan(folder):
    return weight(nn.Parameter(torch.full((32, 8), torch.nan)))


@hostile("NaN or infinity in 1 weight (model.map_layer0.weight)")
def infinity(folder):
    return weight(nn.Parameter(torch.full((32, 8), -torch.inf)))


# Files of other kinds.


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
