"""Items of a page with the regions that they were made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from docmill.pipeline.convert.types import Box, Cluster
from docmill.pipeline.corpus.view.blocks import Source, blocks_of
from tests.corpus.view.handmade import FOOT, MIDDLE, TOP, handmade_blocks, item, line, region


def ids(found: list[Cluster | None]) -> list[int | None]:
    return [each.id if each else None for each in found]


def test_items_come_in_their_order_with_their_regions_and_then_what_was_left_out() -> None:
    blocks = handmade_blocks()
    assert ids([each.region for each in blocks]) == [0, 1, 2, 3]
    assert [each.fate for each in blocks] == ["body", "body", "furniture", "left_out"]
    assert blocks[3].text == "in the margin"


def test_a_box_that_moved_a_little_is_still_the_same_region() -> None:
    near, far = region(0, box=Box(50, 50, 250, 96)), region(1, box=FOOT)
    [found, lost] = blocks_of([item()], [far, near], [], [], None)
    assert (found.region, lost.region) == (near, far)


def test_two_items_with_one_box_take_the_region_of_their_label_each() -> None:
    items = [item("text"), item("picture", ref="#/pictures/0")]
    found = blocks_of(items, [region(0, "picture"), region(1, "text")], [], [], None)
    assert ids([each.region for each in found]) == [1, 0]


def test_an_item_far_from_all_regions_has_none() -> None:
    found = blocks_of([item(box=MIDDLE)], [region(0, box=TOP)], [], [], None)
    assert [(each.item is None, each.region is None) for each in found] == [(False, True), (True, False)]


def test_labels_in_pictures_are_inside_and_captions_are_not() -> None:
    picture = item("picture", MIDDLE, "", "#/pictures/0")
    label = item("text", Box(60, 210, 80, 220), "axis", "#/texts/1")
    caption = item("caption", FOOT, "Figure 1", "#/texts/2")
    inside = region(1, "text", Box(60, 210, 80, 220))
    drawn = region(0, "picture", MIDDLE, children=[inside])
    items = [picture, replace(label, parent=picture.ref), replace(caption, parent=picture.ref)]
    found = blocks_of(items, [drawn, region(2, "caption", FOOT)], [], [], None)
    assert [each.fate for each in found] == ["body", "in_picture", "body"]
    assert [each.inside for each in found] == [False, True, False]


def test_without_a_document_all_regions_are_shown() -> None:
    [found] = blocks_of(None, [region(0, cells=[0, 9])], [], [line("kept")], None)
    assert (found.fate, found.text, found.label) == ("no_document", "kept", "text")


def test_the_detectors_box_is_the_nearest_one() -> None:
    seen = [region(5, "title", Box(50, 50, 250, 90)), region(6, "text", MIDDLE)]
    [found] = blocks_of([item()], [region(0)], seen, [], None)
    assert found.seen is seen[0]
    [found] = blocks_of([item()], [region(0)], seen[1:], [], None)
    assert found.seen is None


def test_thousands_of_boxes_are_no_quadratic_matter() -> None:
    boxes = [Box(x, y, x + 2, y + 2) for x in range(0, 300, 3) for y in range(0, 150, 3)]
    items = [item(box=box, ref=f"#/texts/{at}") for at, box in enumerate(boxes)]
    found = blocks_of(items, [region(at, box=box) for at, box in enumerate(boxes)], [], [], None)
    assert ids([each.region for each in found]) == list(range(len(boxes)))


def test_a_source_counts_lines_and_how_sure_ocr_was() -> None:
    source = Source.of([line("of the layer"), line("read 1", 0.9), line("re-ad", 0.5)])
    assert (source.layer_lines, source.ocr_lines, source.ocr_characters) == (1, 2, 9)
    assert source.mean == pytest.approx(0.7)
    assert source.lowest == 0.5
    assert Source.of([]).mean is None
