"""How strongly the detector backs a reading of a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.types import Box

__all__ = ["title_rows", "votes"]

_LEAST_TITLE = 0.5


def votes(box: Box, detections: Sequence[Detection]) -> Mapping[str, float]:
    """For each detected class, its best score weighed by how well its box and `box` cover each other."""
    found: dict[str, float] = {}
    frame = box.padded(4.0)
    for detection in detections:
        covered = box.inside(detection.box)
        if covered <= 0.1:
            continue
        weight = covered * (0.4 + 0.6 * detection.box.inside(frame)) * detection.score
        found[detection.raw] = max(found.get(detection.raw, 0.0), weight)
    return found


def title_rows(rows: Sequence[Row], detections: Sequence[Detection]) -> dict[int, int]:
    """The first cell of each row that a title detection covers, with that detection's number.

    A detection much bigger than the rows it touches is no evidence of where a heading ends.
    """
    titles = [
        (number, detection.box)
        for number, detection in enumerate(detections)
        if detection.raw == "title" and detection.score >= _LEAST_TITLE
    ]
    found: dict[int, int] = {}
    for number, box in titles:
        inner = [row for row in rows if row.box.inside(box) > 0.45]
        if not inner:
            continue
        covered = sum(box.intersection(row.box.padded(3.0)) for row in inner)
        if covered >= 0.6 * box.area:
            for row in inner:
                found[row.cells[0]] = number
    return found
