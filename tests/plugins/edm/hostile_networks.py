"""Numbers that make no network, or another one."""

from __future__ import annotations

import torch
from hostile_corpus import hostile, model, said, shaped, weight
from paper_files.edm_pickles import snapshot
from torch import nn


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
