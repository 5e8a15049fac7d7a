"""`features = "network"` with a folder that transformers' save_pretrained has written."""

import json

import pytest
import torch
from secantfw_data.fashion16 import Fashion16
from secantfw_data.options import Fashion16Options
from secantfw_fid.frechet import Frechet
from secantfw_fid.options import FrechetOptions

from secantfw import MetricSite, UserError, load_weights

CPU = torch.device("cpu")
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28,
         "patch_size": 14}  # fmt: skip


@pytest.fixture(scope="module")
def transformers():
    return pytest.importorskip("transformers", reason="pip install transformers")


@pytest.fixture
def dino(transformers, tmp_path):
    torch.manual_seed(0)
    net = transformers.Dinov2Model(transformers.Dinov2Config(**SMALL)).eval()
    net.save_pretrained(tmp_path / "dino")
    return net, tmp_path / "dino"


@pytest.fixture
def clip(transformers, tmp_path):
    """Pictures and text, as openai/clip-vit-large-patch14 has them, with its preprocessor."""
    torch.manual_seed(0)
    sizes = {**SMALL, "intermediate_size": 32, "projection_dim": 12}
    text = {**sizes, "vocab_size": 99}
    config = transformers.CLIPConfig(vision_config=sizes, text_config=text, projection_dim=12)
    net = transformers.CLIPModel(config).eval()
    net.save_pretrained(tmp_path / "clip")
    said = {"image_mean": [0.5, 0.25, 0.125], "image_std": [0.5, 1, 2]}
    (tmp_path / "clip" / "preprocessor_config.json").write_text(json.dumps(said))
    return net, tmp_path / "clip"


def space(folder):
    options = FrechetOptions(features="network", network=str(folder), network_size=28)
    return Frechet(options, MetricSite(Fashion16(Fashion16Options()), CPU)).space


def pictures():
    """White and grey ones, which resizing leaves alone: (2, 1, 16, 16), (2, 3, 28, 28)."""
    x = torch.tensor([1.0, 0.0]).view(2, 1, 1, 1)
    shown = torch.tensor([255.0, 128.0]).view(2, 1, 1, 1) / 255
    return x.expand(2, 1, 16, 16), shown.expand(2, 3, 28, 28)


def colours(values):
    return torch.tensor(values).view(1, 3, 1, 1)


def test_dinov2_gives_its_pooled_output(dino):
    net, folder = dino
    found, (x, shown) = space(folder), pictures()
    pixels = (shown - colours([0.485, 0.456, 0.406])) / colours([0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = net(pixel_values=pixels).pooler_output
    assert found.dimension == 16
    torch.testing.assert_close(found.features(x), expected)


def test_clip_gives_its_projected_embedding_of_pictures_alone(clip, capfd):
    net, folder = clip
    found, (x, shown) = space(folder), pictures()
    pixels = (shown - colours([0.5, 0.25, 0.125])) / colours([0.5, 1.0, 2.0])
    with torch.no_grad():
        seen = net.vision_model(pixel_values=pixels).pooler_output
        expected = net.visual_projection(seen)
    assert found.dimension == 12
    torch.testing.assert_close(found.features(x), expected)
    assert capfd.readouterr() == ("", "")  # its text half is left over, which is nobody's worry


def test_weights_that_are_missing_are_not_drawn_at_random(dino):
    from safetensors.torch import save_file

    _, folder = dino
    file = folder / "model.safetensors"
    tensors = load_weights(file)
    del tensors["layernorm.weight"], tensors["layernorm.bias"]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"dino: .* has no layernorm.bias and 1 more"):
        space(folder)


@pytest.mark.parametrize("wrong", ["0.5", "[0.5, 0.5]", '["a", 1, 2]', "{}"])
def test_colours_that_are_none_are_refused(clip, wrong):
    _, folder = clip
    (folder / "preprocessor_config.json").write_text(f'{{"image_mean": {wrong}}}')
    with pytest.raises(UserError, match="image_mean is not three numbers"):
        space(folder)


def test_a_folder_of_another_kind_is_refused_in_a_line(transformers, tmp_path):
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 16, "vocab_size": 9}  # fmt: skip
    transformers.BertModel(transformers.BertConfig(**sizes)).save_pretrained(tmp_path / "bert")
    with pytest.raises(UserError, match="bert: cannot be used as a feature network") as raised:
        space(tmp_path / "bert")
    assert "\n" not in str(raised.value)
