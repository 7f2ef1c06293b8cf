from __future__ import annotations

import pytest
from docling_core.types.doc import DocItemLabel, DoclingDocument

from benchmarks.metrics.counts import Counts
from benchmarks.metrics.layout import LayoutCounts, add_layouts, compare_layout
from tests.benchmarks.handmade import add_picture_with_text, blank, place, rich_document, with_texts

THREE = [(50, 100, 250, 200), (50, 300, 250, 400), (50, 500, 250, 600)]


def whole(truth: DoclingDocument, predicted: DoclingDocument) -> LayoutCounts:
    return add_layouts(list(compare_layout(truth, predicted).values()))


def test_the_same_document_is_perfect() -> None:
    layout = whole(rich_document(), rich_document())
    # title, text, picture, caption, heading, table and list item; the text inside the picture is not judged
    assert layout.boxes == {"50": Counts(7, 0, 0), "75": Counts(7, 0, 0)}
    assert layout.labelled("75").f1 == 1.0
    assert layout.classes["section_header"]["50"] == Counts(2, 0, 0)


def test_two_of_three_match_at_half_and_one_at_three_quarters() -> None:
    # IoU 1, then 60 of 100 points high: 0.6, then 40 of 100: 0.4
    predicted = with_texts([THREE[0], (50, 300, 250, 360), (50, 500, 250, 540)])
    layout = whole(with_texts(THREE), predicted)
    assert layout.boxes["50"] == Counts(2, 1, 1)
    assert layout.boxes["75"] == Counts(1, 2, 2)
    assert layout.boxes["50"].f1 == pytest.approx(2 / 3)
    assert layout.boxes["75"].f1 == pytest.approx(1 / 3)


def test_a_threshold_is_reached_at_exactly_its_value() -> None:
    layout = whole(with_texts([(0, 0, 100, 100)]), with_texts([(0, 0, 100, 50)]))
    assert layout.boxes["50"] == Counts(1, 0, 0)


def test_origins_do_not_matter() -> None:
    layout = whole(with_texts(THREE, bottom_left=True), with_texts(THREE))
    assert layout.boxes["75"] == Counts(3, 0, 0)


def test_the_same_box_on_another_page_is_no_match() -> None:
    truth, predicted = blank(pages=2), blank(pages=2)
    truth.add_text(label=DocItemLabel.TEXT, text="x", prov=place(THREE[0], page=1))
    predicted.add_text(label=DocItemLabel.TEXT, text="x", prov=place(THREE[0], page=2))
    pages = compare_layout(truth, predicted)
    assert pages[1].boxes["50"] == Counts(0, 1, 0)
    assert pages[2].boxes["50"] == Counts(0, 0, 1)


def test_a_wrong_class_is_missed_and_false() -> None:
    layout = whole(with_texts(THREE[:1]), with_texts(THREE[:1], label=DocItemLabel.CAPTION))
    assert layout.boxes["50"] == Counts(1, 0, 0)
    assert layout.labelled("50") == Counts(0, 1, 1)
    assert layout.classes["text"]["50"] == Counts(0, 1, 0)
    assert layout.classes["caption"]["50"] == Counts(0, 0, 1)


def test_matching_finds_pairs_that_the_best_first_would_block() -> None:
    # truth 0 is nearest to prediction 0 (0.8), which truth 1 needs (0.75); it can take prediction 1 (0.72)
    truth = with_texts([(0, 0, 100, 100), (0, 0, 100, 60)])
    predicted = with_texts([(0, 0, 100, 80), (0, 28, 100, 100)])
    assert whole(truth, predicted).boxes["50"] == Counts(2, 0, 0)


def test_text_inside_a_picture_is_neither_missed_nor_false() -> None:
    truth, flat = blank(), blank()
    add_picture_with_text(truth, (50, 200, 300, 400), (60, 210, 160, 220))
    flat.add_picture(prov=place((50, 200, 300, 400)))
    flat.add_text(label=DocItemLabel.CAPTION, text="Figure 1", prov=place((50, 410, 300, 425)))
    assert whole(truth, flat).boxes["50"] == Counts(2, 0, 0)
    # a paragraph with 80 % of its area on the ignored text is excused, one with a third is not
    flat.add_text(label=DocItemLabel.TEXT, text="ax", prov=place((60, 212, 160, 222)))
    assert whole(truth, flat).boxes["50"] == Counts(2, 0, 0)
    assert whole(truth, flat).labelled("50") == Counts(2, 0, 0)
    flat.add_text(label=DocItemLabel.TEXT, text="is", prov=place((60, 210, 160, 240)))
    assert whole(truth, flat).boxes["50"] == Counts(2, 0, 1)


def test_predicted_text_inside_a_predicted_picture_is_left_out() -> None:
    truth, predicted = blank(), blank()
    truth.add_picture(prov=place((50, 200, 300, 400)))
    add_picture_with_text(predicted, (50, 200, 300, 400), (60, 210, 160, 220))
    assert whole(truth, predicted).boxes["50"] == Counts(1, 0, 1)  # the false one is the caption


def test_degenerate_boxes_and_unknown_pages_match_nothing() -> None:
    truth = with_texts([(10, 10, 10, 10)])
    predicted = with_texts([(10, 10, 10, 10)])
    predicted.add_text(label=DocItemLabel.TEXT, text="x", prov=place(THREE[0], page=9))
    assert whole(truth, predicted).boxes["50"] == Counts(0, 1, 2)


def test_nothing_to_find_has_no_f1() -> None:
    assert whole(blank(), blank()).boxes["50"].f1 is None
    assert whole(blank(), with_texts(THREE)).boxes["50"].f1 == 0.0
