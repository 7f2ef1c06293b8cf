"""Lines of a text layer that are suspected, and what looks like them and is not."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from docmill.pipeline.convert.pdf.missing_text.doubt import doubtful_cells
from docmill.pipeline.convert.types import Box, Font, TextCell, Word
from tests.convert.pdf.missing_text.test_letter_pairs import TEXTS

ENGLISH = TEXTS["English"]


def moved(text: str, shift: int = -29) -> str:
    """As PDFium reads a font whose codes are glyph numbers: 29 below ASCII, and spaces without a meaning."""
    return "".join(chr(ord(char) + shift) if ord(char) + shift > 32 else "\ufffd" for char in text)


def page(*lines: str, fonts: Sequence[int] = ()) -> tuple[list[Word], list[TextCell], list[Font]]:
    words: list[Word] = []
    cells: list[TextCell] = []
    for number, line in enumerate(lines):
        texts = line.split(" ")
        box = Box(72, 72 + 14 * number, 72 + 5 * len(line), 82 + 14 * number)
        cells.append(TextCell(line, box, len(words), len(texts)))
        words += [Word(text, box, 10.0, fonts[number] if fonts else 0) for text in texts]
    return words, cells, [Font("Body"), Font("Other"), Font("Typewriter", mono=True)]


def wrapped(text: str, width: int = 60) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def test_letters_that_were_moved() -> None:
    lines = [moved(line) for line in wrapped(ENGLISH)]
    assert doubtful_cells(*page(*lines)) == list(range(len(lines)))


def test_a_font_without_a_map_among_others() -> None:
    good = wrapped(TEXTS["French"])
    bad = [moved(line, 3) for line in wrapped(TEXTS["German"].casefold())]
    lines = [*good, *bad]
    fonts = [0] * len(good) + [1] * len(bad)
    assert doubtful_cells(*page(*lines, fonts=fonts)) == list(range(len(good), len(lines)))


def test_codes_that_count_the_glyphs_of_a_font() -> None:
    letters = sorted(set(ENGLISH) - {" "})
    lines = [
        "".join(chr(28 + letters.index(c)) if c != " " else c for c in line) for line in wrapped(ENGLISH)
    ]
    lines = ["".join(char if char >= " " else "\ufffd" for char in line) for line in lines]
    assert doubtful_cells(*page(*lines)) == list(range(len(lines)))


def test_titles_in_other_fonts_go_with_a_doubtful_page_unless_they_are_like_a_language() -> None:
    lines = [moved(line) for line in wrapped(ENGLISH)]
    last = len(lines)
    fonts = [0] * last + [1]
    assert doubtful_cells(*page(*lines, moved("Notice", -29), fonts=fonts))[-1] == last
    assert doubtful_cells(*page(*lines, "Minutes of the meeting", fonts=fonts))[-1] == last - 1


@pytest.mark.parametrize("glyph", ["\ufffd", "\ue041", "\x05", "\U000f0041"])
def test_lines_that_say_nothing(glyph: str) -> None:
    lines = ["A heading in another font", *(glyph * 9 + " " + glyph * 5 for _ in range(4))]
    assert doubtful_cells(*page(*lines)) == [1, 2, 3, 4]


def test_letters_of_scripts_that_no_language_mixes() -> None:
    letters = "аbγдeжζkлμнπrсτuфχzω"
    lines = [" ".join(letters[i : i + 3] + letters[(i * k) % 20] for i in range(17)) for k in range(1, 6)]
    assert doubtful_cells(*page(*lines)) == list(range(5))


@pytest.mark.parametrize(
    "lines",
    [
        *(pytest.param(wrapped(text), id=name) for name, text in TEXTS.items()),
        pytest.param([moved("Only a few words")], id="short"),
        pytest.param(["\uf0b7 an item of a list whose bullet is from a font of symbols"] * 12, id="bullets"),
        pytest.param(["E \ufffd mc\ufffd", "\ufffd(x) = \ufffd\ufffd dx", *wrapped(ENGLISH)], id="formulas"),
        pytest.param(["XK-2231-BQ 14.20 QRT7781 3,115.00 BZX-99 7.05"] * 40, id="part numbers"),
        pytest.param([f"${n}.50 {n + 3}% ${n + 1}.00 {n}0% (a* {n})" for n in range(10, 40)], id="prices"),
        pytest.param(
            [f"f(x) = a/b + [{c} - d]^2 <= {{x | x > 0}}, {c}' = -y!" for c in "abcdefg"], id="ASCII"
        ),
        pytest.param(["12.5 1,204 88.1 % 0.004 17 March 3-5"] * 40, id="numbers"),
        pytest.param(["Протокол собрания: отопление стоило дороже, чем планировалось"] * 9, id="Cyrillic"),
        pytest.param(["本会は暖房の費用が予定を上回った理由を説明した。PDFの版もある。"] * 9, id="Japanese"),
        pytest.param(["Η ταμίας εξήγησε γιατί η θέρμανση κόστισε περισσότερο (PDF, HTML)"] * 9, id="Greek"),
        pytest.param(["شرحت أمينة الصندوق لماذا كلفت التدفئة أكثر مما كان مخططا"] * 9, id="Arabic"),
        pytest.param(["μm αβγ-test Δx=3σ pH β-carotene Ωcm γ-ray"] * 9, id="Greek letters in English"),
        pytest.param(["ϕkd = πk(w, α) ew′αk βij γmn ωab λcd θef"] * 9, id="symbols of formulas"),
        pytest.param([], id="nothing"),
    ],
)
def test_what_is_not_suspected(lines: list[str]) -> None:
    assert doubtful_cells(*page(*lines)) == []


def test_what_is_set_monospaced_is_not_suspected() -> None:
    lines = [moved(line, 3) for line in wrapped(ENGLISH)]
    assert doubtful_cells(*page(*lines, fonts=[2] * len(lines))) == []


def test_a_word_that_no_language_has_counts_once() -> None:
    lines = [f"DVIPDFMx and xdvipdfmx, of {name} files" for name in ("TFM", "VF", "PK", "OFM", "PFB")] * 9
    assert doubtful_cells(*page(*lines)) == []


def misread(count: int) -> list[str]:
    """Lines of what an OCR program reads on a page that lies upside down."""
    random, signs = Random(7), "aeiounpqldbxyz|!*@}{/\\=:[]^<#~_;%&()"
    return [" ".join("".join(random.choices(signs, k=5)) for _ in range(8)) for _ in range(count)]


UNSEEN = frozenset({0})


def test_a_layer_that_was_read_upside_down() -> None:
    lines = misread(12)
    assert doubtful_cells(*page(*lines), UNSEEN) == list(range(12))
    # elsewhere it may be a listing or a table of signs, of those that these have
    code = [line.translate(str.maketrans("!*@%&", "()[]=")) for line in lines]
    assert doubtful_cells(*page(*code), UNSEEN) == list(range(12))
    assert doubtful_cells(*page(*code)) == []


@pytest.mark.parametrize(
    "lines",
    [
        *(pytest.param(wrapped(text), id=name) for name, text in TEXTS.items()),
        pytest.param(misread(4), id="short"),
        pytest.param(["12.5 1,204 88.1 % (0.004) 17 March 3-5 $1,300.00"] * 40, id="numbers"),
        pytest.param(["本会は暖房の費用が予定を上回った理由を説明した。"] * 20, id="Japanese"),
        pytest.param(["* Rnd-off errors, mis-read w0rds; and other faults (of OCR)."] * 20, id="poor"),
    ],
)
def test_layers_that_say_something(lines: list[str]) -> None:
    assert doubtful_cells(*page(*lines), UNSEEN) == []
