"""Which heading is the document's title, and which are only its first or its largest."""

from __future__ import annotations

import pytest
from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.document import SectionHeaderItem, TitleItem
from msgspec.structs import replace

from docmill.pipeline.convert.document.assemble import assemble
from docmill.pipeline.convert.document.docling_stages import PageParts
from docmill.pipeline.convert.document.document_title import DocumentTitle
from docmill.pipeline.convert.options import AssemblyOptions
from tests.convert.handmade import line, page


def sized(parts: PageParts, sizes: dict[int, float]) -> PageParts:
    """The page with its words in other sizes."""
    words = [replace(word, size=sizes.get(n, 10.0)) for n, word in enumerate(parts.content.words)]
    return PageParts(replace(parts.content, words=words), parts.ocr, parts.layout, parts.tables)


def paper(title: str = "Tides in Small Harbours", top: float = 60) -> PageParts:
    lines = [
        line(title, 200, top),
        line("1 Introduction", 72, top + 40),
        *(line("a line of the text that goes on", 72, top + 60 + 12 * n) for n in range(6)),
    ]
    regions = [("section_header", [0]), ("section_header", [1]), ("text", list(range(2, 8)))]
    return page(1, lines, regions)


def titles(*parts: PageParts, hierarchy: bool = True) -> list[str]:
    options = AssemblyOptions(hierarchy=hierarchy)
    document = assemble("paper.pdf", "ab" * 32, parts, [], options)
    return [item.text for item in document.texts if isinstance(item, TitleItem)]


def test_the_largest_heading_of_the_first_page_is_the_title() -> None:
    document = assemble(
        "p.pdf", "ab" * 32, [sized(paper(), {0: 17, 1: 12})], [], AssemblyOptions(hierarchy=True)
    )
    assert document.export_to_markdown().startswith("# Tides in Small Harbours\n\n## 1 Introduction")
    assert [type(item) for item in document.texts[:2]] == [TitleItem, SectionHeaderItem]
    assert document.body.children[0].resolve(document) is document.texts[0]


@pytest.mark.parametrize(
    ("title", "sizes", "top"),
    [
        pytest.param("Tides in Small Harbours", {0: 12, 1: 12}, 60, id="no larger than a section's heading"),
        pytest.param("Tides in Small Harbours", {0: 11, 1: 10}, 60, id="hardly larger than the text"),
        pytest.param("3 Tides in Small Harbours", {0: 17, 1: 12}, 60, id="numbered"),
        pytest.param("Abstract", {0: 17, 1: 12}, 60, id="usual"),
        pytest.param("Tides in Small Harbours", {0: 17, 1: 12}, 600, id="at the foot"),
    ],
)
def test_other_headings_are_none(title: str, sizes: dict[int, float], top: float) -> None:
    assert titles(sized(paper(title, top), sizes)) == []


def test_the_first_page_alone_has_it_and_docling_has_none() -> None:
    large = sized(paper(), {0: 17, 1: 12})
    later = PageParts(replace(large.content, number=2), None, replace(large.layout, number=2), large.tables)
    assert titles(sized(paper("Abstract"), {}), later) == []
    assert titles(large, hierarchy=False) == []


def test_a_lone_heading_is_no_title() -> None:
    lines = [line("Only This", 200, 60), *(line("some text of it", 72, 100 + 12 * n) for n in range(6))]
    regions = [("section_header", [0]), ("text", list(range(1, 7)))]
    assert titles(sized(page(1, lines, regions), {0: 17})) == []


def test_a_document_without_headings_stays_as_it_is() -> None:
    title = DocumentTitle()
    title.add(paper())
    document = DoclingDocument(name="empty")
    title.restore(document)
    assert document.texts == []
