"""Layout fusion: text geometry and the detector's boxes become docling's layout regions.

The detector knows tables, figures and titles best; the PDF's own words and rulings know the rest. Tables
and pictures are found first, then the text outside them is grouped into blocks, and each block labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from docmill.pipeline.convert.layout.blocks.blocks import Block, build_blocks
from docmill.pipeline.convert.layout.blocks.breaks import KnownHeadings
from docmill.pipeline.convert.layout.blocks.joins import join_rows
from docmill.pipeline.convert.layout.blocks.markers import leader_page
from docmill.pipeline.convert.layout.blocks.overprints import is_watermark, overprints
from docmill.pipeline.convert.layout.blocks.pitch import is_scan
from docmill.pipeline.convert.layout.blocks.skew import levelled, page_skew, slanted
from docmill.pipeline.convert.layout.blocks.spatial import finite, lies_in, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row, text_rows
from docmill.pipeline.convert.layout.blocks.typewriter import without_typed_prose
from docmill.pipeline.convert.layout.bookmarks import bookmarked_rows
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.labels.block_labels import Open, label_blocks
from docmill.pipeline.convert.layout.labels.detector_votes import title_rows
from docmill.pipeline.convert.layout.labels.note_marks import note_marks
from docmill.pipeline.convert.layout.regions.forms import Checkbox, checkbox_glyph, checkboxes, labelled_rows
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.indexes import aligned_indexes, leader_indexes
from docmill.pipeline.convert.layout.regions.line_numbers import line_numbers
from docmill.pipeline.convert.layout.regions.pictures import drawn_figures, picture_regions, sure_figures
from docmill.pipeline.convert.layout.regions.tables.open_tables import aligned_tables
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import ruling_box
from docmill.pipeline.convert.layout.regions.tables.table_regions import table_regions
from docmill.pipeline.convert.layout.style import DocumentStyle, StyleCollector, repeated_cells
from docmill.pipeline.convert.types import Box, Cluster, PageContent, PageOcr, Ruling

__all__ = ["Fusion", "Plain", "fuse"]

_TEXT_SCORE = 0.9
_MAX_FIELDS = 2000
#: Points by which a table reaches past a figure that it lies in for the rest.
_BESIDE = 36.0
#: What a detector calls the regions that are more than text.
_DRAWN = frozenset({"table", "figure"})


def _outside(rows: Sequence[Row], regions: Sequence[Found]) -> list[Row]:
    taken = {row.cells[0] for region in regions for row in within(rows, region.box)}
    return [row for row in rows if row.cells[0] not in taken]


def _held(row: Row, regions: Sequence[Found]) -> bool:
    return any(lies_in(row.box, region.box, 0.9) for region in regions)


def _covered(region: Found, others: Sequence[Found]) -> bool:
    return any(other.box.inside(region.box) > 0.4 or region.box.inside(other.box) > 0.4 for other in others)


def _crosses(table: Box, figure: Box) -> bool:
    """True for lines of text that seem to go on in the labels of a figure beside them, the taller of both."""
    across = max(figure.l - table.l, table.r - figure.r)
    along = min(table.t - figure.t, figure.b - table.b) if table.height < figure.height else -1.0
    return across > _BESIDE and along > 0 and table.inside(figure) > 0.2


def _sound(page: PageContent) -> PageContent:
    """The page's drawings without those that have no finite, upright box."""
    return msgspec.structs.replace(
        page,
        bitmaps=[box for box in page.bitmaps if finite(box)],
        shapes=[box for box in page.shapes if finite(box)],
        rulings=[ruling for ruling in page.rulings if finite(ruling_box(ruling))],
        widgets=[widget for widget in page.widgets if finite(widget.box)],
    )


def _own_style(page: PageContent, ocr: PageOcr | None) -> DocumentStyle:
    """The style of a page by itself: all there is for a scan among typeset pages."""
    collector = StyleCollector()
    collector.add(page, ocr)
    return collector.style()


def _separators(page: PageContent, regions: Sequence[Found]) -> list[Ruling]:
    """Horizontal rulings that part text from text, sorted by y: not those of tables and pictures."""
    frames = [region.box.padded(3.0) for region in regions]
    loose = (
        ruling
        for ruling in page.rulings
        if ruling.horizontal
        and ruling.x1 - ruling.x0 > 20
        and not any(lies_in(ruling_box(ruling), frame, 0.9) for frame in frames)
    )
    return sorted(loose, key=lambda ruling: ruling.y0)


def _text_region(block: Block, label: str, checks: Mapping[int, Checkbox]) -> Cluster:
    first = block.rows[0]
    box, checkbox = block.box, checks.get(first.cells[0])
    checked = checkbox.checked if checkbox is not None else checkbox_glyph(first.first)
    if checked is not None and label in {"text", "list_item", "section_header"}:
        label = "checkbox_selected" if checked else "checkbox_unselected"
        box = box.union(checkbox.box) if checkbox is not None else box
    cells = sorted(cell for row in block.rows for cell in row.cells)
    return Cluster(id=0, label=label, score=_TEXT_SCORE, box=box, source="geometry", cells=cells)


def _overprint(row: Row, style: DocumentStyle) -> Cluster:
    label = "page_header" if is_watermark(row, style.body_size) else "text"
    return Cluster(
        id=0, label=label, score=_TEXT_SCORE, box=row.box, source="overprint", cells=sorted(row.cells)
    )


