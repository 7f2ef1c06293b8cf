"""Text as docling wrote it before docling-parse 7.21; the expected lines are those of docling-parse 7.20."""

from __future__ import annotations

from pathlib import Path

from benchmarks.recorded.legacy_text import LegacyText
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import PageContent
from tests.convert.pdf_builder import Builder

REPORT = Path(__file__).parents[2] / "samples" / "annual_report.pdf"

#: All lines with two spaces that docling-parse 7.20 found on the first six pages of the report.
DOCLING_PARSE = [
    "Our  membership  grew  to  6,840  households.  "
    "A  cooperative  of  this  size  can  no  longer  be  run  by",
    "There  were  no  serious  accidents.  "
    "Two  minor  burns  and  one  sprained  ankle  were  reported,  all  of",
]


def lines(pdf: Path, *pages: int, legacy_text: bool = True) -> list[str]:
    def read(opened: Pdf, page: int) -> PageContent:
        return LegacyText().read(opened, page, "") if legacy_text else read_page(opened, page)

    with Pdf.open(pdf) as opened:
        return [
            line.text
            for page in pages
            for line in (
                LegacyText().read(opened, page, "") if legacy_text else read_page(opened, page)
            ).cells
        ]


def test_the_lines_that_docling_parse_had_and_no_others() -> None:
    wide = [line for line in lines(REPORT, *range(1, 7)) if "  " in line]
    assert wide == DOCLING_PARSE


def test_one_space_unless_asked_for_two() -> None:
    single = lines(REPORT, *range(1, 7), legacy_text=False)
    assert not [line for line in single if "  " in line]
    assert {" ".join(line.split()) for line in DOCLING_PARSE} <= set(single)


def test_word_spacing_of_a_third_of_a_character(tmp_path: Path) -> None:
    builder = Builder()
    # Helvetica at 10 pt: "one two" is about 5 points a character
    builder.page(
        b"BT /F1 10 Tf 50 700 Td 1.2 Tw (one two) Tj 0 -30 Td 2.4 Tw (one two) Tj"
        b" 0 -30 Td 9 Tw (one two) Tj ET"
    )
    assert lines(builder.save(tmp_path / "spaced.pdf"), 1) == ["one two", "one  two", "one two"]


def test_a_comma_in_another_font_and_curly_quotes(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(b"BT /F1 10 Tf 50 700 Td (say \\223hello\\224) Tj /F2 10 Tf (, you) Tj ET")
    saved = builder.save(tmp_path / "fonts.pdf")
    assert lines(saved, 1) == ["say 'hello' , you"]
    assert lines(saved, 1, legacy_text=False) == ['say "hello", you']


def test_a_raised_number_is_further_away(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(b"BT /F1 10 Tf 50 700 Td (up to ) Tj 3 Ts (1) Tj ET")
    assert lines(builder.save(tmp_path / "raised.pdf"), 1) == ["up to  1"]
