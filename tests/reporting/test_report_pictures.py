"""Grids hold the pixels they were given; a name says which grid a file is."""

import numpy as np
import pytest
from PIL import Image

from secantfw.pictures.pictures import save_grid, save_trajectories
from secantfw.pictures.series import Series
from secantfw.reporting.sample_pictures import read_gallery, read_picture


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grid_holds_every_image_in_order(tmp_path, channels):
    images = np.random.default_rng(0).integers(0, 255, (5, 4, 6, channels), dtype=np.uint8)
    save_grid(images, tmp_path / "grid.png", columns=3, scale=2)
    sheet = np.asarray(Image.open(tmp_path / "grid.png"))[::2, ::2].reshape(9, 20, channels)
    for k, image in enumerate(images):
        y, x = (k // 3) * 5, (k % 3) * 7
        assert (sheet[y : y + 4, x : x + 6] == image).all()
    assert (sheet[5:, 14:] == 255).all()


def test_pictures_are_the_same_bytes_each_time(tmp_path):
    paths = np.random.default_rng(0).standard_normal((5, 60, 2))
    files = [tmp_path / name for name in ("a.png", "b.png")]
    for file in files:
        save_trajectories([paths, paths[::2]], paths[-1], paths, file, "4 jumps, $5 each")
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_trajectories_need_no_teacher(tmp_path):
    paths = np.zeros((2, 1, 2))
    save_trajectories([paths], paths[0], None, tmp_path / "a.png", "one jump")
    assert read_picture(tmp_path / "a.png").width > 600


def test_a_grid_s_name_says_what_it_is(tmp_path):
    image = np.zeros((1, 2, 2, 1), np.uint8)
    for name in ("teacher-heun-ab-008", "student-secant-004", "trajectories"):
        save_grid(image, tmp_path / f"{name}.png")
    gallery = read_gallery(tmp_path)
    assert gallery.counts == (4, 8)
    assert gallery.series == (Series("student", "secant"), Series("teacher", "heun-ab"))
    assert [picture.name for picture in gallery.others] == ["trajectories"]


def test_small_pictures_stay_crisp_and_large_ones_are_smoothed(tmp_path):
    save_grid(np.zeros((4, 16, 16, 1), np.uint8), tmp_path / "small.png")
    save_grid(np.zeros((4, 256, 256, 3), np.uint8), tmp_path / "large.png")
    assert read_picture(tmp_path / "small.png").crisp
    assert not read_picture(tmp_path / "large.png").crisp
