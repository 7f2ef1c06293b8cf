"""A layout model under heron's contract, run in this process, in the precisions that can be tried so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from benchmarks.serving.precision.rounding import KINDS, Kind, rounded
from docmill.pipeline.convert.layout.detectors import heron
from docmill.pipeline.convert.types import Cluster, PageContent
from docmill.resources.weights.onnx_graphs.half_precision import halved, in_half

__all__ = ["GraphDetector", "Precision", "precisions"]

_ERRORS_ONLY = 3
_BYTES = "tensor(uint8)"


@dataclass(frozen=True)
class Precision:
    """A way to compute a graph: what it is, and the graph that does so here."""

    name: str
    #: Whether a GPU would be given this very graph; otherwise its rounding is imitated.
    itself: bool
    make: Callable[[onnx.ModelProto], onnx.ModelProto]


class GraphDetector:
    """A graph on the CPU."""

    def __init__(self, model: onnx.ModelProto, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._images, self._sizes = self._session.get_inputs()

    def detect(self, picture: NDArray[np.uint8], page: PageContent) -> list[Cluster]:
        """Its detections above docling's threshold, in points."""
        height, width = picture.shape[:2]
        images = heron.model_input(picture)[None]
        given = images if self._images.type == _BYTES else images.astype(np.float32) / np.float32(255)
        feed = {self._images.name: given, self._sizes.name: np.array([[width, height]], np.int64)}
        labels, boxes, scores = self._session.run(None, feed)
        return heron.regions(labels[0], boxes[0], scores[0], (width, height), (page.width, page.height))


def precisions() -> Mapping[str, Precision]:
    """By name: the model as FP16 serves it, then each kind where features are, and everywhere."""
    found = [Precision("FP16 graph: features in FP16", True, halved)]
    for kind in KINDS:
        found.append(Precision(f"{kind} features", False, _rounding(kind, everywhere=False)))
        found.append(Precision(f"{kind} everywhere", False, _rounding(kind, everywhere=True)))
    return MappingProxyType({each.name: each for each in found})


def _rounding(kind: Kind, everywhere: bool) -> Callable[[onnx.ModelProto], onnx.ModelProto]:
    def make(model: onnx.ModelProto) -> onnx.ModelProto:
        places = range(len(model.graph.node)) if everywhere else in_half(model)
        return rounded(model, kind, places)

    return make
