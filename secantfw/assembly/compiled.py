"""`[train] compile`: torch.compile of the networks, in place, so that weights keep their names.

Each graph is made for the shapes that it meets: a run has few (the batch, and twice it for the
guided teacher), each with and without gradients, for the student, its average and the teacher.
"""

from __future__ import annotations

from torch import nn

from secantfw.assembly.build import Built
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.blocks import blocks_of

#: Graphs that may be made of one piece of code: blocks share theirs, and a sampler's last batch
#: is smaller than the others.
_GRAPHS = 64


def compile_networks(built: Built, average: Backbone | None = None) -> None:
    """Compile what a run or an evaluation calls, as `[train] compile` says, at the first calls."""
    train = built.experiment.train
    if train.compile == "none":
        return
    import torch._dynamo.config as dynamo

    dynamo.recompile_limit = max(dynamo.recompile_limit, _GRAPHS)
    whole = train.compile == "whole"
    averages = [] if average is None else [average]
    for network in (built.student, *averages, *_networks_of(built.teacher)):
        for region in [network] if whole else blocks_of(network):
            # A backbone may exclude its own preparations; a block is one graph or an error.
            region.compile(backend=train.compile_backend, fullgraph=not whole, dynamic=False)


def _networks_of(teacher: object | None) -> list[nn.Module]:
    """The networks that a teacher holds; one with a closed form has none."""
    held = [] if teacher is None else vars(teacher).values()
    return [value for value in held if isinstance(value, nn.Module)]
