"""Every hostile or broken pickle is refused in one line, and nothing in it runs."""

import pickle
import sys

import pytest
from hostile_pickles import CANARY, HOSTILE
from paper_files.edm_pickles import dumped, snapshot
from secantfw_edm.formats import inert_pickle
from secantfw_edm.options import EDMTeacherOptions
from secantfw_edm.teacher import EDMTeacher

from secantfw import BuildSite, DataSpec, UserError
from secantfw.load_plugins import load_plugins
from secantfw.weights.foreign import open_any
from secantfw.weights.formats import weights_formats

pytestmark = [pytest.mark.plugin("edm"), pytest.mark.filterwarnings("error")]
#: Each way into a file once: its calls, its numbers, its arguments, its shapes.
SOME = ("a_call_spliced_in", "a_call_in_the_numbers", "a_billion_blocks", "nan", "an_empty_file")


@pytest.mark.parametrize("name", HOSTILE)
def test_convert_refuses_in_one_line(name, secantfw, tmp_path):
    make, expected = HOSTILE[name]
    file, out = make(tmp_path), tmp_path / "out.safetensors"
    said = secantfw("convert", file, out)
    assert said.code == 2, said.out
    assert said.err.startswith(f"secantfw: error: {file}: ")
    assert expected in said.err
    assert said.err.count("\n") == 1
    assert said.err.isascii()
    assert said.err.rstrip("\n").isprintable()
    assert len(said.err) < 700
    assert said.out == ""
    assert not out.exists()
    assert not (tmp_path / CANARY).exists()


@pytest.mark.parametrize("name", SOME)
def test_no_teacher_comes_of_it(name, tmp_path):
    file = HOSTILE[name][0](tmp_path)
    with pytest.raises(UserError) as caught:
        teacher_of(file)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / CANARY).exists()


def teacher_of(file):
    opened = open_any(file, lambda: weights_formats(load_plugins()))
    site = BuildSite(DataSpec((3, 8, 8)), None, opened.header, None, opened.read)
    return EDMTeacher(EDMTeacherOptions(str(file)), site)


def test_a_pickle_without_end_is_left_in_the_middle(secantfw, tmp_path, monkeypatch):
    monkeypatch.setattr(inert_pickle, "_MAX_STEPS", 1000)
    (tmp_path / "w.pkl").write_bytes(dumped(snapshot()))
    said = secantfw("convert", tmp_path / "w.pkl", tmp_path / "out")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "a pickle of more than 1,000 instructions" in said.err


def test_reading_imports_nothing(secantfw, tmp_path):
    """Neither the writer's modules nor Python's unpickler have a part in it."""
    (tmp_path / "w.pkl").write_bytes(dumped(snapshot()))
    assert secantfw("convert", tmp_path / "w.pkl", tmp_path / "out").code == 0
    assert not {"torch_utils", "torch_utils.persistence", "dnnlib"} & sys.modules.keys()


def test_the_canary_sings_where_pickles_are_executed(tmp_path):
    """The corpus is no harmless one: Python's own unpickler runs it."""
    pickle.loads(HOSTILE["a_pickle_of_something_else"][0](tmp_path).read_bytes())
    assert (tmp_path / CANARY).exists()
