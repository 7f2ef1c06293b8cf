"""Page ranges as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docmill.pipeline.convert.errors import BackendConfigError, PageRangeError
from docmill.pipeline.convert.pdf.page_range import check_page_range, select_pages


@pytest.mark.parametrize(
    ("text", "count", "pages"),
    [
        ("", 3, [1, 2, 3]),
        ("  ", 2, [1, 2]),
        ("2", 3, [2]),
        ("1-3,7,10-", 12, [1, 2, 3, 7, 10, 11, 12]),
        ("-2", 5, [1, 2]),
        ("4-", 5, [4, 5]),
        (" 1 - 2 , 4 ", 5, [1, 2, 4]),
        ("3,1,2-3", 5, [1, 2, 3]),
        ("2-99", 3, [2, 3]),
        ("1,9", 3, [1]),
        ("1-999999999", 2, [1, 2]),
    ],
)
def test_ranges(text: str, count: int, pages: list[int]) -> None:
    check_page_range(text) if text.strip() else None
    assert select_pages(text, count) == pages


@pytest.mark.parametrize(
    "text", ["a", "-", "1,,2", ",", "1-2-3", "0", "0-3", "5-3", "1;2", "1.5", "1-a", "+1", "9" * 5000]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(BackendConfigError, match="page range"):
        check_page_range(text)
    with pytest.raises(BackendConfigError):
        select_pages(text, 10)


@pytest.mark.parametrize(("text", "count", "words"), [("7", 3, "has 3 pages"), ("2-", 1, "has 1 page$")])
def test_pages_that_the_document_does_not_have(text: str, count: int, words: str) -> None:
    with pytest.raises(PageRangeError, match=words) as error:
        select_pages(text, count)
    assert error.value.reason == "page_range"


@given(st.text(alphabet="0123456789-, x", max_size=12), st.integers(1, 50))
def test_any_text_selects_pages_or_says_why_not(text: str, count: int) -> None:
    try:
        pages = select_pages(text, count)
    except (BackendConfigError, PageRangeError):
        return
    assert pages == sorted(set(pages))
    assert pages
    assert 1 <= pages[0] <= pages[-1] <= count
