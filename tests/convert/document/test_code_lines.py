from __future__ import annotations

import pytest

from docmill.pipeline.convert.document.code_lines import code_text
from docmill.pipeline.convert.types import Box, TextCell

ADVANCE, PITCH = 6.0, 12.0


def typed(*rows: str) -> list[TextCell]:
    """Lines of a listing, each cut at runs of two or more spaces as PDFium's are."""
    lines = []
    for number, row in enumerate(rows):
        text = row.strip()
        if text:
            left = 50 + ADVANCE * (len(row) - len(row.lstrip()))
            top = 100 + PITCH * number
            lines.append(TextCell(text, Box(left, top, left + ADVANCE * len(text), top + 9), 0, 1))
    return lines


@pytest.mark.parametrize(
    "rows",
    [
        ("def add(a, b):", "    return a + b"),
        ("if x:", "    for y in x:", "        print(y)", "", "done()"),
        ("one line",),
    ],
)
def test_lines_and_indentation_come_back(rows: tuple[str, ...]) -> None:
    assert code_text(list(reversed(typed(*rows)))) == "\n".join(rows)


def test_pieces_of_one_line_stay_on_it() -> None:
    lines = [
        TextCell("x = 1", Box(50, 100, 80, 109), 0, 1),
        TextCell("# one", Box(50 + 12 * ADVANCE, 100.4, 50 + 17 * ADVANCE, 109.4), 0, 1),
        TextCell("y = 2", Box(50, 112, 80, 121), 0, 1),
    ]
    assert code_text(lines) == "x = 1       # one\ny = 2"


def test_degenerate_lines_give_no_text() -> None:
    assert code_text([]) == ""
    assert code_text([TextCell("", Box(0, 0, 0, 0), 0, 0)]) == ""
