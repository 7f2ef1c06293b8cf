from __future__ import annotations

import pytest
from docling_core.types.doc import DocItemLabel

from benchmarks.metrics.counts import Counts
from benchmarks.metrics.order import compare_order, concordance
from benchmarks.metrics.text import plain_text, similarity, strip_markdown, words
from tests.benchmarks.handmade import blank, grid, rich_document


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("## A heading\n\ntext", "A heading text"),
        ("- one\n    - two\n3. three", "one two 3. three"),
        ("| a | b |\n|---|:-:|\n| c&#124;d |  |", "a b c|d"),
        ("**bold** and *italic* and `code`", "bold and italic and code"),
        ("see [the page](https://example.org/x_y) now", "see the page now"),
        ("before\n\n<!-- formula-not-decoded -->\n\n<!-- image -->\n\nafter", "before after"),
        ("```python\nx = 1\n```", "x = 1"),
        ("$$x^2$$", "x^2"),
        ("fish &amp; chips &lt;now&gt;", "fish & chips <now>"),
        ("ﬁne   print", "fine print"),
        ("2 * 3 * 4 a_b_c # 5", "2 * 3 * 4 a_b_c # 5"),
    ],
)
def test_strip_markdown(markdown: str, plain: str) -> None:
    assert strip_markdown(markdown) == plain


def test_plain_text_of_a_document() -> None:
    document = blank()
    document.add_heading("R&D_1")
    document.add_text(label=DocItemLabel.FORMULA, text="", orig="garbage")
    document.add_table(grid([["x|y", "z"]]))
    document.add_picture()
    document.add_list_item("<b>", parent=document.add_list_group())
    assert plain_text(document) == "R&D_1 x|y z <b>"


def test_similarity_is_one_minus_distance_over_the_longer() -> None:
    assert similarity("abcd", "abcd") == 1.0
    assert similarity("abcd", "abxde") == pytest.approx(1 - 2 / 5)
    assert similarity("abcd", "") == 0.0
    assert similarity("", "") == 1.0


def test_words_do_not_care_about_order_but_about_number() -> None:
    assert words("a b b c", "c b a d") == Counts(3, 1, 1)


def test_concordance() -> None:
    assert concordance([1, 2, 3]) == 1.0
    assert concordance([3, 2, 1]) == 0.0
    assert concordance([1, 3, 2, 4]) == pytest.approx(5 / 6)
    assert concordance([1]) is None


def test_order_of_two_swapped_items() -> None:
    swapped = rich_document()
    children = swapped.body.children
    children[0], children[1] = children[1], children[0]
    assert compare_order(rich_document(), rich_document()) == 1.0
    order = compare_order(rich_document(), swapped)
    assert order is not None
    assert 0.85 < order < 1.0
    assert compare_order(rich_document(), blank()) is None
