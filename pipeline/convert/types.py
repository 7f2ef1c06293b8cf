"""The values that stages hand to each other, and that artifacts keep.

All coordinates are PDF points with the origin at the top left of the page *as displayed*: the crop box
is the page and its rotation has been applied. Indices count from 0, page numbers from 1.

Names are docling's: a text cell, a cluster. Artifacts have called two of the lists `lines` and `regions`
from the beginning, and go on to.

They are msgspec structs because a page has hundreds of words: msgspec encodes and validates them
some twenty times faster than dataclasses through `json`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = [
    "Box",
    "Cluster",
    "Font",
    "LeftOut",
    "Link",
    "OutlineEntry",
    "PageContent",
    "PageLayout",
    "PageOcr",
    "PageTables",
    "PageUnderstanding",
    "PictureDescription",
    "Ruling",
    "TableStructure",
    "TextCell",
    "Widget",
    "Word",
]


class LeftOut(StrEnum):
    """Why text that a page has is not read, or not taken."""

    DUPLICATE = "duplicate"  # drawn again in place, for a bold face or a shadow
    CLIPPED = "clipped"  # the page cuts it off
    OFF_PAGE = "off_page"
    HIDDEN = "hidden_layer"  # optional content that is off
    TOO_MANY = "too_many"  # beyond what is read of one page
    GARBLED = "garbled"  # OCR read it otherwise
    AS_SCAN = "as_scan"  # OCR was to read the page, whatever text it has


class Box(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An upright rectangle: left, top, right, bottom; `l <= r` and `t <= b`."""

    l: float  # noqa: E741 - docling's own name
    t: float
    r: float
    b: float

    @property
    def width(self) -> float:
        """Horizontal extent in points."""
        return self.r - self.l

    @property
    def height(self) -> float:
        """Vertical extent in points."""
        return self.b - self.t

    @property
    def area(self) -> float:
        """Area in square points; 0 for a degenerate box."""
        width, height = self.r - self.l, self.b - self.t
        return (width if width > 0.0 else 0.0) * (height if height > 0.0 else 0.0)

    def intersection(self, other: Box) -> float:
        """Area shared with `other`, in square points."""
        # asked a thousand times a page: without calls, and most boxes are apart
        left, right = self.l, self.r
        width = (other.r if other.r < right else right) - (other.l if other.l > left else left)
        if not width > 0.0:
            return 0.0
        top, bottom = self.t, self.b
        height = (other.b if other.b < bottom else bottom) - (other.t if other.t > top else top)
        return width * height if height > 0.0 else 0.0

    def inside(self, other: Box) -> float:
        """The fraction of this box that lies within `other` (0 for a degenerate box)."""
        shared = self.intersection(other)
        if not shared:
            return 0.0
        area = self.area
        return shared / area if area > 0.0 else 0.0

    def iou(self, other: Box) -> float:
        """Intersection over union."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(min(self.l, other.l), min(self.t, other.t), max(self.r, other.r), max(self.b, other.b))

    def holds_centre(self, other: Box) -> bool:
        """Whether the other box's centre lies in this one."""
        return self.l <= (other.l + other.r) / 2 <= self.r and self.t <= (other.t + other.b) / 2 <= self.b

    def padded(self, points: float) -> Box:
        """This box grown by `points` on every side."""
        return Box(self.l - points, self.t - points, self.r + points, self.b + points)


