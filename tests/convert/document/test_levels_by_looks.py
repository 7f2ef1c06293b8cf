"""Levels of headings that neither bookmarks nor numbers give: they follow from how headings are set."""

from __future__ import annotations

from collections.abc import Sequence

from docling_core.types.doc.document import SectionHeaderItem

from docmill.pipeline.convert.document.assemble import assemble
from docmill.pipeline.convert.document.docling_stages import PageParts, postprocess
from docmill.pipeline.convert.document.heading_looks import Look, ranks
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.convert.types import OutlineEntry, PageLayout, PageTables
from tests.convert.layout.sheet import Sheet, Style

TITLE = ("Tides of the Inner Sound", 20, Style(bold=True))
BIG, SMALL = Style(bold=True), Style(font="Body-BoldItalic", bold=True, italic=True)


def levels(headings: Sequence[tuple[str, float, Style]], *outline: OutlineEntry) -> list[tuple[str, int]]:
    """Each heading of a page on which they stand over paragraphs, with its level."""
    sheet, y = Sheet(height=1600), 60.0
    for text, size, style in headings:
        sheet.line(72, y, text, size, **style)
        sheet.prose(72, y + 1.4 * size, 4)
        y += 75 + 1.4 * size
    regions = postprocess(sheet.page, None, fuse(sheet.page, None, [], document_style([sheet.page])))
    layout = PageLayout(number=1, clusters=regions)
    parts = PageParts(sheet.page, None, layout, PageTables(number=1))
    document = assemble("made", "0" * 64, [parts], outline, AssemblyOptions())
    return [(item.text, item.level) for item in document.texts if isinstance(item, SectionHeaderItem)]


def test_by_size_then_slant() -> None:
    found = levels(
        [TITLE, ("Gauges", 14, BIG), ("Harbour", 12, BIG), ("Quay", 12, SMALL), ("Storms", 14, BIG)]
    )
    assert [level for _, level in found] == [1, 2, 3, 1], "under the title, which has none"


def test_one_look_is_one_level() -> None:
    assert {level for _, level in levels([("Gauges", 14, BIG), ("Storms", 14, BIG)])} == {1}


def test_numbers_come_first_and_what_is_set_like_them_is_level_with_them() -> None:
    found = levels(
        [
            TITLE,
            ("Abstract", 11, BIG),
            ("1 Gauges", 14, BIG),
            ("1.1 Harbour", 14, BIG),
            ("2 Storms", 14, BIG),
            ("References", 14, BIG),
        ]
    )
    assert [level for _, level in found] == [1, 1, 2, 1, 1]


def test_letters_of_an_appendix_count_their_figures() -> None:
    found = levels(
        [("A. Gauges", 14, BIG), ("A.1 Harbour", 12, BIG), ("A.2 Quay", 12, BIG), ("B. Storms", 14, BIG)]
    )
    assert [level for _, level in found] == [1, 2, 2, 1]


def test_bookmarks_come_before_all_else() -> None:
    outline = [OutlineEntry("Gauges", 1, 1), OutlineEntry("Harbour", 2, 1), OutlineEntry("Storms", 1, 1)]
    found = levels(
        [("Gauges", 12, BIG), ("Harbour", 14, BIG), ("Storms", 12, BIG), ("Quay", 14, BIG)], *outline
    )
    assert [level for _, level in found] == [1, 2, 1, 2]


def test_an_acronym_is_set_as_others_are() -> None:
    found = levels([("Gauges", 14, BIG), ("API", 14, BIG), ("Storms", 14, BIG)])
    assert {level for _, level in found} == {1}


def test_sizes_that_hardly_differ_are_one() -> None:
    def look(size: float, *, ocr: bool = False) -> Look:
        return Look(size, bold=True, italic=False, capitals=False, ocr=ocr)

    assert len(set(ranks([look(14.0), look(13.5), look(12.0)]).values())) == 2
    assert len(set(ranks([look(14.0, ocr=True), look(12.0, ocr=True)]).values())) == 1
