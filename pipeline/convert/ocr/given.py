"""Text lines of an OCR service that gives boxes, texts and scores of lines, and nothing of words.

Contract of docling's remote OCR engine, by name. Inputs: lang_type BYTES [1, 1]; image UINT8 [1, H, W, 3],
RGB. Outputs: boxes FP32 [N, 4, 2], corners in pixels from where the text begins, clockwise; txts BYTES [N];
scores FP32 [N].
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.ocr.detect import Image, Quads, Tensor
from docmill.pipeline.convert.ocr.image import ImageText
from docmill.pipeline.convert.ocr.read import TextLine, line_of
from docmill.pipeline.convert.ocr.recognise import Recognised

__all__ = ["checked_boxes", "given_text"]


def checked_boxes(boxes: NDArray[Any], texts: NDArray[Any], scores: NDArray[Any]) -> Quads:
    """The boxes as rectangles [N, 4, 2]; raises `ValueError` for answers that break the contract."""
    count = len(boxes) if boxes.ndim else 0
    if boxes.shape != (count, 4, 2) or texts.size != count or scores.size != count:
        raise ValueError(
            f"expected boxes (N, 4, 2), txts (N) and scores (N), got {boxes.shape}, {texts.shape} and "
            f"{scores.shape}"
        )
    quads: Quads = boxes.astype(np.float32)
    if not np.isfinite(quads).all() or not np.isfinite(scores.astype(np.float64)).all():
        raise ValueError("some boxes or scores are not numbers")
    return quads


def given_text(
    image: Image, quads: Quads, texts: NDArray[Any], scores: NDArray[Any], wanted: NDArray[np.bool_]
) -> ImageText:
    """The `wanted` lines as text of `image`; characters count as equally wide until the ink says better."""
    lines = []
    for quad, text, score, want in zip(quads, texts.flat, scores.flat, wanted, strict=True):
        reading = _reading(_decoded(text), float(score))
        if want and reading.text:
            lines.append(line_of(image, quad, reading, _angle(quad)))
    lines = [line for line in lines if line.words]
    return ImageText(lines, _rotation(lines))


def _decoded(text: Any) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join(words.split())


def _reading(text: str, score: float) -> Recognised:
    count = len(text)
    return Recognised(text, score, tuple((i + 0.5) / count for i in range(count)), (score,) * count)


def _angle(quad: Tensor) -> int:
    """The direction in which a line reads, clockwise, to the nearest quarter turn."""
    across = quad[1] - quad[0]
    return round(math.degrees(math.atan2(across[1], across[0])) / 90) * 90 % 360


def _rotation(lines: list[TextLine]) -> int:
    """The clockwise turn that makes most of the text upright."""
    lengths = dict.fromkeys((0, 90, 180, 270), 0.0)
    for line in lines:
        lengths[line.angle] += float(np.linalg.norm(line.quad[1] - line.quad[0]))
    return (360 - max(lengths, key=lambda angle: lengths[angle])) % 360
