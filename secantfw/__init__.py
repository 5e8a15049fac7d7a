"""secantfw: secant losses for few-step diffusion, as a plug-in framework.

Importing this package costs no torch: names that need it are loaded on first use (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pluggy

from secantfw.errors import (
    ExperimentError as ExperimentError,
)
from secantfw.errors import (
    Problem as Problem,
)
from secantfw.errors import (
    RunAborted as RunAborted,
)
from secantfw.errors import (
    UserError as UserError,
)
from secantfw.options import REQUIRED as REQUIRED
from secantfw.options import option as option
from secantfw.version import PLUGIN_API as PLUGIN_API
from secantfw.version import __version__ as __version__

if TYPE_CHECKING:
    from secantfw.discovery.commands import Subparsers as Subparsers
    from secantfw.discovery.registry import Register as Register
    from secantfw.experiment.experiment import Experiment as Experiment
    from secantfw.interfaces.augmentation import Augmentation as Augmentation
    from secantfw.interfaces.augmentation import Augmented as Augmented
    from secantfw.interfaces.augmentation import RowDraws as RowDraws
    from secantfw.interfaces.backbone import Backbone as Backbone
    from secantfw.interfaces.blocks import blocks_of as blocks_of
    from secantfw.interfaces.build_site import BuildSite as BuildSite
    from secantfw.interfaces.conversions import Noising as Noising
    from secantfw.interfaces.conversions import data_from_velocity as data_from_velocity
    from secantfw.interfaces.conversions import noise_from_velocity as noise_from_velocity
    from secantfw.interfaces.conversions import noising as noising
    from secantfw.interfaces.conversions import score_from_noise as score_from_noise
    from secantfw.interfaces.conversions import score_from_velocity as score_from_velocity
    from secantfw.interfaces.conversions import velocity_from_noise as velocity_from_noise
    from secantfw.interfaces.conversions import velocity_from_score as velocity_from_score
    from secantfw.interfaces.dataset import Dataset as Dataset
    from secantfw.interfaces.dataset import Split as Split
    from secantfw.interfaces.finding import Finding as Finding
    from secantfw.interfaces.interior import complete_times as complete_times
    from secantfw.interfaces.levels import time_of_level as time_of_level
    from secantfw.interfaces.loss import Context as Context
    from secantfw.interfaces.loss import Derivative as Derivative
    from secantfw.interfaces.loss import Point as Point
    from secantfw.interfaces.loss import SecantCall as SecantCall
    from secantfw.interfaces.loss import SecantLoss as SecantLoss
    from secantfw.interfaces.metric import Accumulator as Accumulator
    from secantfw.interfaces.metric import Metric as Metric
    from secantfw.interfaces.metric import MetricProtocol as MetricProtocol
    from secantfw.interfaces.metric import MetricSite as MetricSite
    from secantfw.interfaces.metric import NetworkMetric as NetworkMetric
    from secantfw.interfaces.metric import SecantPair as SecantPair
    from secantfw.interfaces.metric import SecantPairs as SecantPairs
    from secantfw.interfaces.observing_metric import Observation as Observation
    from secantfw.interfaces.observing_metric import ObservingMetric as ObservingMetric
    from secantfw.interfaces.observing_metric import Reduction as Reduction
    from secantfw.interfaces.observing_metric import SampleBlock as SampleBlock
    from secantfw.interfaces.path import Path as Path
    from secantfw.interfaces.records import Batch as Batch
    from secantfw.interfaces.records import Coefficients as Coefficients
    from secantfw.interfaces.records import Cond as Cond
    from secantfw.interfaces.records import DataSpec as DataSpec
    from secantfw.interfaces.records import Items as Items
    from secantfw.interfaces.records import LoadReport as LoadReport
    from secantfw.interfaces.records import LossTerms as LossTerms
    from secantfw.interfaces.records import Times as Times
    from secantfw.interfaces.records import TimesNeed as TimesNeed
    from secantfw.interfaces.records import WeightsHeader as WeightsHeader
    from secantfw.interfaces.report import ReportCell as ReportCell
    from secantfw.interfaces.report import ReportedEvaluation as ReportedEvaluation
    from secantfw.interfaces.report import ReportedRow as ReportedRow
    from secantfw.interfaces.report import ReportFigure as ReportFigure
    from secantfw.interfaces.report import ReportNote as ReportNote
    from secantfw.interfaces.report import ReportPart as ReportPart
    from secantfw.interfaces.report import ReportTable as ReportTable
    from secantfw.interfaces.run import Outcome as Outcome
    from secantfw.interfaces.run import RunInfo as RunInfo
    from secantfw.interfaces.secant_parts import SecantParts as SecantParts
    from secantfw.interfaces.segments import at_node as at_node
    from secantfw.interfaces.segments import in_segments as in_segments
    from secantfw.interfaces.solver import Field as Field
    from secantfw.interfaces.solver import Solver as Solver
    from secantfw.interfaces.teacher import Teacher as Teacher
    from secantfw.interfaces.tensors import at as at
    from secantfw.interfaces.tensors import mean_flat as mean_flat
    from secantfw.interfaces.tensors import stop_grad as stop_grad
    from secantfw.interfaces.time_sampler import TimeSampler as TimeSampler
    from secantfw.interfaces.weights_format import ConvertedWeights as ConvertedWeights
    from secantfw.interfaces.weights_format import Export as Export
    from secantfw.interfaces.weights_format import ExportedFiles as ExportedFiles
    from secantfw.interfaces.weights_format import WeightsFormat as WeightsFormat
    from secantfw.parallel.context import RunContext as RunContext
    from secantfw.parallel.engine import Computed as Computed
    from secantfw.parallel.engine import Engine as Engine
    from secantfw.parallel.engine import EngineSite as EngineSite
    from secantfw.parallel.engine import WholeLoss as WholeLoss
    from secantfw.runtime.json_text import parse_json as parse_json
    from secantfw.runtime.progress import Progress as Progress
    from secantfw.runtime.signals import Stop as Stop
    from secantfw.sampling.grid_options import GridOptions as GridOptions
    from secantfw.sampling.time_grid import step_times as step_times
    from secantfw.session.open import load as load
    from secantfw.session.open import run as run
    from secantfw.session.run import Run as Run
    from secantfw.session.samples import Samples as Samples
    from secantfw.weights.one_time_weights import AddedWeights as AddedWeights
    from secantfw.weights.one_time_weights import check_fit as check_fit
    from secantfw.weights.safetensors import WeightsFile as WeightsFile
    from secantfw.weights.safetensors import load_weights as load_weights
    from secantfw.weights.safetensors import open_weights as open_weights
    from secantfw.weights.safetensors import read_header as read_header
    from secantfw.weights.safetensors import save_weights as save_weights
    from secantfw.weights.stored import stored_tensors as stored_tensors
    from secantfw.weights.torch_file import load_torch_file as load_torch_file
    from secantfw.weights.torch_file import pickled_part as pickled_part

hookimpl = pluggy.HookimplMarker("secantfw")

_LAZY = {
    "Accumulator": "interfaces.metric",
    "AddedWeights": "weights.one_time_weights",
    "Augmentation": "interfaces.augmentation",
    "Augmented": "interfaces.augmentation",
    "Backbone": "interfaces.backbone",
    "Batch": "interfaces.records",
    "BuildSite": "interfaces.build_site",
    "Coefficients": "interfaces.records",
    "Computed": "parallel.engine",
    "Cond": "interfaces.records",
    "Context": "interfaces.loss",
    "ConvertedWeights": "interfaces.weights_format",
    "DataSpec": "interfaces.records",
    "Dataset": "interfaces.dataset",
    "Derivative": "interfaces.loss",
    "Engine": "parallel.engine",
    "EngineSite": "parallel.engine",
    "Experiment": "experiment.experiment",
    "Export": "interfaces.weights_format",
    "ExportedFiles": "interfaces.weights_format",
    "Field": "interfaces.solver",
    "Finding": "interfaces.finding",
    "GridOptions": "sampling.grid_options",
    "Items": "interfaces.records",
    "LoadReport": "interfaces.records",
    "LossTerms": "interfaces.records",
    "Metric": "interfaces.metric",
    "MetricProtocol": "interfaces.metric",
    "MetricSite": "interfaces.metric",
    "NetworkMetric": "interfaces.metric",
    "Noising": "interfaces.conversions",
    "Observation": "interfaces.observing_metric",
    "ObservingMetric": "interfaces.observing_metric",
    "Outcome": "interfaces.run",
    "Path": "interfaces.path",
    "Point": "interfaces.loss",
    "Progress": "runtime.progress",
    "Register": "discovery.registry",
    "Reduction": "interfaces.observing_metric",
    "ReportCell": "interfaces.report",
    "ReportFigure": "interfaces.report",
    "ReportNote": "interfaces.report",
    "ReportPart": "interfaces.report",
    "ReportTable": "interfaces.report",
    "ReportedEvaluation": "interfaces.report",
    "ReportedRow": "interfaces.report",
    "RowDraws": "interfaces.augmentation",
    "Run": "session.run",
    "RunContext": "parallel.context",
    "RunInfo": "interfaces.run",
    "SampleBlock": "interfaces.observing_metric",
    "Samples": "session.samples",
    "SecantCall": "interfaces.loss",
    "SecantLoss": "interfaces.loss",
    "SecantParts": "interfaces.secant_parts",
    "SecantPair": "interfaces.metric",
    "SecantPairs": "interfaces.metric",
    "Solver": "interfaces.solver",
    "Split": "interfaces.dataset",
    "Stop": "runtime.signals",
    "Subparsers": "discovery.commands",
    "Teacher": "interfaces.teacher",
    "TimeSampler": "interfaces.time_sampler",
    "Times": "interfaces.records",
    "TimesNeed": "interfaces.records",
    "WeightsFile": "weights.safetensors",
    "WeightsFormat": "interfaces.weights_format",
    "WeightsHeader": "interfaces.records",
    "WholeLoss": "parallel.engine",
    "at": "interfaces.tensors",
    "at_node": "interfaces.segments",
    "blocks_of": "interfaces.blocks",
    "check_fit": "weights.one_time_weights",
    "complete_times": "interfaces.interior",
    "data_from_velocity": "interfaces.conversions",
    "in_segments": "interfaces.segments",
    "load": "session.open",
    "load_torch_file": "weights.torch_file",
    "load_weights": "weights.safetensors",
    "mean_flat": "interfaces.tensors",
    "open_weights": "weights.safetensors",
    "noise_from_velocity": "interfaces.conversions",
    "noising": "interfaces.conversions",
    "parse_json": "runtime.json_text",
    "pickled_part": "weights.torch_file",
    "read_header": "weights.safetensors",
    "run": "session.open",
    "save_weights": "weights.safetensors",
    "score_from_noise": "interfaces.conversions",
    "score_from_velocity": "interfaces.conversions",
    "step_times": "sampling.time_grid",
    "stored_tensors": "weights.stored",
    "stop_grad": "interfaces.tensors",
    "time_of_level": "interfaces.levels",
    "velocity_from_noise": "interfaces.conversions",
    "velocity_from_score": "interfaces.conversions",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'secantfw' has no attribute {name!r}")
    return getattr(importlib.import_module(f"secantfw.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
