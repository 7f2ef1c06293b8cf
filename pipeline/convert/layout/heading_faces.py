"""Faces that a document sets its headings in: those of short lines right over text in another face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.line_ends import opens
from docmill.pipeline.convert.layout.blocks.text_rows import Face, Lettering, Row

__all__ = ["HeadingFaces"]

_MOST_FACES = 512
_LEAST_SIZE = 0.93  # times the text's
_LEAST_CAPITALS = 0.8  # the same of lines in capitals
_MOST_LINES = 3  # of a heading
_MOST_CHARS = 150
_LEAST_TEXT = 25  # characters of a line under a heading
_REACH = 4.0  # from a heading's last line to the text, in units of its size
_LEAST_HEADINGS = 3
_MOSTLY = 0.7  # of a face's lines
_ENDS = (".", ",", ";", ":", "。", "，", "、", "：")  # what text goes on after, or sentences end with


@dataclass(slots=True)
class _Seen:
    over: int = 0  # runs of lines right over text in another face
    other: int = 0  # and lines that are anything else


class HeadingFaces:
    """Counts, for each face, its lines that stand where headings do, and the others."""

    def __init__(self) -> None:
        self._seen: dict[Lettering, _Seen] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Count the lines of a page, in the order of its content."""
        start = 0
        for end in range(1, len(rows) + 1):
            if (
                end < len(rows)
                and rows[end].lettering == rows[start].lettering
                and _under(rows[end - 1], rows[end])
            ):
                continue
            self._count(rows[start:end], rows[end] if end < len(rows) else None)
            start = end

    def _count(self, run: Sequence[Row], below: Row | None) -> None:
        face = run[0].lettering
        if run[0].ocr or run[0].angle or run[0].code:
            return
        seen = self._seen.get(face)
        if seen is None:
            if len(self._seen) >= _MOST_FACES:
                return
            seen = self._seen[face] = _Seen()
        long = len(run) > _MOST_LINES or sum(row.chars for row in run) > _MOST_CHARS
        if long or not all(row.uniform for row in run):
            seen.other += len(run)
        elif below is None or not _under(run[-1], below) or run[-1].text.endswith(_ENDS) or not opens(run[0]):
            seen.other += 1
        elif below.chars >= _LEAST_TEXT:
            seen.over += 1

    def found(self, body: Face) -> tuple[Lettering, ...]:
        """The faces, not smaller than the text's own, of which most lines stand where headings do."""
        return tuple(
            sorted(
                face
                for face, seen in self._seen.items()
                if face != (*body, False)
                and face[0] >= (_LEAST_CAPITALS if face[-1] else _LEAST_SIZE) * body[0]
                and seen.over >= _LEAST_HEADINGS
                and seen.over >= _MOSTLY * (seen.over + seen.other)
            )
        )


def _under(upper: Row, row: Row) -> bool:
    """True for a line under another one, in its column and near it."""
    return (
        0.5 * upper.size < row.box.t - upper.box.t <= _REACH * upper.size
        and min(upper.box.r, row.box.r) > max(upper.box.l, row.box.l)
        and not row.angle
    )
