"""docling's stages: layout post-processing, page assembly, reading order.

They run torch-free on values built from ours, but for `docling_internals` as they are. They move between
docling's versions, so docling-slim is pinned exactly and `benchmarks.conformance` gates every upgrade.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any

from docling.datamodel.base_models import (
    AssembledUnit,
    LayoutPrediction,
    Page,
    PagePredictions,
    Table,
    TableStructurePrediction,
)
from docling.datamodel.base_models import Cluster as DoclingCluster
from docling.datamodel.pipeline_options import HeadingHierarchyOptions, LayoutPostprocessorOptions
from docling.models.stages.heading_hierarchy.heading_hierarchy_model import HeadingHierarchyModel
from docling.models.stages.page_assemble.page_assemble_model import PageAssembleOptions
from docling.models.stages.reading_order.readingorder_model import ReadingOrderOptions
from docling.utils.pdf_outline import _PdfOutlineItem
from docling_core.types.doc import BoundingBox, DocItemLabel, DoclingDocument, Size, TableCell
from docling_core.types.doc.page import BoundingRectangle, PdfHyperlink
from docling_core.types.doc.page import TextCell as DoclingTextCell
from msgspec.structs import replace

from docmill.pipeline.convert.document.docling_internals.page_assembly import LightPageAssembly, ParsedPage
from docmill.pipeline.convert.document.docling_internals.postprocessor import LightPostprocessor
from docmill.pipeline.convert.document.docling_internals.reading_order import (
    LightReadingOrder,
    LightReadingOrderPredictor,
)
from docmill.pipeline.convert.document.docling_internals.values import bounding_box, text_cell, with_text
from docmill.pipeline.convert.document.page_bands import Placed, page_bands
from docmill.pipeline.convert.document.region_text import RegionTexts
from docmill.pipeline.convert.joining.lines import joined, without_line_end_dash
from docmill.pipeline.convert.types import (
    Box,
    Cluster,
    Link,
    OutlineEntry,
    PageContent,
    PageLayout,
    PageOcr,
    PageTables,
    PageUnderstanding,
    TableStructure,
    TextCell,
)

__all__ = [
    "PageParts",
    "assemble_document",
    "docling_table",
    "infer_heading_levels",
    "page_lines",
    "postprocess",
]

_SHORT = 300  # characters of the text of an author or a label
_FAR = 90.0  # points: from the end of a column to the top of the next one, at least
_TABLE_LABELS = {DocItemLabel.TABLE, DocItemLabel.DOCUMENT_INDEX}


@dataclass(frozen=True)
class PageParts:
    """Everything the stages before assembly found on one page; `understood` if a model was asked about it."""

    content: PageContent
    ocr: PageOcr | None
    layout: PageLayout
    tables: PageTables
    understood: PageUnderstanding | None = None


class _ValidBackend:
    """docling's page assembly asks its backend one question only."""

    @staticmethod
    def is_valid() -> bool:
        return True


def page_lines(content: PageContent, ocr: PageOcr | None) -> list[TextCell]:
    """All text lines of a page, the text layer's first: `Cluster.cells` are indices into this list."""
    return content.cells + ocr.cells if ocr else content.cells


def postprocess(content: PageContent, ocr: PageOcr | None, regions: Sequence[Cluster]) -> list[Cluster]:
    """docling's layout post-processing of raw regions.

    Thresholds by label, lines assigned to regions, boxes snapped to their lines, duplicates dropped, lines
    that no region claims made text regions of their own, regions inside tables and pictures made children.
    Overprints are left out of it and stay as they are: docling would make each a part of what it lies on.
    """
    page = _page(content, ocr, links=False)
    over = [region for region in regions if region.source == "overprint"]
    if over:
        apart = {cell for region in over for cell in region.cells}
        regions = [region for region in regions if region.source != "overprint"]
        assert page.parsed_page is not None
        cells = page.parsed_page.textline_cells
        page.parsed_page.textline_cells = [cell for cell in cells if cell.index not in apart]
    clusters = [
        DoclingCluster(
            id=region.id,
            label=DocItemLabel(region.label),
            bbox=bounding_box(region.box),
            confidence=region.score,
            cells=[],
        )
        for region in regions
    ]
    sources = {region.id: region.source for region in regions}
    processed = LightPostprocessor(page, clusters, LayoutPostprocessorOptions()).postprocess()
    found = [_region(cluster, sources) for cluster in processed]
    free = max((region.id for region in found), default=-1) + 1
    return found + [replace(region, id=free + number) for number, region in enumerate(over)]


