"""Vector figures over their captions: what is drawn there is one picture with its words, in one part or many.

Boxes with arrows are too loose to be taken for a drawing by themselves, and the squares of a heat map with
their numbers look like a table; a caption says that they are neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.markers import CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull, lies_in
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.types import Box

__all__ = ["captioned_figures"]

_FIGURE = re.compile(r"\s*(?:fig(?:ure|\.)?|abbildung|abb\.|figura)\s*(?:[A-Z]\.?)?\d", re.IGNORECASE)
_MOST_CAPTIONS = 30
_REACH = 45.0  # points of a figure from its caption, with names of its parts between
_APART = 30.0  # points between its parts
_LEAST_SIDE, _LEAST_SHAPES = 10.0, 4
_PROSE = 6  # words of a line
_LEAST_NAMES = 3  # along a side: of rows, columns or ticks


def captioned_figures(
    clusters: Sequence[tuple[Box, int]], shapes: Sequence[Box], rows: Sequence[Row]
) -> list[Found]:
    """The picture over each caption of a figure that has one.

    `clusters` are what is drawn on the page, near parts merged, with their numbers of strokes; `shapes` those
    of them that are no rules, without which it may be a table that is called a figure.
    """
    captions = [row for row in rows if _FIGURE.match(row.text) and CAPTION.match(row.text)]
    prose = [row for row in rows if row.text.count(" ") >= _PROSE - 1]
    named = [row for row in rows if CAPTION.match(row.text) and not _FIGURE.match(row.text)]
    free = sorted((box for box, _ in clusters if not _holds_text(box, prose)), key=lambda box: -box.b)
    found: list[Found] = []
    for caption in captions[:_MOST_CAPTIONS]:
        box = _over(caption, free, prose)
        if box is None or min(box.width, box.height) < _LEAST_SIDE:
            continue
        frame = box.padded(1.0)
        inner = sum(1 for shape in shapes if lies_in(shape, frame, 0.9))
        if inner < _LEAST_SHAPES:
            continue
        for _ in range(2):  # an axis has its name beyond those of its ticks
            box = _with_names(box, caption, rows)
        if not any(lies_in(row.box, box.padded(_APART), 0.5) for row in named):
            found.append(Found("picture", box, 0.8, "geometry"))
    return found


def _with_names(box: Box, caption: Row, rows: Sequence[Row]) -> Box:
    """Grown to the short lines around a figure: several beside or over it, or turned ones; under it any."""
    sides: dict[str, list[Box]] = {"left": [], "right": [], "above": [], "turned": []}
    grown = box
    for row in rows:
        near = 1.5 * row.size
        other = row.box
        if row.text.count(" ") >= _PROSE - 1 or CAPTION.match(row.text) or lies_in(other, box, 0.9):
            continue
        across = min(other.r, box.r) > max(other.l, box.l)
        if across and box.b - near <= other.t and other.b <= caption.box.t + 1:
            grown = grown.union(other)
        elif across and -near <= box.t - other.b <= near:
            sides["above"].append(other)
        elif box.t - near < row.middle < box.b + near:
            turned = row.angle in (90, 270) and other.height > other.width
            if -near <= box.l - other.r <= near:
                sides["turned" if turned else "left"].append(other)
            elif -near <= other.l - box.r <= near:
                sides["turned" if turned else "right"].append(other)
    for name, boxes in sides.items():
        if len(boxes) >= (1 if name == "turned" else _LEAST_NAMES):
            grown = hull([grown, *boxes])
    return grown


def _holds_text(box: Box, prose: Sequence[Row]) -> bool:
    """True for a panel behind lines of text."""
    return sum(1 for row in prose if box.l < row.centre < box.r and box.t < row.middle < box.b) >= 2


def _over(caption: Row, drawn: Sequence[Box], prose: Sequence[Row]) -> Box | None:
    """What is drawn over a caption, up to the next line of text; `drawn` from the bottom up."""
    box: Box | None = None
    for part in drawn:
        upper = box or caption.box
        top = upper.t
        if part.b > top + 3 and (box is None or not _within(part, box)):
            continue
        if top - part.b > (_REACH if box is None else _APART):
            break
        if min(part.r, upper.r) <= max(part.l, upper.l):
            continue
        if any(
            part.b <= row.middle < top and min(row.box.r, part.r) > max(row.box.l, part.l) for row in prose
        ):
            break
        box = part if box is None else box.union(part)
    return box


def _within(part: Box, box: Box) -> bool:
    """True for a part beside others of its figure."""
    return part.b <= box.b + 3 and part.t < box.b and min(part.r, box.r) > max(part.l, box.l) - _APART
