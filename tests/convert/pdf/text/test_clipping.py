"""Text that a clip path cuts off."""

from __future__ import annotations

from pathlib import Path

import pytest
from pikepdf import Array, Dictionary, Name

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from tests.convert.pdf_builder import Builder, text


def cell(x: float, y: float, width: float, content: str, *, operator: str = "W") -> str:
    """Text that a cell shows as far as it is wide."""
    return f"q {x} {y - 4} {width} 14 re {operator} n BT /F1 9 Tf {x} {y} Td ({content}) Tj ET Q\n"


def read(tmp_path: Path, content: str, rotate: int = 0) -> list[str]:
    builder = Builder()
    builder.page(content, rotate=rotate)
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        return [line.text for line in read_page(pdf, 1).cells]


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("operator", ["W", "W*"])
def test_long_text_ends_with_its_cell(tmp_path: Path, operator: str, rotate: int) -> None:
    content = cell(72, 700, 100, "A payment of the month of May of 4711", operator=operator)
    content += cell(174, 700, 60, "58047160", operator=operator)
    found = read(tmp_path, content, rotate)
    short, amount = sorted(found, key=len, reverse=True)
    assert amount == "58047160"
    assert short.startswith("A payment of the mon") and len(short) < 30


def test_a_shown_glyph_is_no_duplicate_of_one_cut_off(tmp_path: Path) -> None:
    content = cell(72, 700, 60, "0123456789 58047160 0123456789") + cell(127.04, 700, 90, "58047160")
    assert "58047160" in read(tmp_path, content)


def test_text_cut_off_whole_is_not_there(tmp_path: Path) -> None:
    hidden = "q 0 0 0 0 re W n BT /F1 9 Tf 72 640 Td (Hidden words) Tj ET Q "
    shown = "BT /F1 9 Tf 72 700 Td (Shown words) Tj ET "
    assert read(tmp_path, shown + hidden) == ["Shown words"]


def test_clip_paths_that_cut_nothing(tmp_path: Path) -> None:
    whole = "q 0 0 612 792 re W* n BT /F1 9 Tf 72 700 Td (One line) Tj ET Q "
    tight = "q 72 678 60 9 re W n BT /F1 9 Tf 72 680 Td (Two lines) Tj ET Q "
    # a triangle is taken for the rectangle around it
    corner = "q 60 640 m 300 640 l 60 700 l h W n BT /F1 9 Tf 72 660 Td (Three lines) Tj ET Q "
    assert read(tmp_path, whole + tight + corner) == ["One line", "Two lines", "Three lines"]


def test_invisible_text_is_there_whatever_is_cut_off(tmp_path: Path) -> None:
    layer = "q 0 0 10 10 re W n BT 3 Tr /F1 9 Tf 72 640 Td (Recognised words) Tj ET Q"
    assert read(tmp_path, layer) == ["Recognised words"]


def test_many_clip_paths_of_which_one_in_many_cuts(tmp_path: Path) -> None:
    body = "".join(cell(72, 780 - 5 * n, 500, f"Line {n}") for n in range(140))
    cut = "".join(cell(300, 780 - 5 * n, 20, f"Cell of number {n}") for n in range(0, 140, 2))
    found = read(tmp_path, body + cut)
    assert not any("number" in line for line in found)
    assert sum(line.startswith("Line ") for line in found) == 140


def test_forms_have_clip_paths_of_their_own_place(tmp_path: Path) -> None:
    builder = Builder()
    form = builder.pdf.make_stream(
        b"q 0 0 50 20 re W n BT /F1 10 Tf 2 5 Td (Seen in a form) Tj ET Q",
        Dictionary(
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 200, 50]),
            Resources=Dictionary(Font=Dictionary({"/F1": builder.fonts["F1"]})),
        ),
    )
    builder.page("q 2 0 0 2 100 400 cm /X Do Q", xobjects={"X": form})
    with Pdf.open(builder.save(tmp_path / "form.pdf")) as pdf:
        [line] = read_page(pdf, 1).cells
    assert "Seen in a form".startswith(line.text) and 7 <= len(line.text) < 12


def test_a_word_cut_to_a_letter_keeps_its_distance(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(cell(72, 700, 60, "A payment to") + cell(134, 700, 60, "1250"))
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        words = {word.text: word.box for word in read_page(pdf, 1).words}
    last = max((box for text, box in words.items() if text != "1250"), key=lambda box: box.r)
    assert words["1250"].l - last.r > 0.3 * 9
    assert last.width > 0


@pytest.mark.parametrize("font", ["F1", "F4"])
def test_a_last_letter_that_is_left_of_a_word_keeps_its_distance(tmp_path: Path, font: str) -> None:
    builder = Builder()
    width = 77 if font == "F4" else 71
    content = cell(72, 700, width, "A payment to Rome") + cell(74 + width, 700, 60, "1250")
    builder.page(content.replace("/F1", f"/{font}"))
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        words = sorted(read_page(pdf, 1).words, key=lambda word: word.box.l)
    *_, before, cut, amount = words
    assert (cut.text[0], amount.text) == ("R", "1250")
    assert before.box.r <= cut.box.l
    assert amount.box.l - cut.box.r > 0.5 * 9


@pytest.mark.parametrize(
    "path",
    [
        "60 690 200 30 re 60 100 20 20 re",  # two parts, and between them
        "60 690 m 260 690 l 260 720 l 80 720 l 80 400 l 60 400 l h",
        "60 640 m 260 680 l 260 740 l 60 740 l 60 640 l h",
    ],
)
def test_clip_paths_that_are_no_rectangle(tmp_path: Path, path: str) -> None:
    drawn = f"q {path} W n {text(100, 700, 'shown')}{text(100, 420, 'gone')}{text(180, 655, 'lost')} Q\n"
    assert read(tmp_path, drawn) == ["shown"]


def test_text_in_a_circle(tmp_path: Path) -> None:
    circle = "300 500 m 300 610 210 700 100 700 c 100 300 l h"
    drawn = f"q {circle} W n {text(110, 500, 'shown')}{text(260, 690, 'out')} Q\n"
    assert read(tmp_path, drawn) == ["shown"]
