"""What first words say."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.blocks.markers import CAPTION, is_marker, is_page_number, leader_page
from docmill.pipeline.convert.layout.blocks.traits import code_like, equal_advances, is_math_font
from docmill.pipeline.convert.types import Box, Word


@pytest.mark.parametrize("word", ["•", "\uf0b7", "\x83", "–", "1.", "a)", "(iv)", "[12]", "①", "2.1."])
def test_markers(word: str) -> None:
    assert is_marker(word)


@pytest.mark.parametrize("word", ["lorem", "12", "A", "3.14", "x", "U.S."])
def test_words_that_are_no_markers(word: str) -> None:
    assert not is_marker(word)


def test_any_glyph_of_a_symbol_font_is_a_bullet() -> None:
    assert is_marker("n", "ABCDEF+Wingdings-Regular")
    assert is_marker("o", "CourierNew")
    assert not is_marker("n", "Times")


@pytest.mark.parametrize("text", ["12", "xiv", "7-45", "Page 3 of 10", "- 4 -", "[3]", "3/10"])
def test_page_numbers(text: str) -> None:
    assert is_page_number(text)


@pytest.mark.parametrize("text", ["Chapter 2", "12 apples", "and"])
def test_other_margin_text(text: str) -> None:
    assert not is_page_number(text)


@pytest.mark.parametrize(
    "text", ["Figure 7-26. Nuts", "Fig. 3 Nuts", "Table IV: Nuts", "Abbildung 2", "표 3 시험"]
)
def test_captions(text: str) -> None:
    assert CAPTION.match(text)


def test_dot_leaders() -> None:
    assert leader_page("Notices . . . . . . . . vii") == "vii"
    assert leader_page("Notices ........ 12") == "12"
    assert leader_page("Notices ........") == ""
    assert leader_page("and so on...") is None


def test_code_by_its_shape() -> None:
    assert code_like("for (int i = 0; i < n; i++) {")
    assert code_like("}")
    assert not code_like("apples, pears and plums;")
    assert not code_like("as we return to this question later")


def test_equal_advances() -> None:
    fixed = [Word(text, Box(0, 0, 6.0 * len(text), 9), 10, 0) for text in ("mill", "wide", "slim", "illicit")]
    assert equal_advances(fixed)
    uneven = [Word(word.text, Box(0, 0, word.box.width + n, 9), 10, 0) for n, word in enumerate(fixed)]
    assert not equal_advances(uneven)
    assert not equal_advances(fixed[:3])


def test_math_fonts() -> None:
    assert is_math_font("ABCDEF+CMMI10")
    assert is_math_font("CambriaMath")
    assert not is_math_font("CMR10")
