"""Pages made by hand for docling's stages."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.document.docling_stages import PageParts
from docmill.pipeline.convert.types import Box, Cluster, PageContent, PageLayout, PageTables, TextCell, Word

LINE_HEIGHT = 10.0


def line(text: str, left: float, top: float, *, width: float | None = None, ocr: bool = False) -> TextCell:
    """A line of text 10 points high."""
    right = left + (6.0 * len(text) if width is None else width)
    return TextCell(text, Box(left, top, right, top + LINE_HEIGHT), 0, 0, ocr=ocr)


def content(lines: Sequence[TextCell], number: int = 1) -> PageContent:
    """A US Letter page of these lines, each of one word."""
    words = [Word(each.text, each.box, LINE_HEIGHT, -1) for each in lines]
    counted = [TextCell(each.text, each.box, n, 1, ocr=each.ocr) for n, each in enumerate(lines)]
    return PageContent(number=number, width=612.0, height=792.0, words=words, cells=counted)


def region(
    id_: int,
    label: str,
    box: tuple[float, float, float, float],
    *,
    score: float = 0.9,
    cells: Sequence[int] = (),
) -> Cluster:
    """A layout region."""
    return Cluster(id=id_, label=label, score=score, box=Box(*box), cells=list(cells))


def page(number: int, lines: Sequence[TextCell], regions: Sequence[tuple[str, list[int]]]) -> PageParts:
    """A page whose regions are given by label and lines; their boxes are those of their lines."""
    found = []
    for id_, (label, cells) in enumerate(regions):
        box = lines[cells[0]].box
        for index in cells[1:]:
            box = box.union(lines[index].box)
        found.append(region(id_, label, (box.l, box.t, box.r, box.b), cells=cells))
    return PageParts(
        content=content(lines, number),
        ocr=None,
        layout=PageLayout(number=number, clusters=found),
        tables=PageTables(number=number),
    )
