"""Other kinds of values than a snapshot has."""

from __future__ import annotations

from hostile_corpus import ema, hostile, model, said, weight
from paper_files.edm_pickles import Persistent, snapshot


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
