"""From what the stages found on each page to one DoclingDocument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

from docling_core.types.doc import BoundingBox, CoordOrigin, DoclingDocument, PictureItem, Size
from docling_core.types.doc.document import ImageRef
from msgspec.structs import astuple, replace
from PIL import Image

from docmill.pipeline.convert.document.code_lines import CodeLines
from docmill.pipeline.convert.document.continued_boxes import move_continued_boxes
from docmill.pipeline.convert.document.docling_stages import PageParts, assemble_document, postprocess
from docmill.pipeline.convert.document.document_title import DocumentTitle
from docmill.pipeline.convert.document.heading_levels import set_heading_levels
from docmill.pipeline.convert.document.heading_looks import HeadingLooks
from docmill.pipeline.convert.document.list_nesting import nest_lists
from docmill.pipeline.convert.document.page_bounds import clip_to_pages
from docmill.pipeline.convert.document.region_text import RegionTexts
from docmill.pipeline.convert.document.table_joins import TableJoins
from docmill.pipeline.convert.errors import PageError
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.convert.types import Box, OutlineEntry, PageUnderstanding
from docmill.pipeline.convert.understanding.descriptions import add_descriptions
from docmill.pipeline.convert.understanding.joining import append_document
from docmill.pipeline.convert.understanding.page_document import answer_document
from docmill.pipeline.convert.understanding.seams import join_across_seams
from docmill.pipeline.convert.upright import Turn, turned_regions, turned_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["add_pictures", "assemble", "document_json"]

_PICTURE_DPI = 144


def assemble(
    name: str,
    content_hash: str,
    pages: Iterable[PageParts],
    outline: Sequence[OutlineEntry],
    options: AssemblyOptions,
) -> DoclingDocument:
    """The document, with every item's page and box as provenance.

    A page whose layout failed keeps its text: each line becomes a text item. A page that a vision-language
    model has understood is made of its answer, and its neighbours' paragraphs run on over the seams.
    """
    turns: dict[int, Turn] = {}
    code, joins, looks, title = CodeLines(), TableJoins(), HeadingLooks(), DocumentTitle()
    texts = RegionTexts() if options.joining else None
    described: list[PageUnderstanding] = []

    def upright() -> Iterator[PageParts]:
        for page in pages:
            if page.understood and page.understood.pictures:
                described.append(page.understood)
            parts = _upright(page, turns)
            if not _is_understood(parts):
                code.add(parts)
                joins.add(parts)
                title.add(parts)
                looks.add(parts)
            yield parts

    document: DoclingDocument | None = None
    seams: set[int] = set()
    for understood, run in groupby(upright(), key=_is_understood):
        if understood:
            document = document or assemble_document(name, content_hash, ())
            for parts in run:
                seams |= {parts.content.number - 1, parts.content.number}
                append_document(document, _answered(parts))
            continue
        assembled = assemble_document(name, content_hash, run, top_down=options.hierarchy, texts=texts)
        if options.hierarchy:
            move_continued_boxes(assembled)
        if document is None:
            document = assembled
        else:
            append_document(document, assembled)
    document = document or assemble_document(name, content_hash, ())
    if texts:
        texts.settle(document)
    join_across_seams(document, seams)
    if options.hierarchy:
        set_heading_levels(document, outline, looks)
        nest_lists(document)
        title.restore(document)
        code.restore(document)
        joins.join(document)
    for number, turn in turns.items():
        _turn_back(document, number, turn)
    if options.hierarchy:
        clip_to_pages(document)
    for page in described:
        add_descriptions(document, page.number, page.pictures)
    return document


def add_pictures(document: DoclingDocument, render: Callable[[int, float, Box], NDArray[np.uint8]]) -> None:
    """Crop each picture at 144 dpi into the document; `render(page, scale, box)` draws a box of a page.

    A picture that cannot be drawn is left out.
    """
    scale = _PICTURE_DPI / 72
    for picture in document.pictures:
        box = _picture_box(document, picture)
        if box is not None:
            with suppress(PageError):
                image = Image.fromarray(render(picture.prov[0].page_no, scale, box))
                picture.image = ImageRef.from_pil(image, dpi=_PICTURE_DPI)


def document_json(document: DoclingDocument) -> bytes:
    """The document as docling-core saves it: JSON with aliases, without nulls."""
    text: str = document.model_dump_json(by_alias=True, exclude_none=True)
    return text.encode()


def _is_understood(parts: PageParts) -> bool:
    return parts.understood is not None and bool(parts.understood.text)


def _answered(parts: PageParts) -> DoclingDocument:
    understood, content = parts.understood, parts.content
    assert understood is not None
    return answer_document(understood.text, understood.format, content.number, content.width, content.height)


def _upright(parts: PageParts, turns: dict[int, Turn]) -> PageParts:
    """The page as assembly wants it: upright, and with its text when its layout failed."""
    turn = Turn.of(parts.content, parts.ocr)
    content, ocr, layout, tables = (
        turn.content(parts.content),
        turn.ocr(parts.ocr),
        parts.layout,
        parts.tables,
    )
    if turn.angle:
        turns[content.number] = turn
        layout = replace(layout, clusters=turned_regions(layout.clusters, turn.box))
        tables = replace(tables, tables=turned_tables(tables.tables, turn.box))
    if layout.error and not _is_understood(parts):
        layout = replace(layout, clusters=postprocess(content, ocr, []))
    return PageParts(content, ocr, layout, tables, parts.understood)


def _turn_back(document: DoclingDocument, number: int, turn: Turn) -> None:
    """Give a page that was turned upright its displayed size, and its items their displayed boxes."""

    def displayed(box: BoundingBox) -> BoundingBox:
        upright = box.to_top_left_origin(turn.size[1])
        turned = astuple(turn.back(Box(*upright.as_tuple())))
        back: BoundingBox = BoundingBox.from_tuple(turned, CoordOrigin.TOPLEFT)
        return back.to_bottom_left_origin(turn.height) if box.coord_origin != CoordOrigin.TOPLEFT else back

    for item in (*document.texts, *document.tables, *document.pictures, *document.key_value_items):
        for prov in item.prov:
            if prov.page_no == number:
                prov.bbox = displayed(prov.bbox)
    for table in document.tables:
        if table.prov and table.prov[0].page_no == number:
            for cell in table.data.table_cells:
                cell.bbox = displayed(cell.bbox) if cell.bbox else None
    document.pages[number].size = Size(width=turn.width, height=turn.height)


def _picture_box(document: DoclingDocument, picture: PictureItem) -> Box | None:
    if not picture.prov:
        return None
    page = document.pages[picture.prov[0].page_no]
    box = picture.prov[0].bbox.to_top_left_origin(page.size.height)
    return Box(box.l, box.t, box.r, box.b) if box.width >= 1 and box.height >= 1 else None