def assemble_document(
    name: str,
    content_hash: str,
    pages: Iterable[PageParts],
    *,
    top_down: bool = False,
    texts: RegionTexts | None = None,
) -> DoclingDocument:
    """Assemble a document: text of each region, tables, captions, reading order, paragraphs across pages.

    `name` is the file name; `content_hash` any hexadecimal hash of the file's bytes. Pages are consumed one
    by one and their lines let go, so that memory grows with the document, not with its text cells.
    `top_down`: pages of one column are read from top to bottom; docling reads them so in most cases only.
    `texts` joins the lines of regions, and must settle the document; without it docling joins them.
    """
    result = SimpleNamespace(
        input=SimpleNamespace(file=PurePath(name), document_hash=content_hash[:16]),
        pages=[],
        errors=[],
        timings={},
        assembled=AssembledUnit(),
    )
    assembler = LightPageAssembly(PageAssembleOptions())
    for parts in pages:
        page = _predicted_page(parts, texts)
        for assembled in assembler(result, [page]):
            unit = assembled.assembled
            assert unit is not None
            result.assembled.elements += unit.elements
            result.assembled.headers += unit.headers
            result.assembled.body += unit.body
            _release(assembled)
            result.pages.append(assembled)
    reading_order = (_ReadingOrder if texts else LightReadingOrder)(ReadingOrderOptions())
    reading_order.ro_model = _TopDown() if top_down else LightReadingOrderPredictor()
    document: DoclingDocument = reading_order(result)
    return document


class _ReadingOrder(LightReadingOrder):
    """docling's reading order, but for how the parts of a paragraph are joined over columns and pages."""

    def _merge_elements(self, element: Any, merged_elem: Any, new_item: Any, page_height: float) -> None:
        text, orig, rest = new_item.text, new_item.orig, merged_elem.text.strip()
        super()._merge_elements(element, merged_elem, new_item, page_height)
        new_item.text, new_item.orig = joined([text, rest]), joined([orig, rest])
        end = len(new_item.text)
        new_item.prov[-1].charspan = (end - len(rest), end)


class _TopDown(LightReadingOrderPredictor):
    """docling's reading order within the bands of a page, which are read from top to bottom.

    docling starts a new column at every element that has none right above it, a short heading under a
    centred caption for example, and sorts columns by their left edges.
    """

    def _predict_page(self, page_elements: list[Any], **options: Any) -> list[Any]:
        ordered = sorted(page_elements, key=lambda element: -element.t)
        # bottom-left origin: each must end above the middle of what follows
        if all(above.b >= (below.t + below.b) / 2 for above, below in pairwise(ordered)):
            return ordered
        predict = super()._predict_page
        bands = page_bands(
            [
                Placed(
                    Box(element.l, -element.t, element.r, -element.b),
                    element.text,
                    element.label in (DocItemLabel.SECTION_HEADER, DocItemLabel.TITLE),
                )
                for element in page_elements
            ],
            first=page_elements[0].page_no == 1,
        )
        predicted = [
            element
            for band in bands
            for element in predict([page_elements[number] for number in band], **options)
        ]
        return _titles_with_tables(predicted)

    def predict_merges(self, sorted_elements: list[Any]) -> dict[int, list[int]]:
        """Paragraphs that go on in the next column or on the next page; authors side by side do not."""
        elements = {element.cid: element for element in sorted_elements}
        merges: dict[int, list[int]] = {}
        for first, others in super().predict_merges(sorted_elements).items():
            parts = [elements[number] for number in (first, *others)]
            kept = list(takewhile(lambda pair: not _beside(*pair), pairwise(parts)))
            if kept:
                merges[first] = [following.cid for _, following in kept]
        return merges


def _beside(one: Any, two: Any) -> bool:
    """True for authors of a first page, texts side by side; what goes on in a next column is far up."""
    if not one.page_no == two.page_no == 1 or max(len(one.text), len(two.text)) > _SHORT:
        return False
    return bool(one.r <= two.l and two.t - one.t < _FAR)


def _titles_with_tables(ordered: list[Any]) -> list[Any]:
    """Titles that stand beside each other: each before the table under it, not all before all tables."""
    done: list[Any] = []
    at = 0
    while at < len(ordered):
        end = at + 1
        while end < len(ordered) and _is_beside(ordered[end - 1], ordered[end]):
            end += 1
        titles, tables = ordered[at:end], ordered[end : 2 * end - at]
        if len(titles) == len(tables) > 1 and all(map(_is_under, tables, titles)):
            done += [element for pair in zip(titles, tables, strict=True) for element in pair]
            at = 2 * end - at
        else:
            done.append(ordered[at])
            at += 1
    return done


def _is_beside(one: Any, two: Any) -> bool:
    """Whether two headings stand on one line, the second at the right."""
    heads = one.label == two.label == DocItemLabel.SECTION_HEADER
    return heads and bool(min(one.t, two.t) > max(one.b, two.b) and one.r < two.l)


def _is_under(table: Any, title: Any) -> bool:
    under = bool(table.t < (title.t + title.b) / 2 and table.l - (title.t - title.b) <= title.l < table.r)
    return table.label in _TABLE_LABELS and under


