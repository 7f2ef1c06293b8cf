"""Batches that are cut into ranges of pages."""

from __future__ import annotations

import random

import pytest

from docmill.pipeline.stages.mapped.ranges import PageRange, cut, numbered
from docmill.pipeline.stages.selection import CHUNK_PAGES, Pages, chunked, singly
from tests.support.stage_runs import document


def test_a_range_is_told_by_its_key_alone() -> None:
    pages = PageRange((1, 9), (12, 5000))
    assert pages.key == "doc1_page9_to_doc12_page5000"
    assert PageRange.of_key(pages.key) == pages
    with pytest.raises(ValueError, match="no range of pages"):
        PageRange.of_key("doc1_page9")


@pytest.mark.parametrize("most", [1, CHUNK_PAGES, 20, 100, 1000])
def test_every_chunk_is_in_one_range_and_no_range_is_longer_than_it_may_be(most: int) -> None:
    random.seed(most)
    left = [
        (number, [*chunked(range(1, random.randint(1, 90))), *singly(range(100, random.randint(101, 120)))])
        for number in range(1, 12)
    ]
    chunks = [(number, chunk) for number, some in left for chunk in some]
    ranges = cut(left, most)
    if sum(len(chunk.numbers) for _, chunk in chunks) <= most:
        assert ranges == []
        return
    held = [[each for each in chunks if pages.holds(*each)] for pages in ranges]
    assert [each for some in held for each in some] == chunks
    for some in held:
        assert len(some) == 1 or sum(len(chunk.numbers) for _, chunk in some) <= most


def test_what_one_step_can_do_is_not_cut() -> None:
    assert cut([], 10) == []
    assert cut([(1, [])], 10) == []
    assert cut([(1, [Pages((1, 2, 3))]), (2, [Pages((1,))])], 4) == []


def test_documents_count_as_they_stand_in_the_batch() -> None:
    batch = [
        document("a.pdf", "a"),
        document("b.pdf", "b"),
        document("again.pdf", "a"),
        document("c.pdf", "c"),
    ]
    assert [(number, each.name) for number, each in numbered(batch)] == [
        (1, "a.pdf"),
        (2, "b.pdf"),
        (4, "c.pdf"),
    ]
    assert [each.name for each in PageRange((2, 1), (4, 9)).documents(batch)] == ["b.pdf", "c.pdf"]
