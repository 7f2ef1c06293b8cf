"""Right-to-left text as PDFium turns it: ligatures and brackets, in any way of drawing them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.script import (
    ligature_letters,
    reading_order,
    turned_brackets,
    with_right_ends,
    with_turned_ends,
)
from tests.convert.pdf_builder import Builder

_CMAP = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def
1 begincodespacerange <00> <FF> endcodespacerange {count} beginbfchar
{lines}
endbfchar endcmap end end"""
_EM = 18
_ADVANCE = 12


def face(pdf: pikepdf.Pdf, texts: Sequence[str]) -> Dictionary:
    """A font whose codes from 0x41 on mean these texts, all as wide."""
    lines = [f"<{0x41 + n:02X}> <{text.encode('utf-16-be').hex()}>" for n, text in enumerate(texts)]
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type1,
        BaseFont=Name.Courier,
        FirstChar=0x41,
        LastChar=0x41 + len(texts) - 1,
        Widths=Array([1000 * _ADVANCE / _EM] * len(texts)),
        ToUnicode=pdf.make_stream(_CMAP.format(count=len(lines), lines="\n".join(lines)).encode()),
    )


def drawn(tmp_path: Path, glyphs: Sequence[str], way: str) -> list[str]:
    """The lines read of one line of glyphs, given as they are read, from the right."""
    builder = Builder()
    texts = sorted(set(glyphs))
    builder.fonts["F9"] = face(builder.pdf, texts)
    codes = [chr(0x41 + texts.index(glyph)) for glyph in glyphs]
    right = 400
    places = [right - _ADVANCE * (n + 1) for n in range(len(codes))]
    if way == "at once":
        shown = f"1 0 0 1 {places[-1]} 700 Tm ({''.join(reversed(codes))}) Tj"
    else:
        each = [f"1 0 0 1 {x} 700 Tm ({code}) Tj" for x, code in zip(places, codes, strict=True)]
        shown = " ".join(each if way == "leftwards" else reversed(each))
    builder.page(f"BT /F9 {_EM} Tf {shown} ET")
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        return [line.text for line in read_page(pdf, 1).cells]


WAYS = pytest.mark.parametrize("way", ["at once", "leftwards", "rightwards"])


@WAYS
@pytest.mark.parametrize(
    "glyphs",
    [
        ["ا", "لم", "ص", "ر", "ح"],
        ["بم", "د", "ي", "ن", "ة"],
        ["ب", "لا", "د"],
        ["ا", "لأ", "س", "ئ", "لة"],
        ["ا", "لمح", "ا", "م", "ي"],
        ["ب", "\ufefb", "د"],  # one code for lam and alef
        ["\ufdf2"],
        ["ש", "ל", "ום"],
    ],
)
def test_letters_of_ligatures_keep_their_order(tmp_path: Path, glyphs: list[str], way: str) -> None:
    plain = "".join(glyphs).replace("\ufefb", "لا").replace("\ufdf2", "الله")
    assert drawn(tmp_path, glyphs, way) == [plain]


@WAYS
@pytest.mark.parametrize(
    "text",
    [
        "شهر (يناير) هنا",
        "قال «نعم» هنا",
        "في [عام] كذا",
        "שלום (עולם) טוב",
        "شهر (يناير هنا) ثم",
        "عام (2024) هنا",
    ],
)
def test_brackets_stand_as_the_page_shows_them(tmp_path: Path, text: str, way: str) -> None:
    """Some producers say which bracket is read, others which one is drawn, which is the other one."""
    glyphs = text.replace("2024", "4202")  # the figures of a number stand from left to right
    assert drawn(tmp_path, list(glyphs), way) == [text]
    shown = glyphs.translate(str.maketrans("()[]«»", ")(][»«"))
    assert drawn(tmp_path, list(shown), way) == [text]


@pytest.mark.parametrize("bracket_first", [True, False])
def test_brackets_drawn_apart_from_their_words(tmp_path: Path, bracket_first: bool) -> None:
    """A browser draws each word from left to right, and the brackets beside it before and after it."""
    builder = Builder()
    builder.fonts["F9"] = face(builder.pdf, [*"هنا(ينا)ر ", "شهر"])
    codes = {text: chr(0x41 + n) for n, text in enumerate([*"هنا(ينا)ر ", "شهر"])}
    right, shown = 400.0, list[tuple[float, str]]()
    for text in ("(يناير)", "هنا"):
        for char in text:
            right -= 8 if char in "()" else _ADVANCE
            shown.append((right - (2 if char in "()" else 0), char.translate(str.maketrans("()", ")("))))
        right -= _ADVANCE
    order = shown if bracket_first else sorted(shown)
    drawn = "".join(f"1 0 0 1 {x} 700 Tm ({codes[char]}) Tj\n" for x, char in order)
    builder.page(f"BT /F9 {_EM} Tf {drawn} ET")
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        assert [line.text for line in read_page(pdf, 1).cells] == ["(يناير) هنا"]


@pytest.mark.parametrize(
    ("visual", "logical"),
    [
        (["(5.15", "رقم"], ["5.15)", "رقم"]),
        (["(PDF", "File", "رقم", "هنا"], ["PDF", "File)", "رقم", "هنا"]),
        (["(PDF", "File)", "رقم", "هنا"], ["(PDF", "File)", "رقم", "هنا"]),
        (["رقم", "5)"], ["رقم", "(5"]),
        ([",PDF", "File", "رقم", "هنا"], ["PDF", "File,", "رقم", "هنا"]),
        (["رقم", "("], ["رقم", "("]),
        (["[NumPy", "2.4", "رقم", "هنا"], ["NumPy", "2.4]", "رقم", "هنا"]),
    ],
)
def test_ends_of_runs_against_the_line(visual: list[str], logical: list[str]) -> None:
    order, rtl = reading_order(visual)
    assert rtl
    assert with_turned_ends(visual, order) == logical


def test_what_only_looks_like_a_ligature() -> None:
    assert ligature_letters(["م", "ل"]) == "لم"
    assert ligature_letters(["ل", "م"]) == "لم"  # made of U+FC42
    assert ligature_letters(["ا", "ل"]) == "لا"
    assert ligature_letters(["f", "i"]) == "fi"
    assert ligature_letters(["ب"]) == "ب"


def test_brackets_vote_by_what_they_touch() -> None:
    assert turned_brackets("(ab)") == -2
    assert turned_brackets(")ab(") == 2
    assert turned_brackets(")ab") == 1
    assert turned_brackets("a(b") == turned_brackets("()") == 0


def test_brackets_at_the_ends_of_words() -> None:
    assert with_right_ends(")אב(.") == "(אב)."
    assert with_right_ends("אב)") == "אב)"
    assert with_right_ends("»אב") == "«אב"
    assert with_right_ends("א(ב") == "א(ב"
    assert with_right_ends(")") == ")"
