"""docling's table model (TableFormer v1): a table's picture to its input, its tags and boxes to a structure.

Served contract. Input: images FP32 [N, 3, 448, 448], channels, then width, then height. Outputs: tag_ids
INT32 [N, T], indices into `TAGS`, filled up with 0; tag_len INT32 [N]; boxes FP32 [N, C, 4], left, top,
right, bottom as fractions of the table, one for each tag that begins a cell, in that order; box_len INT32
[N]; and, which a server may leave out, classes INT32 [N, C], what the model takes each of these cells for: 2
is one with text, less is an empty one. Words are matched to cells here, not in the model.

Another kind of model, such as TableFormerV2, is another contract: `KIND` names this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.tables.otsl_spans import BEGINS_CELL, spanning_cells
from docmill.pipeline.convert.tables.tableformer.predicted_table import matched_structure, words_of_table
from docmill.pipeline.convert.types import Box, Cluster, TableStructure, Word

__all__ = [
    "KIND",
    "NO_ANSWER",
    "SCALE",
    "SIDE",
    "TAGS",
    "Answer",
    "ScaledPage",
    "answers",
    "matched",
    "model_input",
    "scaled_page",
    "structure",
    "tags_of",
]

#: The contract of this module, and the method that a structure names.
KIND = "tableformer"
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

#: The class of cells with text.
_WITH_TEXT = 2

_PAGE_HEIGHT = 1024
#: A page many times wider than high is scaled to this width instead: its picture must fit into memory.
_MAX_PAGE_WIDTH = 8192
#: docling's normalisation, by colour.
_MEAN = np.array([0.94247851, 0.94254675, 0.94292611])
_STD = np.array([0.17910956, 0.17940403, 0.17931663])


class Answer(NamedTuple):
    """What the model says of one table: OTSL tags, boxes [C, 4] and, from most servers, classes [C]."""

    tags: list[str]
    boxes: NDArray[Any]
    classes: NDArray[Any] | None = None


#: For a table of which nothing is on the page.
NO_ANSWER = Answer([], np.empty((0, 4)))


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
    normalised = (crop.astype(np.float32) - 255.0 * _MEAN) / _STD
    square = cv2.resize(normalised, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(square.transpose(2, 1, 0) / 255.0, np.float32)


def tags_of(ids: NDArray[Any], length: int) -> list[str]:
    """The OTSL tags of one table from its tag ids [T], of which `length` count.

    Tags of the model's own (start, padding) are left out, and all that follows its end tag. Of a table that
    did not end by itself, docling leaves out the last tag.
    """
    if length > _MAX_TAGS and TAGS.index("<end>") not in ids[:length]:
        length = _MAX_TAGS
    tags: list[str] = []
    for number in ids[: max(0, min(length, _MAX_TAGS + 2))].tolist():
        tag = TAGS[number] if 0 <= number < len(TAGS) else "<unk>"
        if tag == "<end>":
            break
        if not tag.startswith("<"):
            tags.append(tag)
    return tags


def answers(count: int, outputs: Sequence[NDArray[Any]]) -> list[Answer]:
    """The answer for each table of a batch of `count`, from the outputs of the served contract, in order.

    Lengths are [N], or [N, 1] as some servers shape them; classes may be missing. Raises `ValueError` for
    other shapes.
    """
    ids, lengths, boxes, box_lengths, *more = outputs
    classes = more[0] if more else None
    if ids.ndim != 2 or boxes.ndim != 3 or boxes.shape[2] != 4 or not len(ids) == len(boxes) == count:
        raise ValueError(f"expected {count} tag ids (T) and boxes (C, 4), got {ids.shape} and {boxes.shape}")
    if lengths.size != count or box_lengths.size != count:
        raise ValueError(f"expected {count} lengths, got {lengths.shape} and {box_lengths.shape}")
    if classes is not None and classes.shape != boxes.shape[:2]:
        raise ValueError(f"expected a class for each box {boxes.shape[:2]}, got {classes.shape}")
    cells = [max(0, int(length)) for length in box_lengths.flat]
    return [
        Answer(
            tags_of(ids[i], int(lengths.flat[i])),
            boxes[i, : cells[i]],
            None if classes is None else classes[i, : cells[i]],
        )
        for i in range(count)
    ]


def structure(
    region: Cluster,
    tags: Sequence[str],
    boxes: NDArray[Any],
    words: Sequence[Word],
    classes: NDArray[np.integer] | None = None,
) -> TableStructure:
    """A table's structure from OTSL tags, cell boxes [C, 4] and classes [C]; `words` are the page's words.

    Those of the table are picked out. A cell for which there is no box, or one with values that are no
    numbers, counts as empty, and one without a class as one with text. See `matched_structure` for the rest.
    """
    return matched(
        region.id, region.box, Answer(list(tags), boxes, classes), words_of_table(region.box, words)
    )


def matched(region: int, table: Box, answer: Answer, words: Sequence[Word]) -> TableStructure:
    """The structure of the table at `table` from the model's answer and the table's words."""
    tags, boxes, classes = answer
    whole = _whole(table)
    placed = [_placed(box, whole) for box in _in_step(tags, boxes)]
    return matched_structure(region, tags, placed, words, KIND, _kinds(tags, classes))


def _in_step(tags: Sequence[str], boxes: NDArray[Any]) -> NDArray[Any]:
    """The boxes; when they are not as many as the cells, without the one after each spanning cell's.

    That is how docling puts right what the model writes for spans without a beginning or an end.
    """
    if len(boxes) == sum(tag in BEGINS_CELL for tag in tags):
        return boxes
    extra = [cell + 1 for cell in spanning_cells(tags) if cell + 1 < len(boxes)]
    return np.delete(boxes, extra, axis=0)


def _kinds(tags: Sequence[str], classes: NDArray[np.integer] | None) -> NDArray[np.integer] | None:
    """A class for each cell; docling does not leave out those of the boxes that it leaves out."""
    if classes is None:
        return None
    kinds = np.full(sum(tag in BEGINS_CELL for tag in tags), _WITH_TEXT)
    known = classes[: len(kinds)]
    kinds[: len(known)] = known
    return kinds


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
