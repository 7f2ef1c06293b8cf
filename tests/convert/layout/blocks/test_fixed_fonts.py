"""Typewriter type that its font does not tell of: only its advances do."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.blocks.text_rows import text_rows
from docmill.pipeline.convert.layout.blocks.traits import fixed_fonts
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.types import Box, Font, TextCell, Word
from tests.convert.layout.sheet import Sheet, advance

WORDS = ("import", "fastify", "from", "listen", "will", "minimum", "reply", "Illicit")


def words(font: int, sizes: tuple[float, ...] = (9.0,), ink: float = 0.0) -> list[Word]:
    """Words of one advance; `ink` is what their boxes lack of it, in em, every third one's."""
    made = []
    for size in sizes:
        for number, text in enumerate(WORDS):
            width = 0.6 * size * len(text) - (ink * size if number % 3 == 0 else 0.0)
            made.append(Word(text, Box(50, 50, 50 + width, 60), size, font))
    return made


def proportional(font: int) -> list[Word]:
    return [Word(text, Box(50, 50, 50 + advance(text, 10), 60), 10.0, font) for text in WORDS]


def test_equal_advances_are_found_in_any_size() -> None:
    fonts = [Font(""), Font("Body")]
    assert fixed_fonts([*words(0, (9.0, 7.5)), *proportional(1)], fonts) == {0}


def test_boxes_that_end_with_the_ink_do_not_hide_them() -> None:
    assert fixed_fonts(words(0, ink=0.25), [Font("")]) == {0}


def test_a_font_that_says_so_is_not_asked() -> None:
    assert fixed_fonts(words(0), [Font("Courier", mono=True)]) == frozenset()


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_few_words_show_nothing(count: int) -> None:
    assert fixed_fonts(words(0)[:count], [Font("")]) == frozenset()


def test_words_that_would_be_equal_anyhow_show_nothing() -> None:
    alike = [
        Word(text, Box(0, 0, 0.5 * 9 * len(text), 9), 9.0, 0)
        for text in ("noon", "bob", "dab", "pod", "gap", "bed")
    ]
    assert fixed_fonts(alike, [Font("")]) == frozenset()


def test_full_width_scripts_and_figures_are_no_typewriter_type() -> None:
    wide = [
        Word(text, Box(0, 0, 10.0 * len(text), 10), 10.0, 0)
        for text in ("日本語文", "数字と表", "文書変換", "行の高さ")
    ]
    figures = [Word(str(n), Box(0, 0, 5.0 * 4, 10), 10.0, 1) for n in range(1990, 2020)]
    assert fixed_fonts([*wide * 3, *figures], [Font(""), Font("")]) == frozenset()


def test_a_nameless_listing_is_code() -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 4)
    lines = ("import Fastify from fastify", "minimum reply will", "listen port three", "Illicit")
    font = sheet.font("", bold=False, italic=False, mono=False)
    for number, text in enumerate(lines):
        first, x = len(sheet.page.words), 72.0
        for word in text.split():
            sheet.page.words.append(
                Word(word, Box(x, 160 + 11 * number, x + 5.4 * len(word), 168 + 11 * number), 9, font)
            )
            x += 5.4 * (len(word) + 1)
        box = Box(72, 160 + 11 * number, x - 5.4, 168 + 11 * number)
        sheet.page.cells.append(TextCell(text, box, first, len(text.split()), False))
    sheet.prose(72, 230, 4)
    assert [row.mono for row in text_rows(sheet.page, None)][4:8] == [True] * 4
    regions = fuse(sheet.page, None, [], document_style([sheet.page]))
    assert sorted(region.label for region in regions) == ["code", "text", "text"]