def infer_heading_levels(document: DoclingDocument, outline: Sequence[OutlineEntry]) -> None:
    """Set heading levels in place from bookmarks, then numbering (docling's heading hierarchy stage)."""
    model = HeadingHierarchyModel(HeadingHierarchyOptions(enabled=True, use_style=False))
    items = [_PdfOutlineItem(title=e.title, level=e.level - 1, page_no=e.page) for e in outline]
    model.assign_heading_levels(document, outline=items)


def _predicted_page(parts: PageParts, texts: RegionTexts | None) -> Page:
    page = _page(parts.content, parts.ocr, links=True)
    assert page.parsed_page is not None
    cells = page.parsed_page.textline_cells
    clusters = [_cluster(region, cells) for region in parts.layout.clusters]
    if texts:
        lines = page_lines(parts.content, parts.ocr)
        texts.add_page(lines)
        for cluster, region in zip(clusters, parts.layout.clusters, strict=True):
            _write(cluster, region, lines, texts)
    structures = {structure.region: structure for structure in parts.tables.tables}
    tables = {
        cluster.id: docling_table(cluster, structures[cluster.id], parts.content.number)
        for cluster in clusters
        if cluster.label in _TABLE_LABELS and cluster.id in structures
    }
    page.predictions = PagePredictions(
        layout=LayoutPrediction(clusters=clusters),
        tablestructure=TableStructurePrediction(table_map=tables),
    )
    return page


def _write(cluster: DoclingCluster, region: Cluster, lines: Sequence[TextCell], texts: RegionTexts) -> None:
    """Give a cluster and its children all of their text as one line, which docling leaves as it is."""
    if cluster.cells:
        text = texts.write([lines[index] for index in region.cells])
        cluster.cells = [with_text(cluster.cells[0], text)]
    for child, part in zip(cluster.children, region.children, strict=True):
        _write(child, part, lines, texts)


def _page(content: PageContent, ocr: PageOcr | None, *, links: bool) -> Page:
    page = Page(page_no=content.number, size=Size(width=content.width, height=content.height))
    cells = [_text_cell(index, line) for index, line in enumerate(page_lines(content, ocr))]
    linked = [link for link in content.links if link.uri] if links else []
    stand_in: Any = ParsedPage(
        cells, [_hyperlink(index, link, content.height) for index, link in enumerate(linked)]
    )
    page.parsed_page = stand_in
    backend: Any = _ValidBackend()
    page._backend = backend
    return page


def _release(page: Page) -> None:
    """Forget the cells that only page assembly needed; children of tables and pictures keep theirs."""
    page.parsed_page = None
    page._backend = None
    assert page.predictions.layout is not None
    for cluster in page.predictions.layout.clusters:
        cluster.cells = []


def _text_cell(index: int, line: TextCell) -> DoclingTextCell:
    text = without_line_end_dash(line.text)
    return text_cell(index, line.box, text, ocr=line.ocr, confidence=line.confidence)


def _hyperlink(index: int, link: Link, page_height: float) -> PdfHyperlink:
    box = bounding_box(link.box).to_bottom_left_origin(page_height)
    return PdfHyperlink(index=index, rect=BoundingRectangle.from_bounding_box(box), uri=link.uri)


def _box(box: BoundingBox) -> Box:
    return Box(box.l, box.t, box.r, box.b)


def _region(cluster: DoclingCluster, sources: dict[int, str]) -> Cluster:
    return Cluster(
        id=cluster.id,
        label=cluster.label.value,
        score=cluster.confidence,
        box=_box(cluster.bbox),
        source=sources.get(cluster.id, "geometry"),
        cells=[cell.index for cell in cluster.cells],
        children=[_region(child, sources) for child in cluster.children],
    )


def _cluster(region: Cluster, cells: Sequence[DoclingTextCell]) -> DoclingCluster:
    return DoclingCluster(
        id=region.id,
        label=DocItemLabel(region.label),
        bbox=bounding_box(region.box),
        confidence=region.score,
        cells=[cells[index] for index in region.cells],
        children=[_cluster(child, cells) for child in region.children],
    )


def docling_table(cluster: DoclingCluster, structure: TableStructure, page_number: int) -> Table:
    """A table's structure as docling's table stage would give it for the cluster."""
    cells = [
        TableCell(
            text=cell.text,
            bbox=bounding_box(cell.box) if cell.box else None,
            row_span=cell.row_span,
            col_span=cell.col_span,
            start_row_offset_idx=cell.row,
            end_row_offset_idx=cell.row + cell.row_span,
            start_col_offset_idx=cell.col,
            end_col_offset_idx=cell.col + cell.col_span,
            column_header=cell.column_header,
            row_header=cell.row_header,
            row_section=cell.row_section,
        )
        for cell in structure.cells
    ]
    return Table(
        label=cluster.label,
        id=cluster.id,
        page_no=page_number,
        cluster=cluster,
        otsl_seq=structure.otsl,
        num_rows=structure.num_rows,
        num_cols=structure.num_cols,
        table_cells=cells,
    )
