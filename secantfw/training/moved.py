"""Files of a trained run that overrides name at another place: they must hold what they held."""

from __future__ import annotations

from collections.abc import Sequence

from secantfw.assembly.build import Built
from secantfw.errors import UserError
from secantfw.experiment.locations import locations
from secantfw.training.checkpoint import TrainState
from secantfw.training.inputs import Input, content_of
from secantfw.training.provenance import check_allowed, covers


def check_moved(
    state: TrainState, built: Built, moved: Sequence[str], allowed: Sequence[str]
) -> None:
    """
    Args:
        state: of the checkpoint, which knows what the files held in training.
        built: with the files as they are now.
        moved: the keys that name another place than in training.
        allowed: keys or tables whose files may hold something else.

    Raises:
        UserError: a file that holds something else, or of which nothing is known.
    """
    here = {one.name: one for one in locations(built.experiment)}
    check_allowed(allowed, [*state.inputs, *here])
    for key in moved:
        if key not in here or any(covers(one, key) for one in allowed):
            continue
        known, now = state.inputs.get(key), content_of(here[key], built.dataset)
        if known is None or known.content != now:
            was = "something that the checkpoint does not know" if known is None else known
            new = Input(", ".join(here[key].places), now)
            raise UserError(
                f"{key}: {new} holds something else than in training, when it was {was}; allow it "
                f"with --allow-change {key}"
            )
