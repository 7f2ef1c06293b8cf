"""Dots between the cells of a row."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.tables.geometry.leaders import without_leader


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Net income ..........", "Net income"),
        ("Net income . . . . .", "Net income"),
        ("Taxes, etc.........", "Taxes, etc"),
        ("Dividends\u2026\u2026", "Dividends"),
        ("and so on...", "and so on..."),
        ("to be continued\u2026", "to be continued\u2026"),
        ("Inc.", "Inc."),
        (".....", "....."),
        ("", ""),
        ("Name ______", "Name ______"),
    ],
)
def test_a_cell_ends_with_its_words(text: str, bare: str) -> None:
    assert without_leader(text) == bare
