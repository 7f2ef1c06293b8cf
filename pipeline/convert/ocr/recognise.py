"""Text recognition: PP-OCRv6's CTC network over images of single lines.

Input `x` f32 [n, 3, 48, w]; output [n, w / 8, classes], a distribution per step. Class 0 is CTC's blank; the
others are the characters of the graph's metadata entry `character`, one a line, and a space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .detect import Image, Run, normalise

__all__ = ["Characters", "Recognised", "characters", "recognise"]

#: The character of each class; the blank's is empty.
Characters = Sequence[str]

_HEIGHT = 48
_STEP = 8
_MIN_WIDTH, _MAX_WIDTH = 64, 3200
#: No line of a batch is padded to more than this many times its own width.
_PADDING = 1.1


@dataclass(frozen=True)
class Recognised:
    """One line of text: its mean confidence; and for each character where it stands, and its confidence.

    A position is the character's centre as a fraction of the line's width.
    """

    text: str = ""
    score: float = 0.0
    positions: tuple[float, ...] = ()
    confidences: tuple[float, ...] = ()


def characters(metadata: Mapping[str, str]) -> Characters:
    """The recogniser's alphabet, from its graph's metadata. Raises `KeyError` without one."""
    # split, not splitlines: the alphabet may hold characters that the latter takes for line ends
    return ("", *metadata["character"].rstrip("\n").split("\n"), " ")


def recognise(
    crops: Sequence[Image], run: Run, alphabet: Characters, batch_width: int = 0
) -> list[Recognised]:
    """The text of each image of one upright line, in the order given; empty for an empty image.

    Lines of like width go into one batch while they are together at most `batch_width` pixels wide, at the
    network's height of 48. A CPU is fastest line by line. The output has 18,710 floats for each 8 pixels.
    """
    results = [Recognised()] * len(crops)
    widths = [_width(crop) for crop in crops]
    order = sorted((index for index, width in enumerate(widths) if width), key=lambda index: widths[index])
    for batch in _batches(order, widths, batch_width):
        padded = -(-max(widths[index] for index in batch) // _STEP) * _STEP
        padded = max(padded, _MIN_WIDTH)
        tensor = np.zeros((len(batch), 3, _HEIGHT, padded), np.float32)
        for row, index in enumerate(batch):
            shrinks = crops[index].shape[0] > _HEIGHT
            how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
            line = cv2.resize(crops[index], (widths[index], _HEIGHT), interpolation=how)
            tensor[row, :, :, : widths[index]] = normalise(line)
        distributions = np.asarray(run(tensor)[0])
        classes = distributions.argmax(axis=2)
        confidences = np.take_along_axis(distributions, classes[:, :, None], axis=2)[:, :, 0]
        for row, index in enumerate(batch):
            results[index] = _decode(classes[row], confidences[row], alphabet, padded / widths[index])
    return results


def _width(crop: Image) -> int:
    """The crop's width at the network's height; 0 when there is nothing to read."""
    height, width = int(crop.shape[0]), int(crop.shape[1])
    if not height or not width:
        return 0
    return min(_MAX_WIDTH, max(1, -(-width * _HEIGHT // height)))


def _batches(order: Sequence[int], widths: Sequence[int], batch_width: int) -> Iterator[list[int]]:
    """Runs of `order` (narrow lines first) that may share a batch."""
    batch: list[int] = []
    for index in order:
        full = batch and (len(batch) + 1) * widths[index] > batch_width
        if full or (batch and widths[index] > max(_MIN_WIDTH, widths[batch[0]] * _PADDING)):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _decode(
    classes: NDArray[np.intp], confidences: NDArray[Any], alphabet: Characters, stretch: float
) -> Recognised:
    """Greedy CTC decoding of one line; `stretch` is the padded width over the line's own."""
    changes = np.flatnonzero(np.diff(classes, prepend=-1))
    spans = [
        (int(start), int(end), alphabet[classes[start]])
        for start, end in pairwise([*changes, len(classes)])
        if 0 < classes[start] < len(alphabet)
    ]
    if not spans:
        return Recognised()
    certain = [float(np.nan_to_num(confidences[start])) for start, _, _ in spans]
    centres = [(start + end) / 2 / len(classes) * stretch for start, end, _ in spans]
    return Recognised(
        text="".join(character for _, _, character in spans),
        score=sum(certain) / len(certain),
        positions=tuple(min(1.0, centre) for centre in centres),
        confidences=tuple(certain),
    )
