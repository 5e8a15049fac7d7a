"""`extends` and the command line: tables merge, arrays replace, another `use` replaces all."""

from __future__ import annotations

import pytest
from toy import GOOD

import secantfw
from secantfw.errors import UserError
from secantfw.experiment import resolved_toml


def test_tables_merge_and_arrays_replace(good, write, loaded):
    child = write("child.toml", 'extends = "good.toml"\n[loss]\nweighting = [3.0]\ndraws = 2\n')
    options = loaded(child).experiment.loss.options
    assert (options.weighting, options.draws, len(options.terms)) == ((3.0,), 2, 2)


def test_another_component_replaces_the_table_whole(good, write, loaded):
    child = write("child.toml", 'extends = "good.toml"\n[loss]\nuse = "toy:other"\nscale = 2\n')
    assert loaded(child).experiment.loss.options.scale == 2.0
    assert loaded(good, "loss.use=toy:other", "loss.scale=3").experiment.loss.options.scale == 3.0


def test_a_decay_and_a_half_life_stand_in_each_others_place(good, write, loaded):
    write("a.toml", 'extends = "good.toml"\n[ema]\ndecay = 0.9\n')
    b = write("b.toml", 'extends = "a.toml"\n[ema]\nhalflife_images = 5e5\nrampup_ratio = 0.1\n')
    ema = loaded(b).experiment.ema
    assert (ema.decay, ema.halflife_images, ema.rampup_ratio) == (None, 5e5, 0.1)
    again = write("resolved.toml", resolved_toml(loaded(b)))
    assert loaded(again).experiment.ema == ema
    back = loaded(b, "ema.decay=0.5").experiment.ema
    assert (back.decay, back.halflife_images, back.rampup_ratio) == (0.5, None, None)
    assert loaded(good).experiment.ema.decay == 0.9999
    both = write("c.toml", 'extends = "good.toml"\n[ema]\ndecay = 0.9\nhalflife_images = 1\n')
    with pytest.raises(UserError, match=r"c\.toml:2: ema: decay and halflife_images"):
        loaded(both)
    lone = write("d.toml", 'extends = "good.toml"\n[ema]\nrampup_ratio = 0.1\n')
    with pytest.raises(UserError, match=r"d\.toml:2: ema: rampup_ratio needs halflife_images"):
        loaded(lone)


def test_the_same_component_by_its_full_name_merges(good, loaded):
    assert loaded(good, "loss.use=toy:sdei").experiment.loss.options.weighting == (1.0, 2.5)


def test_parents_are_laid_over_one_another_in_order(good, write, loaded):
    write("deep/a.toml", "[train]\nsteps = 20\nwarmup_steps = 5\n")
    write("deep/b.toml", 'extends = "../good.toml"\n[train]\nsteps = 30\n')
    child = write("child.toml", 'extends = ["deep/b.toml", "deep/a.toml"]\n')
    result = loaded(child)
    assert (result.experiment.train.steps, result.experiment.train.warmup_steps) == (20, 5)
    assert [file.name for file in result.files] == ["good.toml", "b.toml", "a.toml", "child.toml"]


def test_a_child_has_a_name_of_its_own(good, write, loaded):
    write("named.toml", GOOD.replace("schema = 1", 'schema = 1\nname = "first"', 1))
    child = write("my child.toml", 'extends = "named.toml"\n')
    assert loaded(child).experiment.name == "my-child"
    assert loaded(child, "name=second").experiment.name == "second"


def test_paths_are_relative_to_the_file_that_names_them(
    good, write, loaded, tmp_path, monkeypatch
):
    for name in ("deep/one.bin", "two.bin", "elsewhere/three.bin"):
        write(name, "")
    write("deep/parent.toml", 'extends = "../good.toml"\n[teacher]\nweights = "one.bin"\n')
    child = write("child.toml", 'extends = "deep/parent.toml"\n')
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert loaded(child).experiment.teacher_weights() == tmp_path / "deep/one.bin"
    other = loaded(child, "teacher.weights=three.bin")
    assert other.experiment.teacher_weights() == tmp_path / "elsewhere/three.bin"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("title=word", "word"),
        ("title='two words'", "two words"),
        ("title=runs/a-b/c.toml", "runs/a-b/c.toml"),
        ('title="a = b"', "a = b"),
    ],
)
def test_a_bare_word_is_a_string(argument, value, good, loaded):
    assert loaded(good, argument).experiment.title == value


@pytest.mark.parametrize(
    "argument", ["a", "=1", "a.=1", "a b=1", "seed=1\nx=2", "seed=[", "a=two words"]
)
def test_what_is_no_override_is_refused_by_name(argument, good, loaded):
    with pytest.raises(secantfw.ExperimentError, match=r"^command line: "):
        loaded(good, argument)


def test_each_value_says_where_it_came_from(good, write, loaded):
    child = write("sub/child.toml", 'extends = "../good.toml"\nseed = 4\n')
    lines = resolved_toml(loaded(child, "train.steps=7"), origins=True).splitlines()
    assert "seed = 4 # child.toml:2" in lines
    assert "steps = 7 # command line" in lines
    assert "batch_size = 4 # ../good.toml:28" in lines
    assert "warmup_steps = 0 # default" in lines
    assert loaded(child).document.origins["loss.weighting"] == "../good.toml:17"


def test_the_command_line_may_name_one_element(good, loaded):
    before = loaded(good).experiment.evaluate.solvers
    after = loaded(good, "evaluate.solvers[1].order=1").experiment.evaluate.solvers
    assert after[0] == before[0]
    assert (before[1].options.order, after[1].options.order) == (2, 1)
    whole = loaded(good, "evaluate.solvers[0]=euler").experiment.evaluate.solvers
    assert [solver.component.name for solver in whole] == ["euler", "euler"]


def test_where_an_element_came_from_is_said(good, loaded, write):
    with pytest.raises(UserError, match=r"command line: evaluate\.solvers\[1\]\.order: .*'x'"):
        loaded(good, "evaluate.solvers[1].order=x")
    with pytest.raises(UserError, match=r"evaluate\.solvers\[0\]\.order: unknown option 'order'"):
        loaded(good, "evaluate.solvers[0].order=1")  # of the element that is a bare name
    held = r"evaluate\.solvers\[2\]: no such element; evaluate\.solvers has 2"
    with pytest.raises(UserError, match=held):
        loaded(good, "evaluate.solvers[2]=euler")
    with pytest.raises(UserError, match=r"metrics\.use is no list that a file gives"):
        loaded(good, "metrics.use[0].k=3")
    for bad in ("evaluate.solvers[]=1", "evaluate.solvers[-1]=1", "a[0][1]=2", "[0]=1"):
        with pytest.raises(UserError, match="expected KEY=VALUE"):
            loaded(good, bad)
