"""Every hostile or broken weights file is refused in one line, and nothing in it runs."""

import pytest
from hostile_files import CANARY
from hostile_headers import HOSTILE
from secantfw_sit.options import SiTTeacherOptions
from secantfw_sit.teacher import SiTTeacher

from secantfw import BuildSite, DataSpec, UserError
from secantfw.load_plugins import load_plugins
from secantfw.weights.foreign import open_any
from secantfw.weights.formats import weights_formats

pytestmark = [pytest.mark.plugin("sit"), pytest.mark.filterwarnings("error")]


@pytest.mark.parametrize("name", HOSTILE)
def test_convert_refuses_in_one_line(name, secantfw, tmp_path):
    out = tmp_path / "out.safetensors"
    said = secantfw("convert", HOSTILE[name](tmp_path), out)
    assert said.code == 2, said.out
    assert said.err.startswith("secantfw: error: ")
    assert said.err.count("\n") == 1
    assert said.err.isascii()
    assert said.err.rstrip("\n").isprintable()
    assert len(said.err) < 500
    assert said.out == ""
    assert not out.exists()
    assert not (tmp_path / CANARY).exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_teacher_comes_of_it(name, tmp_path):
    file = HOSTILE[name](tmp_path)
    with pytest.raises(UserError) as caught:
        teacher_of(file)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / CANARY).exists()


def teacher_of(file):
    opened = open_any(file, lambda: weights_formats(load_plugins()))
    site = BuildSite(DataSpec((2, 8, 8), 5), None, opened.header, None, opened.read)
    return SiTTeacher(SiTTeacherOptions(str(file)), site)


def test_the_canary_sings_where_pickles_are_executed(tmp_path):
    """The corpus is no harmless one: Python's own unpickler runs it."""
    import pickle

    pickle.loads(HOSTILE["a_pickle_and_no_zip"](tmp_path).read_bytes())
    assert (tmp_path / CANARY).exists()
