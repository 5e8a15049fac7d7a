"""WeightsFormat: how a plug-in reads, and may write, weights files of other projects."""

from __future__ import annotations

import abc
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs

from secantfw.interfaces.records import WeightsHeader

if TYPE_CHECKING:
    from torch import Tensor

    from secantfw.interfaces.backbone import Backbone


@attrs.frozen(eq=False)
class ConvertedWeights:
    """The weights of a foreign file, under the names that a component of secantfw gives them.

    `tensors` are on the CPU: one-time weights as `Backbone.load_tangent` takes them, two-time
    weights as `Backbone.state_dict` has them. `header` says what they belong to: component,
    network options, data and path, each as far as the file shows it. `note` is for people: which
    of several sets of weights it is, what the file says of its training, what had to be assumed.
    `missing` are names that the network needs and the file lacks, `left_over` names in the file
    that no weight was made of.
    """

    tensors: Mapping[str, Tensor]
    header: WeightsHeader
    note: Mapping[str, str] = attrs.field(factory=dict)
    missing: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()


@attrs.frozen(eq=False)
class Export:
    """A trained network that another project is to run.

    `student` has its weights and is in eval mode on the CPU; `header` describes it. `times` are
    the N + 1 times, from noise to data, between which it is to step along its secants; empty for
    its tangent v(x, t) = f(x, t, t) at any time. `scales` are the N guidance scales that it is
    told, one a step; empty for a network that is told none.
    """

    student: Backbone
    header: WeightsHeader
    times: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()


@attrs.frozen(eq=False)
class ExportedFiles:
    """What a folder is to hold: a safetensors file of `tensors`, and texts by file name."""

    weights_name: str
    tensors: Mapping[str, Tensor]
    texts: Mapping[str, str]


class WeightsFormat(abc.ABC):
    """A format of weights files; built without arguments, so it has no state.

    Nothing in a file is ever executed: pickles are read by `secantfw.load_torch_file` or by an
    unpickler that knows a closed list of names, arrays with `allow_pickle=False`. A file is a
    stranger's: sizes that it claims are checked against its length before memory is asked for.
    """

    #: What the files are, in a few words.
    summary: ClassVar[str] = ""

    @abc.abstractmethod
    def recognises(self, file: pathlib.Path) -> bool:
        """Whether `file`, a regular file, is of this format: by suffix, first bytes and names.

        Cheap, since every format is asked, and False for whatever is damaged beyond telling.
        """

    @abc.abstractmethod
    def read(
        self, file: pathlib.Path, which: str, options: Mapping[str, object]
    ) -> ConvertedWeights:
        """The weights in `file`; its tensors may still be mapped from it.

        Args:
            file: a file that this format recognises, or that the user says is of this format.
            which: the set of weights, of a file that holds several ("ema", "model"); "" for the
                one that should be used.
            options: network options, as TOML values, that the user says because no file shows
                them (attention heads); they stand in the header's `options`.

        Raises:
            UserError: a damaged file, shapes that make no network, a `which` that is not there;
                each names its place in the file.
        """

    def export(self, asked: Export) -> ExportedFiles:
        """The network as the other project stores it, so that it draws the same samples there.

        A format that only reads leaves it out. `secantfw export RUN --to NAME` asks the format of
        that name in the plug-in that owns the network, and writes the files.

        Raises:
            UserError: the network, or what is asked of it, has no counterpart there.
        """
        raise NotImplementedError
