"""Gaps between words of leaning faces, of letters that reach out, and of OCR's text layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pikepdf import Array, Dictionary, Name

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.glyphs import Glyphs, read_glyphs
from docmill.pipeline.convert.pdf.text.layers import overlapped_spaces
from tests.convert.pdf_builder import Builder, font

SENTENCE = "The roof of a half full staff of old wolf files"
#: Advances of Helvetica.
WIDTHS = {**dict.fromkeys("abdenopu", 556), **dict.fromkeys("csv", 500), "r": 333, **dict.fromkeys("ft", 278)}
WIDTHS |= dict.fromkeys("il", 222)


def lines(tmp_path: Path, content: str) -> list[str]:
    builder = Builder()
    builder.page(content)
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        return [line.text for line in read_page(pdf, 1).cells]


def glyphs(tmp_path: Path, content: str) -> Glyphs:
    builder = Builder()
    builder.page(content)
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        return read_glyphs(pdf.page(1).get_textpage(), pdf.frame(1))


def shown(words: str, gap: int) -> str:
    """The operator that shows words a gap apart, in thousandths of an em, without encoded spaces."""
    return "[" + f" {-gap} ".join(f"({word})" for word in words.split()) + "] TJ"


@pytest.mark.parametrize("face", ["F1", "F3"])
@pytest.mark.parametrize("gap", [200, 250, 330])
@pytest.mark.parametrize("lean", [0.0, 0.2, 0.34, -0.3])
def test_words_of_leaning_faces_stay_apart(tmp_path: Path, face: str, gap: int, lean: float) -> None:
    content = f"BT /{face} 11 Tf 1 0 {lean} 1 72 700 Tm {shown(SENTENCE, gap)} ET"
    assert lines(tmp_path, content) == [SENTENCE]


@pytest.mark.parametrize("matrix", ["0 1 -0.3 0 300 200", "-1 0 -0.3 -1 500 400", "8 0 2.4 8 72 400"])
def test_leaning_words_stay_apart_in_any_direction(tmp_path: Path, matrix: str) -> None:
    size = 1 if matrix.startswith("8") else 10
    assert lines(tmp_path, f"BT /F3 {size} Tf {matrix} Tm ({SENTENCE}) Tj ET") == [SENTENCE]


@pytest.mark.parametrize("face", ["F1", "F3"])
def test_letters_of_leaning_words_stay_together(tmp_path: Path, face: str) -> None:
    content = f"BT /{face} 11 Tf 1 0 0.34 1 72 700 Tm [(of) -60 (f) -40 (icial)] TJ ET"
    assert lines(tmp_path, content) == ["official"]


def test_a_glyph_ends_with_its_advance(tmp_path: Path) -> None:
    found = glyphs(tmp_path, "BT /F3 10 Tf 1 0 0 1 72 700 Tm (fa) Tj ET")
    # Times-Italic's f is 0.278 em wide, and its ink reaches out on both sides
    assert found.pen[0].tolist() == pytest.approx([72.0, 74.78], abs=0.02)
    assert found.start[0] < 71 and found.stop[0] > 75.5
    assert found.pen[1].tolist() == pytest.approx([74.78, 79.78], abs=0.02)


@pytest.mark.parametrize("name", ["Helvetica", "Times-Italic"])
def test_a_width_of_another_glyph_is_not_believed(tmp_path: Path, name: str) -> None:
    """Two codes of one font are both an R: PDFium tells the width of the first, which is set nowhere."""
    builder = Builder()
    face = font(name)
    face.Encoding = Dictionary(Type=Name.Encoding, Differences=Array([1, Name.R, 2, Name.R]))
    face.FirstChar, face.LastChar, face.Widths = 1, 122, Array([500, 700, *[600] * 120])
    builder.fonts["F9"] = face
    content = "BT /F9 10 Tf 72 700 Td [<02> (AD) <02> (A) -300 (AD) <02>] TJ ET"
    builder.page(content)
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        assert [line.text for line in read_page(pdf, 1).cells] == ["RADRA ADR"]


def layer(words: str, lap: float, *, mode: int = 3) -> str:
    """Words with a space behind each, each of which begins before the one before it ends."""
    at, parts = 72.0, []
    for word in words.split():
        parts.append(f"1 0 0 1 {at:.2f} 700 Tm ({word} ) Tj")
        at += sum(WIDTHS[char] for char in word) / 100 - lap
    return f"BT {mode} Tr /F1 10 Tf {' '.join(parts)} ET"


@pytest.mark.parametrize("lap", [0.0, 1.0, 3.0])
def test_spaces_of_a_text_layer_count_however_words_overlap(tmp_path: Path, lap: float) -> None:
    words = "la vie est ainsi faite pour nos soeurs"
    assert lines(tmp_path, layer(words, lap)) == [words]


def test_a_visible_layer_is_known_by_its_many_overlapped_spaces(tmp_path: Path) -> None:
    words = "la vie est ainsi faite pour nos soeurs et puis rien de plus"
    assert lines(tmp_path, layer(words, 1.0, mode=0)) == [words]
    # one stepped back over is kerning
    assert lines(tmp_path, "BT /F1 10 Tf 72 700 Td [(in ) 278 (visible)] TJ ET") == ["invisible"]
    # and so is one after every letter
    letters = "[" + " 278 ".join(f"({letter} )" for letter in "unbelievable") + "] TJ"
    assert lines(tmp_path, f"BT /F1 10 Tf 72 700 Td {letters} ET") == ["unbelievable"]


def test_nothing_overlaps_on_an_empty_page() -> None:
    none = np.zeros(0)
    assert not overlapped_spaces(none > 0, np.zeros((0, 2)), none, none.astype(np.int64), []).any()
