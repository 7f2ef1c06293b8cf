"""Pages whose text runs sideways or upside down: turned upright for layout and assembly, and back again.

Scans and landscape tables on portrait pages are like that. Layout models, docling's reading order and table
recognition all expect upright text; provenance must speak of the page as it is displayed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from msgspec.structs import replace

from docmill.pipeline.convert.engines import Render
from docmill.pipeline.convert.types import Box, Cluster, PageContent, PageOcr, Ruling, TableStructure

__all__ = ["Turn", "text_angle", "turned_regions", "turned_tables"]

PageT = TypeVar("PageT", PageContent, PageOcr)
#: The share of a page's characters that must run the same way.
_MOST = 0.6


def text_angle(content: PageContent, ocr: PageOcr | None) -> int:
    """The direction in which most of a page's text reads, in degrees clockwise: 0, 90, 180 or 270."""
    words = [*content.words, *ocr.words] if ocr else content.words
    if not any(word.angle for word in words):
        return 0
    angles: Counter[int] = Counter()
    for word in words:
        angles[word.angle] += len(word.text)
    angle, characters = angles.most_common(1)[0]
    return angle if angle in (90, 180, 270) and characters >= _MOST * angles.total() else 0


@dataclass(frozen=True)
class Turn:
    """Turns a displayed page of `width` x `height` points against the clock by `angle`, and boxes back."""

    angle: int
    width: float
    height: float

    @classmethod
    def of(cls, content: PageContent, ocr: PageOcr | None) -> Turn:
        """The turn that makes the page's text upright; by 0 degrees for nearly all pages."""
        return cls(text_angle(content, ocr), content.width, content.height)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the turned page."""
        return (self.height, self.width) if self.angle in (90, 270) else (self.width, self.height)

    def box(self, box: Box) -> Box:
        """A box of the displayed page on the turned page."""
        if self.angle == 90:  # what read downwards reads to the right: its left is the page's top
            return Box(box.t, self.width - box.r, box.b, self.width - box.l)
        if self.angle == 180:
            return Box(self.width - box.r, self.height - box.b, self.width - box.l, self.height - box.t)
        if self.angle == 270:
            return Box(self.height - box.b, box.l, self.height - box.t, box.r)
        return box

    def back(self, box: Box) -> Box:
        """A box of the turned page on the displayed page."""
        width, height = self.size
        return Turn((360 - self.angle) % 360, width, height).box(box)

    def content(self, page: PageContent) -> PageContent:
        """The turned page."""
        if not self.angle:
            return page
        width, height = self.size
        return replace(
            self._text(page),
            width=width,
            height=height,
            bitmaps=[self.box(box) for box in page.bitmaps],
            rulings=[self._ruling(ruling) for ruling in page.rulings],
            shapes=[self.box(box) for box in page.shapes],
            links=[replace(link, box=self.box(link.box)) for link in page.links],
            widgets=[replace(widget, box=self.box(widget.box)) for widget in page.widgets],
            scanned=[self.box(box) for box in page.scanned],
        )

    def ocr(self, page: PageOcr | None) -> PageOcr | None:
        """The turned recognised text."""
        return self._text(page) if page and self.angle else page

    def render(self, render: Render) -> Render:
        """Draws the turned page."""
        if not self.angle:
            return render

        def turned(scale: float, box: Box | None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
            image = render(scale, self.back(box) if box else None)
            return np.ascontiguousarray(np.rot90(image, self.angle // 90))

        return turned

    def _text(self, page: PageT) -> PageT:
        return replace(
            page,
            words=[
                replace(word, box=self.box(word.box), angle=(word.angle - self.angle) % 360)
                for word in page.words
            ],
            cells=[replace(line, box=self.box(line.box)) for line in page.cells],
        )

    def _ruling(self, ruling: Ruling) -> Ruling:
        box = self.box(Box(ruling.x0, ruling.y0, ruling.x1, ruling.y1))
        return Ruling(box.l, box.t, box.r, box.b)


def turned_regions(regions: Sequence[Cluster], turn: Callable[[Box], Box]) -> list[Cluster]:
    """Regions with their boxes, and those of their children, turned."""
    return [
        replace(region, box=turn(region.box), children=turned_regions(region.children, turn))
        for region in regions
    ]


def turned_tables(tables: Sequence[TableStructure], turn: Callable[[Box], Box]) -> list[TableStructure]:
    """Table structures with the boxes of their cells turned."""
    return [
        replace(
            table,
            cells=[replace(cell, box=turn(cell.box) if cell.box else None) for cell in table.cells],
        )
        for table in tables
    ]
