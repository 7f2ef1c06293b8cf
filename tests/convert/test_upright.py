"""Pages whose text runs sideways: turned upright, and what is found on them turned back."""

from __future__ import annotations

import numpy as np
import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import (
    Box,
    Cluster,
    Link,
    PageContent,
    PageOcr,
    Ruling,
    TableCell,
    TableStructure,
    TextCell,
    Widget,
    Word,
)
from docmill.pipeline.convert.upright import Turn, text_angle, turned_regions, turned_tables

TEXTS = ["Results of the trial"] + ["the lantern room of the old lighthouse was closed to visitors"] * 5


def page(texts: list[str] = TEXTS) -> PageContent:
    """An upright page with a heading, a paragraph and a bitmap."""
    content = PageContent(number=1, width=612, height=792, bitmaps=[Box(72, 300, 300, 420)])
    for number, text in enumerate(texts):
        size, top = (16.0, 100.0) if not number else (10.0, 130.0 + 12 * number)
        box = Box(72, top, 72 + len(text) * size // 2, top + size)
        content.cells.append(TextCell(text, box, number, 1))
        content.words.append(Word(text, box, size, -1))
    return content


def sideways(content: PageContent, angle: int) -> PageContent:
    """The same page with its text running at `angle`."""
    return Turn((360 - angle) % 360, content.width, content.height).content(content)


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_sideways_pages_get_the_upright_page_s_regions(angle: int) -> None:
    shown = sideways(page(), angle)
    assert {word.angle for word in shown.words} == {angle}
    turn = Turn.of(shown, None)
    assert (turn.angle, turn.size) == (angle, (612, 792))
    upright = turn.content(shown)
    assert upright == page()
    regions = turned_regions(fuse(upright, None, []), turn.back)
    assert {region.label for region in regions} == {"section_header", "text", "picture"}
    boxes = [region.box for region in regions if region.label == "picture"]
    assert boxes == shown.bitmaps


def test_a_few_sideways_words_turn_nothing() -> None:
    content = page()
    content.words.append(Word("stamp", Box(20, 300, 30, 330), 10, -1, 270))
    assert text_angle(content, None) == 0


def test_recognised_text_counts() -> None:
    scan = PageOcr(number=1, words=[Word("upside-down", Box(20, 300, 90, 310), 10, -1, 180)])
    assert text_angle(PageContent(number=1, width=612, height=792), scan) == 180
    assert text_angle(PageContent(number=1, width=612, height=792), None) == 0


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_everything_on_a_page_turns(angle: int) -> None:
    box = Box(10, 20, 40, 90)
    content = PageContent(
        number=1,
        width=200,
        height=100,
        rulings=[Ruling(10, 20, 40, 20)],
        shapes=[box],
        links=[Link(box, uri="https://example.org")],
        widgets=[Widget(box, "text")],
        scanned=[box],
    )
    turn = Turn(angle, 200, 100)
    turned = turn.content(content)
    width, height = turn.size
    assert (turned.width, turned.height) == (width, height)
    for moved in (*turned.shapes, *turned.scanned, turned.links[0].box, turned.widgets[0].box):
        assert 0 <= moved.l < moved.r <= width
        assert 0 <= moved.t < moved.b <= height
        assert turn.back(moved) == box
    assert turned.rulings[0].horizontal == (angle in (0, 180))
    region = Cluster(
        id=0, label="table", score=1.0, box=box, children=[Cluster(id=1, label="text", score=1.0, box=box)]
    )
    assert turned_regions(turned_regions([region], turn.box), turn.back) == [region]
    table = TableStructure(
        region=0, num_rows=1, num_cols=2, cells=[TableCell(row=0, col=0, box=box), TableCell(row=0, col=1)]
    )
    assert turned_tables(turned_tables([table], turn.box), turn.back) == [table]


def test_the_turned_page_is_drawn_upright() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    image[0, 0] = 255  # the displayed page's top left corner
    drawn = Turn(90, 6, 4).render(lambda scale, box: image)(1.0, None)
    assert drawn.shape == (6, 4, 3)
    assert drawn[5, 0].all()  # what ran downwards runs to the right: the top left went to the bottom left
