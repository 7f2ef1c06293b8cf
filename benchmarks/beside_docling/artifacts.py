"""What docling reads of heron on its own side: no weights, but labels and how pictures are prepared."""

from __future__ import annotations

import json
from pathlib import Path

from docmill.pipeline.convert.layout.detectors.heron import LABELS, SIDE

__all__ = ["write_artifacts"]


def write_artifacts(folder: Path) -> None:
    """heron's configuration and that of its image processor, as docling's `artifacts_path` holds them."""
    model = folder / "docling-project--docling-layout-heron"
    model.mkdir(parents=True)
    config = {
        "model_type": "rt_detr_v2",
        "id2label": dict(enumerate(LABELS)),
        "label2id": {label: index for index, label in enumerate(LABELS)},
    }
    (model / "config.json").write_text(json.dumps(config))
    processor = {
        "image_processor_type": "RTDetrImageProcessor",
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": False,
        "do_pad": False,
    }
    (model / "preprocessor_config.json").write_text(json.dumps(processor))
