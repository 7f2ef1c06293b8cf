"""Pages of several authors in one document."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from docling_core.types.doc import CoordOrigin, DocItem, DoclingDocument, TextItem
from docling_core.types.doc.document import ContentLayer, ListItem

from docmill.pipeline.convert.document.assemble import assemble, document_json
from docmill.pipeline.convert.document.docling_stages import PageParts
from docmill.pipeline.convert.document.formats import export
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.convert.types import Box, PageOcr, PageUnderstanding, PictureDescription, Word
from docmill.pipeline.convert.understanding.provenance import made_by
from tests.convert.handmade import line, page, region

HASH = "a" * 64
ANSWER = """<doctag><page_header><loc_50><loc_10><loc_450><loc_20>Log</page_header>
<text><loc_50><loc_30><loc_450><loc_60>{first}</text>
<otsl><loc_50><loc_100><loc_450><loc_200><ched>A<nl><fcel>1<nl><caption><loc_50><loc_205><loc_450><loc_215>Cap</caption></otsl>
<unordered_list><list_item><loc_50><loc_260><loc_250><loc_270>a</list_item>
<list_item><loc_90><loc_272><loc_250><loc_280>b</list_item></unordered_list>
<text><loc_50><loc_300><loc_450><loc_400>{last}</text>"""


def classic(number: int, *texts: str) -> PageParts:
    lines = [line(text, 50, 50 + 100 * n, width=500) for n, text in enumerate(texts)]
    return page(number, lines, [("text", [n]) for n in range(len(texts))])


def understood(number: int, first: str = "First.", last: str = "Last.") -> PageParts:
    said = PageUnderstanding(
        number=number, reason="all", format="doctags", text=ANSWER.format(first=first, last=last), model="vlm"
    )
    return replace(classic(number, "What the classic path saw."), understood=said)


def made(*pages: PageParts, hierarchy: bool = True) -> DoclingDocument:
    return assemble("report.pdf", HASH, pages, (), AssemblyOptions(hierarchy=hierarchy))


def texts(document: DoclingDocument) -> list[str]:
    found = document.iterate_items(included_content_layers={ContentLayer.BODY})
    return [item.text for item, _ in found if isinstance(item, TextItem)]


def all_items(document: DoclingDocument) -> list[DocItem]:
    found = document.iterate_items(included_content_layers=set(ContentLayer))
    return [item for item, _ in found if isinstance(item, DocItem)]


@pytest.mark.parametrize(
    "pages",
    [
        [understood(1), classic(2, "Two.")],
        [classic(1, "One."), understood(2), classic(3, "Three.")],
        [classic(1, "One."), understood(3), understood(4), classic(7, "Seven."), understood(9)],
        [understood(1)],
    ],
)
def test_pages_come_in_order_and_every_reference_holds(pages: list[PageParts]) -> None:
    document = made(*pages)
    numbers = [parts.content.number for parts in pages]
    assert list(document.pages) == numbers
    order = [item.prov[0].page_no for item in all_items(document)]
    assert order == sorted(order) and set(order) == set(numbers)
    again = DoclingDocument.model_validate_json(document_json(document))  # checks the tree
    assert len(all_items(again)) == len(all_items(document))
    assert document.name == "report" and document.origin is not None
    assert document.origin.filename == "report.pdf"
    boxes = [prov.bbox for item in all_items(document) for prov in item.prov]
    assert {box.coord_origin for box in boxes} == {CoordOrigin.BOTTOMLEFT}
    for name in ("texts", "tables", "groups"):
        assert [item.self_ref for item in getattr(document, name)] == [
            f"#/{name}/{n}" for n in range(len(getattr(document, name)))
        ]
    for format_ in ("md", "html", "doctags", "chunks"):
        assert export(document, format_)


def test_without_answers_the_document_is_the_same_to_the_byte() -> None:
    pages = [classic(1, "It goes on and"), classic(2, "on to the next page.")]
    asked = [
        replace(p, understood=PageUnderstanding(number=p.content.number, error="it failed")) for p in pages
    ]
    assert document_json(made(*asked)) == document_json(made(*pages))


def test_an_answer_takes_the_place_of_the_classic_page() -> None:
    document = made(classic(1, "One."), understood(2))
    assert texts(document) == ["One.", "First.", "Cap", "a", "b", "Last."]
    items = [item for item in document.texts if isinstance(item, ListItem)]
    assert items[1].parent is not None and items[1].parent.resolve(document).parent.cref == items[0].self_ref


def test_paragraphs_run_on_over_a_seam_on_both_sides() -> None:
    document = made(
        classic(1, "The light was lit and"),
        understood(2, "burned all night.", "the sea was very-"),
        classic(3, "calm."),
    )
    assert "The light was lit and burned all night." in texts(document)
    assert "the sea was verycalm." in texts(document)
    joined = next(item for item in document.texts if item.text.startswith("The light"))
    assert [prov.page_no for prov in joined.prov] == [1, 2]
    start, stop = joined.prov[1].charspan
    assert joined.text[start:stop] == "burned all night."
    authors = made_by(document, {2: "vlm"}, "layout")
    assert authors[joined.self_ref] == "layout + vlm"
    assert authors[document.tables[0].self_ref] == "vlm"
    assert set(authors) == {item.self_ref for item in all_items(document)}


@pytest.mark.parametrize(
    ("before", "after"), [("It ends.", "next one"), ("goes on and", "2 of them"), ("It ENDS", "next")]
)
def test_paragraphs_that_end_are_not_joined(before: str, after: str) -> None:
    assert made(classic(1, before), understood(2, after)).texts[0].text == before


def test_paragraphs_are_not_joined_over_a_missing_page() -> None:
    assert "goes on and" in texts(made(classic(1, "goes on and"), understood(3, "burned all night.")))


def test_a_page_that_lies_on_its_side_is_put_back() -> None:
    parts = understood(1)
    words = [Word("sideways", Box(10.0, 10.0, 20.0, 100.0), 10.0, -1, angle=90)]
    content = msgspec.structs.replace(parts.content, words=words, cells=[])
    turned = replace(parts, content=content, ocr=PageOcr(number=1))
    document = made(turned)
    assert (document.pages[1].size.width, document.pages[1].size.height) == (612.0, 792.0)
    box = document.tables[0].prov[0].bbox.to_top_left_origin(792.0)
    # 50..450 of 500 across the upright page runs down the displayed one
    assert (box.t, box.b) == pytest.approx((79.2, 712.8))


def test_descriptions_reach_their_pictures() -> None:
    parts = classic(1, "One.")
    box = Box(100.0, 300.0, 400.0, 500.0)
    parts.layout.clusters.append(region(9, "picture", (box.l, box.t, box.r, box.b)))
    said = PageUnderstanding(
        number=1,
        pictures=[
            PictureDescription(region=9, box=box, text="A lighthouse.", model="vlm"),
            PictureDescription(region=8, box=Box(0.0, 0.0, 50.0, 50.0), text="Nothing.", model="vlm"),
        ],
    )
    [picture] = made(replace(parts, understood=said)).pictures
    assert picture.meta is not None and picture.meta.description is not None
    assert (picture.meta.description.text, picture.meta.description.created_by) == ("A lighthouse.", "vlm")
