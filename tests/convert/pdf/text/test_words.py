"""Glyphs to words and lines: from small PDFs, and from glyphs placed by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.glyphs import Glyphs
from docmill.pipeline.convert.pdf.text.script import (
    fold,
    is_rtl,
    logical_order,
    reading_order,
    with_turned_ends,
)
from docmill.pipeline.convert.pdf.text.words import TextContent, build_text
from docmill.pipeline.convert.types import Font, PageContent
from tests.convert.pdf.text.test_right_to_left import face
from tests.convert.pdf_builder import Builder, text
from tests.support.steps import steps


def read(tmp_path: Path, content: str | bytes, **page: object) -> PageContent:
    builder = Builder()
    builder.page(content, **page)  # type: ignore[arg-type]  # the keywords of `page`
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        return read_page(pdf, 1)


def lines(tmp_path: Path, content: str | bytes) -> list[str]:
    return [line.text for line in read(tmp_path, content).cells]


def glyphs(
    *words: tuple[float, float, str], size: float = 10.0, advance: float = 5.0, turned: bool = True
) -> Glyphs:
    """Words at x, y in a font of fixed advance; right-to-left ones drawn leftwards if `turned`."""
    characters: list[tuple[str, float, float, int]] = []
    for run, (x, y, word) in enumerate(words):
        leftwards = turned and is_rtl(word)
        for i, char in enumerate(word):
            characters.append((char, x + (len(word) - 1 - i if leftwards else i) * advance, y, run))
    left = np.asarray([item[1] for item in characters])
    base = np.asarray([item[2] for item in characters])
    count = len(characters)
    return Glyphs(
        text=[item[0] for item in characters],
        box=np.stack([left, base - 7, left + advance, base + 2], axis=1),
        start=left,
        stop=left + advance,
        pen=np.stack([left, left + advance], axis=1),
        baseline=base,
        size=np.full(count, size),
        angle=np.zeros(count, np.int64),
        font=np.zeros(count, np.int64),
        subset=np.zeros(count, np.int64),
        run=np.asarray([item[3] for item in characters], np.int64),
        spaced=np.zeros(count, np.bool_),
        parted=np.zeros(count, np.bool_),
        cut=np.zeros(count, np.bool_),
        after=np.stack([left, left + advance], axis=1),
        fonts=[Font("Test")],
    )


def texts(content: TextContent) -> list[str]:
    return [line.text for line in content.cells]


def check_consistent(content: TextContent | PageContent) -> None:
    """Every word belongs to exactly one line, in order, and lies within its box."""
    at = 0
    for line in content.cells:
        assert line.first == at
        members = content.words[line.first : line.first + line.count]
        assert line.text == " ".join(word.text for word in members)
        for word in members:
            assert word.box.inside(line.box) > 0.999
        at += line.count
    assert at == len(content.words)


def test_words_and_line_of_a_sentence(tmp_path: Path) -> None:
    page = read(tmp_path, text(72, 700, "Hello wide world.", size=10))
    assert [word.text for word in page.words] == ["Hello", "wide", "world."]
    (line,) = page.cells
    # Helvetica: capitals 0.718 em high, descent 0.207 em; 792 - 700 = 92 is the baseline.
    assert line.box.l == pytest.approx(72, abs=0.2)
    assert line.box.t == pytest.approx(92 - 7.18, abs=0.15)
    assert line.box.b == pytest.approx(92 + 2.07, abs=0.6)
    assert page.words[0].size == 10.0
    check_consistent(page)


def test_gaps_part_words_without_a_space(tmp_path: Path) -> None:
    assert lines(tmp_path, "BT /F1 10 Tf 72 700 Td [(one) -300 (two) -40 (three)] TJ ET") == ["one twothree"]


def test_narrow_gaps_part_words_where_the_spaces_of_the_line_are_narrow(tmp_path: Path) -> None:
    spaces = " -190 ".join(f"({word})" for word in ("its", "name", "a", "lot", "of", "stuff"))
    assert lines(tmp_path, f"BT /F1 10 Tf 72 700 Td [{spaces} -125 (would)] TJ ET") == [
        "its name a lot of stuff would"
    ]


def test_narrow_gaps_are_none_where_the_spaces_are_wide_or_few(tmp_path: Path) -> None:
    wide = (
        "BT /F1 10 Tf 72 700 Td [(its) -300 (name) -300 (a) -300 (lot) -300 (of) -300 (st) -125 (uff)] TJ ET"
    )
    few = "BT /F1 10 Tf 72 700 Td [(its) -190 (na) -125 (me)] TJ ET"
    assert lines(tmp_path, wide) == ["its name a lot of stuff"]
    assert lines(tmp_path, few) == ["its name"]


def test_letters_that_all_stand_a_little_apart_are_no_words(tmp_path: Path) -> None:
    loose = " ".join(f"({char}) -120" for char in "loosely")
    spaced = f"BT /F1 10 Tf 72 700 Td [(it) -190 (is) -190 (set) -190 {loose} (.)] TJ ET"
    assert lines(tmp_path, spaced) == ["it is set loosely."]


def test_a_space_that_is_stepped_back_over_does_not_count(tmp_path: Path) -> None:
    assert lines(tmp_path, "BT /F1 10 Tf 72 700 Td [(in ) 278 (visible)] TJ ET") == ["invisible"]


def test_letter_spaced_heading(tmp_path: Path) -> None:
    assert lines(tmp_path, "BT /F1 14 Tf 3 Tc 72 700 Td [(ANNUAL) -500 (REPORT)] TJ ET") == ["ANNUAL REPORT"]
    assert lines(tmp_path, "BT /F1 14 Tf 4 Tc 72 700 Td (ANNUAL REPORT) Tj ET") == ["ANNUAL REPORT"]


def test_tab_and_column_gaps_end_a_line_but_justified_text_does_not(tmp_path: Path) -> None:
    assert lines(tmp_path, "BT /F1 10 Tf 72 700 Td [(Name) -4000 (Value)] TJ ET") == ["Name", "Value"]
    justified = "BT /F1 10 Tf 5 Tw 72 700 Td (set with a wide gap between all the words) Tj ET"
    assert lines(tmp_path, justified) == ["set with a wide gap between all the words"]


def test_numbers_of_table_columns_stay_apart(tmp_path: Path) -> None:
    assert lines(tmp_path, "BT /F1 10 Tf 72 700 Td [(1,024) -1000 (0.5) -1000 (17)] TJ ET") == [
        "1,024",
        "0.5",
        "17",
    ]


def test_a_line_ends_with_the_dash_it_has(tmp_path: Path) -> None:
    def end(dash: str) -> PageContent:
        return read(tmp_path, text(72, 700, f"two words{dash}").encode("cp1252"))

    for dash in "\u2014\u2013":
        page = end(dash)
        assert page.cells[0].text == f"two words{dash}"
        assert page.words[-1].text == "words-"
    assert end("-").cells[0].text == "two words-"
    assert end("\u2014 and").cells[0].text == "two words- and"


def test_fake_bold_is_read_once(tmp_path: Path) -> None:
    bold = "".join(text(72 + shift, 700, "Bold letters") for shift in (0, 0.3, 0.6))
    assert lines(tmp_path, bold) == ["Bold letters"]


def test_doubled_letters_are_no_duplicates(tmp_path: Path) -> None:
    assert lines(tmp_path, text(72, 700, "illness ||| ---", size=6)) == ["illness ||| ---"]


def test_words_drawn_out_of_order_make_one_line(tmp_path: Path) -> None:
    content = text(72, 700, "The") + text(130, 700, "fox") + text(96, 700, "quick", font_name="F2")
    assert lines(tmp_path, content) == ["The quick fox"]


def test_a_word_drawn_in_pieces_is_one_word(tmp_path: Path) -> None:
    # "di" in Helvetica 10 is 7.78 wide, "ffi" 7.78.
    content = text(72, 700, "di", size=10) + text(200, 600, "x") + text(87.56, 700, "cult", size=10)
    content += text(79.78, 700, "ffi", size=10)
    assert "difficult" in lines(tmp_path, content)


def test_columns_side_by_side_stay_apart(tmp_path: Path) -> None:
    rows = [(72, "left column text that ends here"), (236, "right column text")]
    content = "".join(text(x, 700 - 12 * i, words, size=10) for x, words in rows for i in range(5))
    found = lines(tmp_path, content)
    assert found == ["left column text that ends here"] * 5 + ["right column text"] * 5


def test_hyphen_at_a_line_end_is_kept(tmp_path: Path) -> None:
    content = "BT /F1 10 Tf 12 TL 72 700 Td (an exam-) Tj T* (ple of it) Tj ET"
    assert lines(tmp_path, content) == ["an exam-", "ple of it"]


def test_note_marks_are_words_and_exponents_are_not(tmp_path: Path) -> None:
    content = "BT /F1 12 Tf 72 700 Td (as before.) Tj 5 Ts /F1 7 Tf (3) Tj 0 Ts /F1 12 Tf ( and x) Tj "
    content += "5 Ts /F1 7 Tf (2) Tj ET"
    assert lines(tmp_path, content) == ["as before. 3 and x2"]


def test_a_script_may_stand_a_little_off_its_base(tmp_path: Path) -> None:
    index = "BT /F3 12 Tf 72 700 Td (S) Tj ET BT /F1 8 Tf 80 698 Td (5) Tj ET"
    assert lines(tmp_path, index) == ["S5"]
    assert lines(tmp_path, index.replace("80 698", "80 700")) == ["S 5"]


def test_a_fraction_does_not_join_the_lines_around_it(tmp_path: Path) -> None:
    content = text(72, 712, "line above") + text(72, 700, "line below")
    assert lines(tmp_path, content) == ["line above", "line below"]


def test_text_off_the_page_is_dropped(tmp_path: Path) -> None:
    content = (
        text(72, 700, "inside") + text(72, 900, "above") + text(-200, 300, "left") + text(72, 20, "cropped")
    )
    page = read(tmp_path, content, crop=(0, 50, 612, 792))
    assert [line.text for line in page.cells] == ["inside"]


def test_invisible_text_counts(tmp_path: Path) -> None:
    assert lines(tmp_path, "3 Tr " + text(72, 700, "an OCR layer")) == ["an OCR layer"]


@pytest.mark.parametrize(("mode", "mono"), [(0, True), (3, False)])
def test_the_face_of_invisible_text_is_not_seen(tmp_path: Path, mode: int, mono: bool) -> None:
    page = read(tmp_path, f"{mode} Tr " + text(72, 700, "in Courier", font_name="F4"))
    assert [font.mono for font in page.fonts] == [mono]


@pytest.mark.parametrize(
    ("matrix", "angle"), [("0 1 -1 0", 270), ("0 -1 1 0", 90), ("-1 0 0 -1", 180), ("1 0 0 1", 0)]
)
def test_rotated_text_is_read_in_its_direction(tmp_path: Path, matrix: str, angle: int) -> None:
    page = read(tmp_path, f"BT /F1 10 Tf {matrix} 300 400 Tm (turned words here) Tj ET")
    assert [line.text for line in page.cells] == ["turned words here"]
    assert {word.angle for word in page.words} == {angle}
    box = page.cells[0].box
    assert (box.width > box.height) == (angle in (0, 180))


@pytest.mark.parametrize("page", ["1 0 0 1 0 0", "1 0 0 -1 0 792", "-1 0 0 1 612 0", "-1 0 0 -1 612 792"])
@pytest.mark.parametrize("size", [11, -11])
@pytest.mark.parametrize("scale", [100, -100])
def test_upright_text_is_upright_however_it_was_turned(
    tmp_path: Path, page: str, size: int, scale: int
) -> None:
    """Negative sizes, widths and page matrices, put right by the text matrix."""
    across, _, _, up, x, y = map(float, page.split())
    right = across * math.copysign(1, size) * math.copysign(1, scale)
    above = up * math.copysign(1, size)
    left = (72 - x) * across
    first, second = (700 - y) * up, (680 - y) * up
    shown = [("Twelve small words of text", first), ("and a second line", second)]
    matrices = "".join(f"{right} 0 0 {above} {left} {at} Tm ({words}) Tj " for words, at in shown)
    found = read(tmp_path, f"q {page} cm BT {scale} Tz /F1 {size} Tf {matrices} ET Q")
    assert [line.text for line in found.cells] == ["Twelve small words of text", "and a second line"]
    assert {word.angle for word in found.words} == {0}
    assert found.cells[0].box.l == pytest.approx(72, abs=0.5)


def test_slanted_watermark_is_one_line(tmp_path: Path) -> None:
    assert lines(tmp_path, "BT /F1 60 Tf 0.7071 0.7071 -0.7071 0.7071 150 150 Tm (DRAFT) Tj ET") == ["DRAFT"]


@pytest.mark.parametrize("degrees", [-60, -45, -15, 8, 15, 30, 45, 60, 75, 120])
@pytest.mark.parametrize("font", ["F1", "F2", "F3", "F4"])
def test_words_of_stamps_are_whole(tmp_path: Path, degrees: float, font: str) -> None:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    shown = "RECEIVED 12 MAY 2021 will follow"
    at = f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} 300 400 Tm"
    assert lines(tmp_path, f"BT /{font} 14 Tf {at} ({shown}) Tj ET") == [shown]
    apart = f"BT /{font} 14 Tf {at} [(RECEIVED) -400 (TODAY)] TJ ET"
    assert lines(tmp_path, apart) == ["RECEIVED TODAY"]


@pytest.mark.parametrize("spacing", [0, 9])
def test_slanted_letters_stand_by_their_widths(tmp_path: Path, spacing: float) -> None:
    content = f"BT /F2 30 Tf {spacing} Tc 0.9397 0.342 -0.342 0.9397 150 380 Tm (MILL WORK) Tj ET"
    assert lines(tmp_path, content) == ["MILL WORK"]


def set_tight(words: Sequence[str], gap: float, *, letter_gap: float = 0.0, x: float = 72.0) -> str:
    """Words of Courier, 12 points, with this gap between them in em and no space."""
    drawn = ""
    for word in words:
        for char in word:
            drawn += text(round(x, 3), 700, char, font_name="F4")
            x += 7.2 + 12 * letter_gap
        x += 12 * gap
    return drawn


def test_words_of_a_tight_line(tmp_path: Path) -> None:
    words = "the mill stands on the river and the house near it".split()  # noqa: SIM905
    assert lines(tmp_path, set_tight(words, 0.11)) == [" ".join(words)]
    joined = "".join(words)
    assert lines(tmp_path, set_tight(words, 0.04)) == [joined]
    assert lines(tmp_path, set_tight(words, 0.03, letter_gap=0.08)) == [joined]


def test_a_narrow_gap_among_wide_ones_is_none(tmp_path: Path) -> None:
    words = "the mill stands on the river and the house".split()  # noqa: SIM905
    end = 72 + 7.2 * sum(map(len, words)) + 0.3 * 12 * len(words)
    narrow = set_tight(["ab", "cd", "ef", "gh"], 0.1, x=end)
    assert lines(tmp_path, set_tight(words, 0.3) + narrow) == [" ".join([*words, "abcdefgh"])]


def test_soft_hyphens_that_are_not_drawn(tmp_path: Path) -> None:
    """Some setters say that a glyph means its letter and the soft hyphen behind it."""
    builder = Builder()
    builder.fonts["F9"] = face(builder.pdf, ["c", "o", "m\u00ad", "i", "t"])
    builder.page("BT /F9 18 Tf 1 0 0 1 72 700 Tm (ABCCDE) Tj ET")
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        assert [line.text for line in read_page(pdf, 1).cells] == ["commit"]


@pytest.mark.parametrize("word", ["PAID", "VOID"])
def test_a_short_word_of_spaced_letters(tmp_path: Path, word: str) -> None:
    assert lines(tmp_path, f"BT 8 Tc /F2 18 Tf 72 720 Td ({word}) Tj ET") == [word]


def test_short_words_of_a_letter_spaced_line(tmp_path: Path) -> None:
    content = "BT 3 Tc /F1 13 Tf 72 720 Td (a short history of boats) Tj ET"
    assert lines(tmp_path, content) == ["a short history of boats"]


def test_accents_drawn_over_letters(tmp_path: Path) -> None:
    # WinAnsi: octal 264 is the acute accent; it goes back over the e before it.
    content = rb"BT /F1 10 Tf 72 700 Td [(caf) (e) 450 (\264) 100 (s)] TJ ET"
    assert lines(tmp_path, content) == ["cafés"]


def test_an_accent_far_from_its_letter_in_the_stream() -> None:
    # as PDFium hands on TeX's accents, which are drawn before their letter by an operation of their own
    for words in (("fur", "alle", "\u00a8"), ("\u00a8", "alle", "fur")):
        at = {"fur": 100.0, "alle": 140.0, "\u00a8": 105.0}
        found = texts(build_text(glyphs(*((at[word], 50.0, word) for word in words))))
        assert sorted(found) == ["alle", "für"]
    assert texts(build_text(glyphs((100.0, 50.0, "fur"), (105.0, 90.0, "\u00a8")))) == ["fur", "\u00a8"]


def test_typographic_characters_as_docling_has_them() -> None:
    assert fold("ﬁt of\u00ad ‘x’ “y” 3–5 ﬀ") == "fit of- 'x' \"y\" 3-5 ff"
    assert fold("ﻻ ﷲ ﺍ") == "لا الله ا"
    assert fold("½ ² ™ Ω") == "½ ² ™ Ω"
    assert fold("\x01\x07") == "\ufffd\ufffd"


def test_arabic_is_read_from_the_right() -> None:
    # The first word of the sentence stands at the right.
    content = build_text(glyphs((100, 50, "سلام"), (72, 50, "عليكم")))
    assert texts(content) == ["سلام عليكم"]
    assert content.cells[0].rtl
    check_consistent(content)


def test_arabic_drawn_from_the_left_is_turned() -> None:
    visual = glyphs((72, 50, "عليكم"[::-1]), (100, 50, "سلام"[::-1]), turned=False)
    assert texts(build_text(visual)) == ["سلام عليكم"]


def test_latin_and_numbers_in_arabic_keep_their_order() -> None:
    words = ((160, "عام"), (137, "2024"), (114, "Mill"), (91, "Data"), (73, "هنا"))
    assert texts(build_text(glyphs(*((x, 50, word) for x, word in words)))) == ["عام 2024 Data Mill هنا"]


@pytest.mark.parametrize(("gap", "text"), [(0.0, "本委员会"), (0.3, "本委员会"), (0.6, "本 委 员 会")])
def test_justified_chinese_is_one_word(gap: float, text: str) -> None:
    at = [50 + n * 10 * (1 + gap) for n in range(4)]
    found = glyphs(*((x, 50, char) for x, char in zip(at, "本委员会", strict=True)), advance=10.0)
    assert texts(build_text(found)) == [text]


def test_opposite_directions_never_share_a_word() -> None:
    order, rtl = reading_order(["נה", "PDF", "2024"])
    assert (order, rtl) == ([2, 1, 0], True)
    assert texts(build_text(glyphs((50, 50, "PDF"), (65, 50, "שלום")))) == ["שלום PDF"]


@pytest.mark.parametrize(
    ("visual", "logical"),
    [
        (["", "ב", "א"], "אב"),
        (["1", "2", "ב", "א"], "אב12"),
        (["1", ",", "2", "א"], "א1,2"),
        (["א", "(", "ב"], "ב(א"),
    ],
)
def test_logical_order(visual: Sequence[str], logical: str) -> None:
    assert "".join(logical_order(visual)) == logical


@pytest.mark.parametrize(
    ("visual", "logical"),
    [(",PDF", "PDF,"), ("%8", "8%"), ("...", "..."), ("PDF", "PDF"), (",שלום", ",שלום")],
)
def test_punctuation_at_the_left_of_a_word_ends_it_in_a_right_to_left_line(visual: str, logical: str) -> None:
    assert with_turned_ends([visual], [0]) == [logical]


def test_nothing() -> None:
    assert build_text(glyphs()) == TextContent([], [])


@pytest.mark.parametrize("layout", ["grid", "one place", "one line", "random"])
def test_a_page_full_of_words_takes_steps_by_the_word(layout: str) -> None:
    count = 20_000
    random = np.random.default_rng(7)
    places: dict[str, Callable[[int], tuple[float, float]]] = {
        "grid": lambda i: (i % 40 * 15.0, i // 40 * 1.5),
        "one place": lambda i: (100.0, 100.0),
        "one line": lambda i: (float(random.uniform(0, 600)), 100.0),
        "random": lambda i: (float(random.uniform(0, 600)), float(random.uniform(0, 800))),
    }
    place = places[layout]
    page = glyphs(*((*place(i), f"w{i % 10}") for i in range(count)), size=8, advance=4)
    taken, content = steps(lambda: build_text(page))
    assert taken < 1000 * count
    check_consistent(content)


def test_a_big_initial_is_a_line_of_its_own(tmp_path: Path) -> None:
    """It stands beside several lines: none of them is its own."""
    content = (
        text(72, 676, "O", size=36) + text(102, 690, "nce upon a time") + text(102, 676, "there was a king")
    )
    assert sorted(lines(tmp_path, content)) == ["O", "nce upon a time", "there was a king"]


def test_a_superscript_after_a_big_number_stays_on_its_line(tmp_path: Path) -> None:
    assert lines(tmp_path, text(72, 676, "19", size=24) + text(100, 684, "99", size=10)) == ["19 99"]


def test_the_space_behind_a_line_is_in_its_box_but_in_no_word(tmp_path: Path) -> None:
    page = read(
        tmp_path, "BT /F1 10 Tf 50 700 Td (Nut and bolt ) Tj ET BT /F1 10 Tf 50 650 Td (Nut and bolt) Tj ET"
    )
    spaced, plain = page.cells
    assert spaced.text == plain.text == "Nut and bolt"
    assert spaced.box.r - plain.box.r == pytest.approx(2.78, abs=0.02)
    assert page.words[2].box.r == page.words[5].box.r == plain.box.r


def test_fractions_of_shifted_numbers_are_three_words() -> None:
    found = glyphs((0, 100, "up"), (15, 100, "1"), (20, 100, "\u2044"), (25, 100, "4"), (40, 100, "in"))
    level = build_text(found).words
    small = replace(found, size=np.asarray([10, 10, 5.5, 10, 5.5, 10, 10]))
    assert len(build_text(small).words) == len(level) + 2


@pytest.mark.parametrize(
    ("big", "small", "x", "line"),
    [
        ("42", "boats this year", 131, "42 boats this year"),
        ("T", "he boats of this year", 104, "The boats of this year"),
        ("42", "%", 126, "42%"),
    ],
)
def test_a_big_number_is_no_initial(tmp_path: Path, big: str, small: str, x: float, line: str) -> None:
    content = text(72, 700, big, size=48) + text(x, 700, small, size=10)
    assert lines(tmp_path, content) == [line]


@pytest.mark.parametrize(
    ("x", "found"), [(98, ["15", "takes care of those who walk"]), (84, ["15 takes care of those who walk"])]
)
def test_a_number_before_a_typed_line_counts_it(tmp_path: Path, x: float, found: list[str]) -> None:
    content = text(60, 700, "15", size=11, font_name="F4")
    content += text(x, 700, "takes care of those who walk", size=11, font_name="F4")
    assert lines(tmp_path, content) == found