class Font(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A font of a page: its PostScript name and what the name, flags and weight say of its style."""

    name: str
    bold: bool = False
    italic: bool = False
    mono: bool = False


class Word(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A run of glyphs without a space, text in logical order (right-to-left text included)."""

    text: str
    box: Box
    size: float  # font size in points, as displayed
    font: int  # index into PageContent.fonts; -1 when it has none (OCR)
    angle: int = 0  # reading direction in degrees clockwise: 0, 90, 180 or 270
    confidence: float = 1.0


class TextCell(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A run of words on one baseline that no wide gap interrupts (docling's text line cell)."""

    text: str
    box: Box
    first: int  # its words are PageContent.words[first : first + count], in logical order
    count: int
    rtl: bool = False
    ocr: bool = False
    confidence: float = 1.0


class Ruling(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A drawn straight stroke, or one side of a drawn rectangle; horizontal or vertical only."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def horizontal(self) -> bool:
        """True when it runs left to right."""
        return self.x1 - self.x0 >= self.y1 - self.y0


class Link(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A link annotation: to a URI, or to a page of this document."""

    box: Box
    uri: str | None = None
    page: int | None = None


class Widget(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An interactive form field: kind is text, checkbox, radio, choice, button or signature."""

    box: Box
    kind: str
    name: str = ""
    value: str = ""
    checked: bool = False


class OutlineEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A bookmark of the document: level counts from 1."""

    title: str
    level: int
    page: int | None = None


class PageContent(msgspec.Struct, kw_only=True, rename={"cells": "lines"}):
    """What PDFium reads off one page."""

    number: int
    width: float
    height: float
    rotation: int = 0  # the page's /Rotate, already applied
    fonts: list[Font] = []
    words: list[Word] = []
    cells: list[TextCell] = []
    bitmaps: list[Box] = []
    rulings: list[Ruling] = []
    shapes: list[Box] = []  # filled or stroked paths that are not rulings: drawings, boxes, backgrounds
    links: list[Link] = []
    widgets: list[Widget] = []
    scanned: list[Box] = []  # regions with ink and no text layer, or a doubtful one: what OCR must read
    doubted: list[int] = []  # cells that may not say what the page shows
    left_out: dict[str, int] = {}  # letters and digits that are in no cell, by `LeftOut`
    error: str | None = None  # why the page could not be read; then everything above is empty


class PageOcr(msgspec.Struct, kw_only=True, rename={"cells": "lines"}):
    """Text recognised on one page, in the page's displayed coordinates."""

    number: int
    words: list[Word] = []
    cells: list[TextCell] = []  # their word indices point into `words` above
    replaces: list[int] = []  # cells of the text layer that are garbage, which these stand in place of
    rotation: int = 0  # degrees clockwise that the scan had to be turned to be upright
    note: str | None = None  # e.g. a script that the recogniser does not know
    error: str | None = None


class Cluster(msgspec.Struct, kw_only=True):
    """A layout region (docling's cluster): label is a docling DocItemLabel value."""

    id: int
    label: str
    score: float
    box: Box
    source: str = "model"  # what found it: "model", "geometry"; "overprint" is text that lies on other text
    cells: list[int] = []  # indices into the page's cells, text layer first, then OCR
    children: list[Cluster] = []


class PageLayout(msgspec.Struct, kw_only=True, rename={"clusters": "regions"}):
    """Regions of one page, after docling's layout post-processing; and the raw detections behind them.

    `doubts` are why the detector was asked, where it is asked for a reason only; none when it was not.
    """

    number: int
    clusters: list[Cluster] = []
    detections: list[Cluster] = []
    doubts: list[str] | None = None
    error: str | None = None


class TableCell(msgspec.Struct, kw_only=True):
    """A table cell: half-open row and column ranges, as in docling's TableCell."""

    row: int
    col: int
    row_span: int = 1
    col_span: int = 1
    text: str = ""
    box: Box | None = None
    column_header: bool = False
    row_header: bool = False
    row_section: bool = False


class TableStructure(msgspec.Struct, kw_only=True):
    """The grid of one table region."""

    region: int  # Cluster.id on that page
    num_rows: int
    num_cols: int
    cells: list[TableCell] = []
    otsl: list[str] = []  # OTSL tags, row by row, each row ended by "nl"
    score: float = 1.0
    method: str = ""  # "slanet", "rulings", "index", "tableformer", ...


class PageTables(msgspec.Struct, kw_only=True):
    """Tables of one page."""

    number: int
    tables: list[TableStructure] = []
    error: str | None = None


class PictureDescription(msgspec.Struct, kw_only=True):
    """What a vision-language model says of one picture."""

    region: int  # Cluster.id on that page
    box: Box
    text: str = ""
    model: str = ""


class PageUnderstanding(msgspec.Struct, kw_only=True):
    """What a vision-language model says of one page; `text` is empty when the classic path makes the page."""

    number: int
    #: Why it was asked about the page: "all", "scanned", "low_confidence", "no_layout", a doubt.
    reason: str = ""
    format: str = ""  # of `text`: "doctags" or "markdown"
    text: str = ""
    model: str = ""
    pictures: list[PictureDescription] = []
    error: str | None = None  # why there is no answer that can be used
