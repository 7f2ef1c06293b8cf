"""Runs in stock docling's environment: a script that makes `result`, with docling's stages watched.

Writes JSON: the detections of each page before docling's post-processing, the document, and the errors; and
what docling sent to the layout model, page after page, as NPZ.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import torch


def importable_torchvision() -> Any:
    """Have torchvision import beside a torch of another build, without its own operators: nobody calls them.

    Returns what must be kept while it is in use.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return library
    return None


class NotingClient:
    """docling's client, which may be frozen, with its requests noted."""

    def __init__(self, client: Any, sent: list[dict[str, Any]]) -> None:
        self._client, self._sent = client, sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def infer(self, inputs: dict[str, Any], **more: Any) -> Any:
        self._sent.append(inputs)
        return self._client.infer(inputs=inputs, **more)


def watched(detections: dict[int, Any], sent: list[dict[str, Any]]) -> None:
    """Note what the layout engine sends and says; change nothing."""
    from docling.models.inference_engines.object_detection.api_kserve_v2_engine import (
        ApiKserveV2ObjectDetectionEngine,
    )
    from docling.models.stages.layout.layout_object_detection_model import LayoutObjectDetectionModel

    predict = LayoutObjectDetectionModel.predict_layout

    def noting(self: Any, conv_res: Any, pages: Any) -> Any:
        predictions = predict(self, conv_res, pages)
        for page, prediction in zip(pages, predictions, strict=True):
            detections[page.page_no] = [
                [cluster.label.value, cluster.confidence, cluster.bbox.as_tuple()]
                for cluster in prediction.clusters
            ]
        return predictions

    LayoutObjectDetectionModel.predict_layout = noting
    initialize = ApiKserveV2ObjectDetectionEngine.initialize

    def with_noted_requests(self: Any) -> None:
        initialize(self)
        self._kserve_client = NotingClient(self._kserve_client, sent)

    ApiKserveV2ObjectDetectionEngine.initialize = with_noted_requests


def main(script: Path, out: Path, tensors: Path) -> None:
    detections: dict[int, Any] = {}
    _kept = importable_torchvision()
    sent: list[dict[str, Any]] = []
    watched(detections, sent)
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(compile(script.read_text(), str(script), "exec"), names)
    except Exception as error:  # noqa: BLE001 - whatever docling raises is what the test asks for
        traceback.print_exc()
        out.write_text(json.dumps({"raised": type(error).__name__, "message": str(error)}))
        return
    result = names["result"]
    said = {
        "status": result.status.value,
        "errors": [error.error_message for error in result.errors],
        "detections": detections,
        "document": result.document.export_to_dict(),
    }
    out.write_text(json.dumps(said))
    np.savez(tensors, **{name: np.concatenate([one[name] for one in sent]) for name in sent[0]})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
