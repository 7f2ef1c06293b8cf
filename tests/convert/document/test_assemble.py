"""Documents put together: what is done beyond docling's own stages."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from docling_core.types.doc import DoclingDocument, SectionHeaderItem
from numpy.typing import NDArray
from PIL import Image

from docmill.pipeline.convert.document.assemble import add_pictures, assemble, document_json
from docmill.pipeline.convert.document.docling_stages import PageParts
from docmill.pipeline.convert.errors import PageTooLargeError
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.convert.types import (
    Box,
    OutlineEntry,
    PageContent,
    PageLayout,
    PageTables,
    TextCell,
    Word,
)
from tests.convert.handmade import line, page, region

HASH = "a" * 64


def made(
    *pages: PageParts, outline: tuple[OutlineEntry, ...] = (), hierarchy: bool = True
) -> DoclingDocument:
    return assemble("report.pdf", HASH, pages, outline, AssemblyOptions(hierarchy=hierarchy))


def listed() -> PageParts:
    lines = [
        line("1 One", 50, 40),
        line("1.1 Inner", 50, 80),
        line("- a", 50, 120),
        line("- b", 80, 140),
        line("- c", 50, 160),
        line("1.2 Other", 50, 200),
        line("2 Two", 50, 240),
    ]
    labels = [*["section_header"] * 2, *["list_item"] * 3, *["section_header"] * 2]
    return page(1, lines, [(label, [n]) for n, label in enumerate(labels)])


def test_hierarchy_nests_lists_and_infers_heading_levels() -> None:
    document = made(listed())
    assert [t.level for t in document.texts if isinstance(t, SectionHeaderItem)] == [1, 2, 2, 1]
    text = document.export_to_markdown()
    assert text.startswith("## 1 One\n\n### 1.1 Inner\n\n- a\n    - b\n- c\n")


def test_without_hierarchy_the_document_is_as_docling_makes_it() -> None:
    document = made(listed(), hierarchy=False)
    assert [t.level for t in document.texts if isinstance(t, SectionHeaderItem)] == [1] * 4
    assert document.export_to_markdown().startswith("## 1 One\n\n## 1.1 Inner\n\n- a\n- b\n- c\n")


def test_bookmarks_reach_the_headings() -> None:
    lines = [line("Sea", 50, 40), line("Tide", 50, 80)]
    parts = page(1, lines, [("section_header", [0]), ("section_header", [1])])
    document = made(parts, outline=(OutlineEntry("Sea", 1, 1), OutlineEntry("Tide", 2, 1)))
    assert [t.level for t in document.texts if isinstance(t, SectionHeaderItem)] == [1, 2]


def test_a_page_whose_layout_failed_keeps_its_text() -> None:
    broken = page(1, [line("Still here.", 50, 50), line("And this.", 50, 300)], [])
    broken.layout.error = "crashed"
    document = made(broken, page(2, [line("Next page.", 50, 50)], [("text", [0])]))
    assert [text.text for text in document.texts] == ["Still here.", "And this.", "Next page."]
    assert broken.layout.clusters == []  # what was read from the store is not changed


def test_a_page_that_could_not_be_read_is_an_empty_page() -> None:
    failed = PageParts(
        PageContent(number=1, width=612.0, height=792.0, error="cannot be loaded"),
        None,
        PageLayout(number=1),
        PageTables(number=1),
    )
    document = made(failed)
    assert list(document.pages) == [1]
    assert document.texts == []


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_sideways_page_keeps_its_displayed_places(angle: int) -> None:
    width, height = (792.0, 612.0) if angle in (90, 270) else (612.0, 792.0)
    # two lines of a paragraph; on a page read downwards (90) the second lies to the left of the first
    boxes = {
        90: [Box(700, 50, 710, 250), Box(688, 50, 698, 250)],
        180: [Box(362, 732, 562, 742), Box(362, 720, 562, 730)],
        270: [Box(50, 362, 60, 562), Box(62, 362, 72, 562)],
    }[angle]
    texts = ["First line of the", "paragraph that is here."]
    content = PageContent(
        number=1,
        width=width,
        height=height,
        words=[Word(text, box, 10.0, -1, angle=angle) for text, box in zip(texts, boxes, strict=True)],
        cells=[TextCell(text, box, n, 1) for n, (text, box) in enumerate(zip(texts, boxes, strict=True))],
    )
    around = boxes[0].union(boxes[1])
    found = region(0, "text", (around.l, around.t, around.r, around.b), cells=[0, 1])
    parts = PageParts(content, None, PageLayout(number=1, clusters=[found]), PageTables(number=1))
    document = made(parts)
    [item] = document.texts
    assert item.text == " ".join(texts)
    assert document.pages[1].size.as_tuple() == (width, height)
    box = item.prov[0].bbox.to_top_left_origin(height)
    assert (box.l, box.t, box.r, box.b) == pytest.approx((around.l, around.t, around.r, around.b))


# --- pictures ---


def with_pictures(*boxes: tuple[float, float, float, float]) -> DoclingDocument:
    parts = page(1, [], [])
    parts.layout.clusters += [region(n, "picture", box) for n, box in enumerate(boxes)]
    return made(parts)


def render(_page: int, scale: float, box: Box) -> NDArray[np.uint8]:
    shade = np.uint8(box.l % 256)
    return np.full((round(box.height * scale), round(box.width * scale), 3), shade, np.uint8)


def test_pictures_are_cropped_at_144_dpi() -> None:
    document = with_pictures((100, 200, 300, 250))
    add_pictures(document, render)
    [picture] = document.pictures
    assert picture.image is not None
    assert (picture.image.dpi, picture.image.size.as_tuple()) == (144, (400, 100))
    image = Image.open(io.BytesIO(base64.b64decode(str(picture.image.uri).partition(",")[2])))
    assert image.getpixel((5, 5)) == (100, 100, 100)


def test_a_picture_that_cannot_be_drawn_is_left_out() -> None:
    def too_large(page: int, scale: float, box: Box) -> NDArray[np.uint8]:
        if box.l < 100:
            raise PageTooLargeError("too large", page=page)
        return render(page, scale, box)

    document = with_pictures((50, 50, 90, 90), (300, 300, 400, 400))
    add_pictures(document, too_large)
    assert [picture.image is not None for picture in document.pictures] == [False, True]


def test_a_picture_of_no_size_is_left_out() -> None:
    document = with_pictures((50, 50, 50.5, 90))
    add_pictures(document, render)
    assert [picture.image for picture in document.pictures] == [None]


# --- JSON ---


def test_the_json_is_docling_s_own() -> None:
    document = made(listed())
    data = document_json(document)
    assert DoclingDocument.model_validate_json(data) == document
    assert json.loads(data) == document.export_to_dict()
    assert b": null" not in data
    assert b":null" not in data
