"""Line breaks and indentation of code blocks: docling joins their lines with spaces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.document import CodeItem

from docmill.pipeline.convert.document.docling_stages import PageParts, page_lines
from docmill.pipeline.convert.types import TextCell

__all__ = ["CodeLines"]

_MAX_INDENT = 80
_BLANK_LINE = 1.6  # of the usual distance between lines: more means an empty one


class CodeLines:
    """Collects the code regions of pages, then gives the document's code items their lines back."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, float, float], str] = {}

    def add(self, page: PageParts) -> None:
        """Remember the code regions of one page."""
        lines = page_lines(page.content, page.ocr)
        for region in page.layout.clusters:
            if region.label == "code" and region.cells:
                key = (page.content.number, round(region.box.l, 1), round(region.box.t, 1))
                self._texts[key] = code_text([lines[cell] for cell in region.cells])

    def restore(self, document: DoclingDocument) -> None:
        """Set the text of each code item, in place; one that a paragraph was merged into stays as it is."""
        for item in document.texts:
            if isinstance(item, CodeItem) and len(item.prov) == 1:
                place = item.prov[0]
                box = place.bbox.to_top_left_origin(document.pages[place.page_no].size.height)
                text = self._texts.get((place.page_no, round(box.l, 1), round(box.t, 1)))
                if text:
                    item.text = item.orig = text
                    place.charspan = (0, len(text))


def code_text(lines: Sequence[TextCell]) -> str:
    """The lines from top to bottom, indented by how far each stands from the leftmost one."""
    rows: list[list[TextCell]] = []
    for line in sorted(lines, key=lambda line: (line.box.t + line.box.b, line.box.l)):
        middle = (line.box.t + line.box.b) / 2
        if rows and rows[-1][0].box.t <= middle <= rows[-1][0].box.b:
            rows[-1].append(line)
        else:
            rows.append([line])
    widths = [line.box.width / len(line.text) for line in lines if line.text and line.box.width > 0]
    if not widths:
        return ""
    advance, left = median(widths), min(line.box.l for line in lines)
    tops = [row[0].box.t for row in rows]
    pitch = median(after - before for before, after in pairwise(tops)) if len(tops) > 1 else 0.0
    text = _row(rows[0], left, advance)
    for before, after, row in zip(tops, tops[1:], rows[1:], strict=False):
        blank = pitch > 0 and after - before > _BLANK_LINE * pitch
        text += ("\n\n" if blank else "\n") + _row(row, left, advance)
    return text


def _row(row: Sequence[TextCell], left: float, advance: float) -> str:
    text = ""
    for line in sorted(row, key=lambda line: line.box.l):
        column = min(round((line.box.l - left) / advance), len(text) + _MAX_INDENT)
        gap = 1 if text else 0
        text = text.ljust(max(column, len(text) + gap)) + line.text
    return text
