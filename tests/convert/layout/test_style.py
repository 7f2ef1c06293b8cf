"""What a document's pages have in common."""

from __future__ import annotations

import msgspec

from docmill.pipeline.convert.layout.style import DocumentStyle, StyleCollector, document_style
from docmill.pipeline.convert.types import PageContent
from tests.convert.layout.sheet import Sheet


def page(number: int) -> PageContent:
    sheet = Sheet()
    sheet.line(72, 40, f"Annual report {number}", 8)
    sheet.line(72, 90, ["First", "Second", "Third"][number % 3] * number, 16, bold=True)
    sheet.prose(72, 120 + number, 20, words=9 + number % 3)
    sheet.line(300, 750, str(number))
    return sheet.page


def test_body_size_is_what_most_characters_have() -> None:
    assert document_style([page(1)]).body_size == 10


def test_margin_lines_repeat_whatever_their_numbers() -> None:
    style = document_style(map(page, range(1, 7)))
    assert style.pages == 6
    assert len(style.furniture) == 2
    assert document_style([page(1)]).furniture == ()


def test_collector_streams_and_the_style_round_trips() -> None:
    collector = StyleCollector()
    for number in range(1, 4):
        collector.add(page(number))
    style = collector.style()
    assert style == document_style(map(page, range(1, 4)))
    assert msgspec.json.decode(msgspec.json.encode(style), type=DocumentStyle) == style


def test_no_pages() -> None:
    assert document_style([]) == DocumentStyle()
