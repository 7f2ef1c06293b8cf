"""docling's table model (TableFormer v1): a table's picture to its input, its tags and boxes to a structure.

Served contract. Input: images FP32 [N, 3, 448, 448], channels, then width, then height. Outputs: tag_ids
INT32 [N, T], indices into `TAGS`, filled up with 0; tag_len INT32 [N]; boxes FP32 [N, C, 4], left, top,
right, bottom as fractions of the table, one for each tag that begins a cell, in that order; box_len INT32
[N]. Words are matched to cells here, not in the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.convert.tables.matched import matched_structure, words_of_table
from pipeline.convert.types import Box, Region, TableStructure, Word

__all__ = [
    "SCALE",
    "SIDE",
    "TAGS",
    "ScaledPage",
    "answers",
    "model_input",
    "placed_boxes",
    "scaled_page",
    "structure",
    "tags_of",
]

#: Pixels per point of the page's picture: 144 dpi.
SCALE = 2.0
SIDE = 448

#: The model's vocabulary, by index.
TAGS = (
    *("<pad>", "<unk>", "<start>", "<end>"),
    *("ecel", "fcel", "lcel", "ucel", "xcel", "nl", "ched", "rhed", "srow"),
)
#: The model stops after so many tags.
_MAX_TAGS = 1024

_PAGE_HEIGHT = 1024
#: A page many times wider than high is scaled to this width instead: its picture must fit into memory.
_MAX_PAGE_WIDTH = 8192
_MEAN = 0.94247851
_STD = 0.17910956


class ScaledPage(msgspec.Struct, frozen=True):
    """A page's picture as docling scales it before it cuts tables out: RGB uint8 [H, W, 3]."""

    picture: NDArray[np.uint8]
    scale: float  # pixels per point


def scaled_page(picture: NDArray[np.uint8], page_height: float) -> ScaledPage:
    """The picture of a page of `page_height` points, 1024 pixels high."""
    height, width = picture.shape[:2]
    factor = _PAGE_HEIGHT / height
    if width * factor > _MAX_PAGE_WIDTH:
        factor = _MAX_PAGE_WIDTH / width
    size = (max(1, int(width * factor)), max(1, round(height * factor)))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    # docling takes the scale that it asked for, not what rounding made of it
    asked = height == max(1, round(page_height * SCALE))
    return ScaledPage(
        np.asarray(scaled, np.uint8), factor * (SCALE if asked else height / max(1.0, page_height))
    )


def model_input(page: ScaledPage, table: Box) -> NDArray[np.float32] | None:
    """The model's view of a table: float32 [3, 448, 448]; None when nothing of it is on the page.

    As docling does it: box in whole points, normalised before it is scaled, and divided by 255 at the end.
    """
    left, top, right, bottom = (max(0, round(side * page.scale)) for side in _corners(_whole(table)))
    crop = page.picture[top:bottom, left:right]
    if not crop.size:
        return None
    normalised = (crop.astype(np.float32) - 255.0 * np.float64(_MEAN)) / np.float64(_STD)
    square = cv2.resize(normalised, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(square.transpose(2, 1, 0) / 255.0, np.float32)


def tags_of(ids: NDArray[Any], length: int) -> list[str]:
    """The OTSL tags of one table from its tag ids [T], of which `length` count.

    Tags of the model's own (start, padding) are left out, and all that follows its end tag.
    """
    tags: list[str] = []
    for number in ids[: max(0, min(length, _MAX_TAGS + 2))].tolist():
        tag = TAGS[number] if 0 <= number < len(TAGS) else "<unk>"
        if tag == "<end>":
            break
        if not tag.startswith("<"):
            tags.append(tag)
    return tags


def answers(
    count: int, ids: NDArray[Any], lengths: NDArray[Any], boxes: NDArray[Any], box_lengths: NDArray[Any]
) -> list[tuple[list[str], NDArray[Any]]]:
    """Tags and boxes [C, 4] of each table of a batch of `count`, from the outputs of the served contract.

    Lengths are [N], or [N, 1] as some servers shape them. Raises `ValueError` for other shapes.
    """
    if ids.ndim != 2 or boxes.ndim != 3 or boxes.shape[2] != 4 or not len(ids) == len(boxes) == count:
        raise ValueError(f"expected {count} tag ids (T) and boxes (C, 4), got {ids.shape} and {boxes.shape}")
    if lengths.size != count or box_lengths.size != count:
        raise ValueError(f"expected {count} lengths, got {lengths.shape} and {box_lengths.shape}")
    return [
        (tags_of(ids[i], int(lengths.flat[i])), boxes[i, : max(0, int(box_lengths.flat[i]))])
        for i in range(count)
    ]


def placed_boxes(boxes: NDArray[Any], table: Box) -> list[Box | None]:
    """The model's boxes [C, 4] in points on the page; None for one with values that are no numbers."""
    whole = _whole(table)
    return [_placed(box, whole) for box in boxes]


def structure(
    region: Region, tags: Sequence[str], boxes: NDArray[Any], words: Sequence[Word]
) -> TableStructure:
    """A table's structure from OTSL tags and cell boxes [C, 4]; `words` are the page's words.

    A cell for which there is no box, or one with values that are no numbers, counts as empty. See
    `matched_structure` for the rest.
    """
    placed = placed_boxes(boxes, region.box)
    return matched_structure(region.id, tags, placed, words_of_table(region.box, words), "tableformer")


def _placed(box: NDArray[Any], table: Box) -> Box | None:
    """A box in fractions of the table, in points on the page; docling does not cut it at the table's edge."""
    if not np.isfinite(box).all():
        return None
    left, top, right, bottom = (float(side) for side in box)
    return Box(
        table.l + min(left, right) * table.width,
        table.t + min(top, bottom) * table.height,
        table.l + max(left, right) * table.width,
        table.t + max(top, bottom) * table.height,
    )


def _whole(box: Box) -> Box:
    """docling cuts tables out at whole points, and the cells' boxes refer to that."""
    return Box(*(float(round(side)) for side in _corners(box)))


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.l, box.t, box.r, box.b
