"""What `register` refuses, in words that name the component and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from secantfw.discovery.registry import Register


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"optins": "a:B"}, "loss 'huber': no keyword 'optins'; did you mean 'options'?"),
        ({"options": "a.B"}, "loss 'huber': 'a.B' is not of the form 'module:Name'"),
        ({"cite": "arXiv:2505.14502"}, "loss 'huber': cite is a list of texts, not one text"),
    ],
)
def test_what_is_said_wrongly_of_a_component_is_named(about, said):
    register = Register("mine", Path())
    with pytest.raises((TypeError, ValueError)) as refused:
        register.loss("huber", "mine.loss:Huber", **about)
    assert str(refused.value) == said


def test_a_name_is_taken_once():
    register = Register("mine", Path())
    register.loss("huber", "mine.loss:Huber")
    register.solver("huber", "mine.solver:Huber")  # another kind, another name space
    with pytest.raises(ValueError, match="'huber' is registered twice"):
        register.loss("huber", "mine.loss:Other")
