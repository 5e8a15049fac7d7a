"""Three checks for whatever computes: inputs and the global generators stay as they were, and
the same inputs and generator give the same result."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import attrs
import numpy as np
import torch
from torch import Tensor

from secantfw.testing.check import CheckFunction, require
from secantfw.testing.subject import Subject


@attrs.frozen(eq=False)
class Trial:
    """Something to evaluate: `call()` reads `inputs` and makes its generators anew."""

    inputs: Sequence[Tensor]
    call: Callable[[], Sequence[Tensor]]


MakeTrial: TypeAlias = Callable[[Subject], Trial]


def purity_checks(make: MakeTrial) -> tuple[CheckFunction, ...]:
    """The three checks on what `make` evaluates."""

    def check_inputs_are_left_alone(subject: Subject) -> None:
        """No tensor that the component is given is changed."""
        trial = make(subject)
        kept = [x.clone() for x in trial.inputs]
        trial.call()
        pairs = zip(trial.inputs, kept, strict=True)
        changed = [i for i, (now, before) in enumerate(pairs) if not same(now, before)]
        require(not changed, f"changes input {changed[:1]} in place")

    def check_global_random_state_is_left_alone(subject: Subject) -> None:
        """The generators of torch, numpy and Python are where they were."""
        trial = make(subject)
        before = _global_states()
        trial.call()
        moved = [name for name, state in _global_states().items() if state != before[name]]
        require(not moved, f"draws from the global generator of {' and '.join(moved)}")

    def check_same_generator_same_result(subject: Subject) -> None:
        """Twice the same inputs and generator: twice the same bits."""
        trial = make(subject)
        torch.manual_seed(1)
        first = [x.clone() for x in trial.call()]
        torch.manual_seed(2)
        second = trial.call()
        equal = all(same(a, b) for a, b in zip(first, second, strict=True))
        require(equal, "a second call with the same inputs and generator gives other numbers")

    return (
        check_inputs_are_left_alone,
        check_global_random_state_is_left_alone,
        check_same_generator_same_result,
    )


def same(a: Tensor, b: Tensor) -> bool:
    """Equal bits, NaN being equal to itself."""
    return a.dtype == b.dtype and bool(torch.allclose(a, b, rtol=0, atol=0, equal_nan=True))


def _global_states() -> dict[str, bytes]:
    numpy_state = np.random.get_state()
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": repr(numpy_state).encode() + bytes(numpy_state[1]),  # type: ignore[index]
        "Python": repr(random.getstate()).encode(),
    }
