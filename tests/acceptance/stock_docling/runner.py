"""Runs in stock docling's environment: a script that makes `result`, with docling's stages watched.

Writes JSON: the detections of each page before docling's post-processing, the document, and the errors.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

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


def watched(detections: dict[int, Any]) -> None:
    """Note what the layout engine says; change nothing."""
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


def main(script: Path, out: Path) -> None:
    detections: dict[int, Any] = {}
    _kept = importable_torchvision()
    watched(detections)
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
