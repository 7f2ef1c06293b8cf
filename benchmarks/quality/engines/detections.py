"""The embedded layout model with what it said kept in a folder: most of a page's CPU is its.

An answer is found by the bytes that the model was given and by its weights, so a page that is drawn in
another way is looked at anew. What is kept of an answer is what the decoder looks at.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from docmill.pipeline.convert.layout.detectors.cdla import STRIDES
from docmill.resources.engines.embedded import EmbeddedLayout
from docmill.resources.engines.onnx_runtime import Array

__all__ = ["KeptDetections"]

#: Far below the score that the decoder wants of a cell.
_LEAST_SCORE = 0.05


@dataclass(frozen=True)
class KeptDetections(EmbeddedLayout):
    """The embedded engine; its model runs only on pages that are not in `kept`."""

    kept: Path = Path("detections")

    @cached_property
    def _detector(self) -> Callable[[Array], list[Array]]:  # type: ignore[override]
        model = super()._detector

        def run(tensor: Array) -> list[Array]:
            digest = hashlib.blake2b(tensor.tobytes(), digest_size=16, key=model.path.name.encode()[:64])
            path = self.kept / f"{digest.hexdigest()}.npz"
            if path.is_file():
                with np.load(path) as answer:
                    return [answer[name] for name in answer.files]
            outputs = _decisive(model(tensor))
            self._write(path, outputs)
            return outputs

        return run

    def _write(self, path: Path, outputs: list[Array]) -> None:
        self.kept.mkdir(parents=True, exist_ok=True)
        # several processes may write the same answer at once
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez_compressed(file, *outputs)
        part.replace(path)


def _decisive(outputs: list[Array]) -> list[Array]:
    """The outputs, with cells of no score as zeros: they compress to next to nothing."""
    scores, distances = outputs[: len(STRIDES)], outputs[len(STRIDES) :]
    kept = [np.where(cells.max(axis=2, keepdims=True) > _LEAST_SCORE, 1.0, 0.0) for cells in scores]
    return [
        (output * mask).astype(output.dtype)
        for output, mask in zip([*scores, *distances], [*kept, *kept], strict=True)
    ]