def fuse(
    page: PageContent,
    ocr: PageOcr | None,
    detections: Sequence[Detection],
    style: DocumentStyle | None = None,
) -> list[Cluster]:
    """Regions of one page, with docling's labels, in no particular order; ids count from 0.

    `style` is what the whole document has in common (`document_style`); without it the page speaks for
    itself. Boxes of text are the union of the line cells they hold, so docling's post-processor keeps them.
    The page is upright: `docmill.pipeline.convert.upright` turns those whose text runs sideways.
    """
    return Fusion(page, ocr, style).regions(detections)


@dataclass(frozen=True)
class _Ground:
    """The regions of a page that are more than text, and the rows of its text."""

    found: list[Found]
    pictures: list[Found]
    level: list[Row]  # straightened
    rows: list[Row]  # as they stand


class Plain(NamedTuple):
    """The regions of a page, and what a detector may make of its text."""

    regions: list[Cluster]
    open: frozenset[Open]


class Fusion:
    """A page that is fused with several answers of a detector: what they do not change is found once."""

    def __init__(self, page: PageContent, ocr: PageOcr | None, style: DocumentStyle | None = None) -> None:
        self._page = page = _sound(page)
        self._ocr = ocr
        self._titles = style.bookmarks.get(page.number, ()) if style is not None else ()
        self._empty = not (page.width > 0 and page.height > 0)
        self._undrawn: _Ground | None = None
        if self._empty:
            return
        lines = text_rows(page, ocr)
        if not page.cells or style is None or not style.pages:
            style = _own_style(page, ocr)
        self._style = style
        self._repeated = repeated_cells(lines, page.height, style)
        lines = without_typed_prose(lines, typed=style.body_mono)
        self._over = overprints(lines, page)
        if self._over:
            apart = {row.cells[0] for row in self._over}
            lines = [line for line in lines if line.cells[0] not in apart]
        self._found: list[Found] = line_numbers(lines)
        if self._found:
            lines = [line for line in lines if not (line.text.isdecimal() and _held(line, self._found))]
        if any(leader_page(line.text) is not None for line in lines):
            self._found += leader_indexes(join_rows(lines))
            lines = _outside(lines, self._found)
        self._lines = lines
        layer = not (ocr and ocr.cells)
        self._skew = page_skew(ocr if not layer else page if is_scan(page) else None)
        boxes = [line.box for line in (*page.cells, *(ocr.cells if ocr else ()))]
        self._boxes = boxes if self._skew else []

    def regions(self, detections: Sequence[Detection]) -> list[Cluster]:
        """See `fuse`."""
        return self._fused(detections).regions

    def plain(self) -> Plain:
        """What the page is without a detector."""
        return self._fused(())

    def _fused(self, detections: Sequence[Detection]) -> Plain:
        if self._empty:
            return Plain([], frozenset())
        page, style = self._page, self._style
        detections = [detection for detection in detections if finite(detection.box)]
        ground = self._ground(detections)
        found, level, rows = ground.found, ground.level, ground.rows
        separators = _separators(page, found)
        fields = [widget.box.padded(1) for widget in page.widgets if widget.kind in {"text", "choice"}]
        values = {row.cells[0] for field in fields[:_MAX_FIELDS] for row in within(rows, field)}
        checks = labelled_rows(checkboxes(page, ground.pictures), rows)
        named = bookmarked_rows(rows, self._titles)
        known = KnownHeadings(named, style.sections.get(page.number, ()), style.headings)
        titles = title_rows(rows, detections)
        blocks = build_blocks(level, separators, titles, checks, style.leading, known)
        if self._skew:
            blocks = [Block.of(slanted(block.rows, self._boxes)) for block in blocks]
        kept, labels, open_labels = label_blocks(
            blocks,
            found,
            (page.width, page.height),
            style,
            separators,
            detections,
            values,
            repeated=self._repeated,
            number=page.number,
            marks=note_marks(page),
            named=named,
        )
        regions = [
            Cluster(
                id=0,
                label=item.label,
                score=max(0.5, min(1.0, item.score)),
                box=item.box,
                source=item.source,
            )
            for item in found
        ]
        regions += [_text_region(block, label, checks) for block, label in zip(kept, labels, strict=True)]
        regions += [_overprint(row, style) for row in self._over]
        for number, region in enumerate(regions):
            region.id = number
        return Plain(regions, open_labels)

    def _ground(self, detections: Sequence[Detection]) -> _Ground:
        drawn = [detection for detection in detections if detection.raw in _DRAWN]
        if drawn:
            return self._find(drawn)
        if self._undrawn is None:
            self._undrawn = self._find(())
        return self._undrawn

    def _find(self, detections: Sequence[Detection]) -> _Ground:
        page, lines = self._page, self._lines
        found = list(self._found)
        figures, sure = drawn_figures(page, lines), sure_figures(page, lines, detections)
        drawn = [figure.box for figure in figures]
        found += [
            table
            for table in table_regions(page, lines, detections, sure)
            if not _covered(table, found)
            and not any(lies_in(table.box, box.padded(6.0), 0.6) or _crosses(table.box, box) for box in drawn)
        ]
        found += aligned_indexes(_outside(lines, found))
        seen = [Found("picture", box, 1.0, "model") for box in sure]
        found += aligned_tables(_outside(lines, [*found, *figures, *seen]), page)
        pictures = picture_regions(page, lines, detections, found, figures, sure)
        found += pictures
        level = _outside(lines, found)
        if not self._skew:
            level = join_rows(level)
            return _Ground(found, pictures, level, level)
        layer = not (self._ocr and self._ocr.cells)
        level = join_rows(levelled(level, self._skew, page.width / 2, layer=layer))
        return _Ground(found, pictures, level, slanted(level, self._boxes))
