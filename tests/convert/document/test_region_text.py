"""The text of regions within whole documents."""

from __future__ import annotations

import pytest
from docling_core.types.doc import DoclingDocument

from docmill.pipeline.convert.document.assemble import assemble
from docmill.pipeline.convert.document.docling_stages import PageParts
from docmill.pipeline.convert.document.region_text import RegionTexts
from docmill.pipeline.convert.joining.lines import UNSETTLED
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.convert.types import Box, TextCell
from tests.convert.handmade import line, page


def made(*pages: PageParts, joining: bool = True) -> DoclingDocument:
    return assemble("report.pdf", "a" * 64, pages, (), AssemblyOptions(joining=joining))


def paragraph(number: int, *lines: str, left: float = 50.0, top: float = 50.0) -> PageParts:
    cells = [line(text, left, top + 12 * n) for n, text in enumerate(lines)]
    return page(number, cells, [("text", list(range(len(lines))))])


def texts(document: DoclingDocument) -> list[str]:
    return [item.text for item in document.texts]


def test_a_later_page_tells_what_a_hyphen_is() -> None:
    first = paragraph(1, "The walk-", "about of the walk-", "ers was a 2024-", "0151.")
    document = made(first, paragraph(2, "Each walk-about is one."))
    assert texts(document) == ["The walk-about of the walkers was a 2024-0151.", "Each walk-about is one."]
    [item, _] = document.texts
    assert item.orig == item.text
    assert item.prov[0].charspan == (0, len(item.text))
    assert texts(made(first))[0] == "The walkabout of the walkers was a 2024-0151."
    docling = made(first, paragraph(2, "Each walk-about is one."), joining=False)
    assert texts(docling)[0] == "The walkabout of the walkers was a 20240151."


def test_a_paragraph_that_runs_over_pages_is_joined_likewise() -> None:
    first = paragraph(1, "The big walk-", "about and the number 2024-")
    document = made(first, paragraph(2, "x151 of the walk-", "about."), paragraph(3, "A walk-about."))
    [item, _] = document.texts
    assert item.text == "The big walk-about and the number 2024-x151 of the walk-about."
    spans = [prov.charspan for prov in item.prov]
    assert [item.text[begin:end] for begin, end in spans] == [
        "The big walk-about and the number 2024-",
        "x151 of the walk-about.",
    ]


def test_parts_of_one_line_are_no_lines() -> None:
    def cell(text: str, left: float, top: float, right: float, bottom: float) -> TextCell:
        return TextCell(text, Box(left, top, right, bottom), 0, 1)

    write = RegionTexts.write
    assert write([cell("姓名", 50, 50, 70, 60), cell("张三", 100, 50, 120, 60)]) == "姓名 张三"
    assert write([cell("姓名", 50, 50, 70, 60), cell("张三", 50, 62, 70, 72)]) == "姓名张三"
    assert write([cell("1980\u2013", 50, 50, 90, 60), cell("90", 96, 50, 110, 60)]) == "1980- 90"
    assert write([cell("long-", 50, 50, 90, 60), cell("term", 90.5, 50, 110, 60)]) == "long-term"
    # columns of vertical text
    assert write([cell("委员会采", 100, 50, 112, 98), cell("取了措施", 84, 50, 96, 98)]) == "委员会采取了措施"
    assert write([cell(f"a{UNSETTLED}b", 50, 50, 90, 60), cell(" ", 50, 62, 90, 72)]) == "ab"
    assert write([]) == ""


@pytest.mark.parametrize(
    ("indent", "size", "expected"),
    [
        (0, 36, "Once upon a time there was a mill and a man."),
        (4, 36, "O nce upon a time there was a mill and a man."),  # as after "A", a word by itself
        (0, 14, "O nce upon a time there was a mill and a man."),
    ],
)
def test_an_initial_beside_its_lines(indent: float, size: float, expected: str) -> None:
    lines = [
        TextCell("O", Box(50, 50, 50 + size, 50 + size), 0, 1),
        TextCell("nce upon a time", Box(52 + size + indent, 50, 200, 60), 1, 1),
        TextCell("there was a mill", Box(52 + size, 62, 200, 72), 2, 1),
        TextCell("and a man.", Box(50, 92, 200, 102), 3, 1),
    ]
    assert RegionTexts.write(lines) == expected
