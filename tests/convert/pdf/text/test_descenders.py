"""Small lines right under a big one."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.descenders import line_bottoms
from docmill.pipeline.convert.types import Box, PageContent
from tests.convert.pdf_builder import Builder, text


def read(tmp_path: Path, content: str) -> PageContent:
    builder = Builder()
    builder.page(content)
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        return read_page(pdf, 1)


@pytest.mark.parametrize("gap", [6, 10, 14])
@pytest.mark.parametrize("first", ["big", "small"])
def test_a_big_line_ends_where_a_small_one_begins(tmp_path: Path, gap: float, first: str) -> None:
    big, small = text(72, 500, "Garden Days", size=60), text(90, 500 - gap, "May 3 to 5, Anytown", size=7)
    page = read(tmp_path, big + small if first == "big" else small + big)
    upper, lower = sorted(page.cells, key=lambda line: line.box.t)
    assert (upper.text, lower.text) == ("Garden Days", "May 3 to 5, Anytown")
    assert upper.box.b <= lower.box.t + 0.01
    assert all(word.box.inside(upper.box) > 0.999 for word in page.words[upper.first : upper.first + 2])


def test_lines_of_one_size_and_lines_beside_keep_their_boxes() -> None:
    big, body = Box(50, 100, 300, 160), Box(50, 156, 300, 200)
    assert line_bottoms([big, body]) == {}
    assert line_bottoms([big, Box(310, 150, 400, 158)]) == {}
    assert line_bottoms([big, Box(60, 110, 100, 118)]) == {}  # a raised sign, not a line below
    assert line_bottoms([big, Box(60, 150, 100, 158), Box(60, 152, 90, 160)]) == {0: 150}
    assert line_bottoms([Box(50, 100, 80, 130), Box(79, 121, 300, 130), Box(79, 111, 300, 120)]) == {}
    assert line_bottoms([]) == line_bottoms([Box(0, 0, 1, 0), Box(0, 0, 1, 0)]) == {}
