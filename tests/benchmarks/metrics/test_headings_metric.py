from __future__ import annotations

import pytest
from docling_core.types.doc import DocItemLabel
from rapidfuzz import fuzz

from benchmarks.metrics.counts import Counts
from benchmarks.metrics.headings import compare_headings, heading_texts
from tests.benchmarks.handmade import add_picture_with_text, blank, rich_document


@pytest.mark.parametrize(("changed", "likeness", "hit"), [(7, 86, 1), (8, 84, 0)])
def test_the_limit_is_85_percent(changed: int, likeness: float, hit: int) -> None:
    truth = "x" * 50
    predicted = "x" * (50 - changed) + "y" * changed  # each change is a deletion and an insertion of 100
    assert fuzz.ratio(truth, predicted) == likeness
    assert compare_headings([truth], [predicted]) == Counts(hit, 1 - hit, 1 - hit)


def test_matching_is_one_to_one() -> None:
    assert compare_headings(["Results"], ["Results", "Results"]) == Counts(1, 0, 1)
    assert compare_headings(["Results", "Results"], ["Results"]) == Counts(1, 1, 0)
    assert compare_headings(["Results", "Method"], ["Method", "Discussion"]).f1 == 0.5


def test_titles_and_section_headers_count_alike_and_spaces_do_not() -> None:
    predicted = blank()
    predicted.add_heading("On   mills ")
    predicted.add_title("Stones")
    predicted.add_heading("  ")
    truth = heading_texts(rich_document())
    assert truth == ["On mills", "Stones"]
    assert compare_headings(truth, heading_texts(predicted)) == Counts(2, 0, 0)


def test_headings_inside_pictures_are_left_out() -> None:
    document = blank()
    picture = add_picture_with_text(document, (50, 200, 300, 400), (60, 210, 120, 220))
    document.add_text(label=DocItemLabel.SECTION_HEADER, text="In the drawing", parent=picture)
    assert heading_texts(document) == []


def test_nothing_on_either_side() -> None:
    assert compare_headings([], []).f1 is None
    assert compare_headings(["A"], []) == Counts(0, 1, 0)
    assert compare_headings([], ["A"]) == Counts(0, 0, 1)
