"""Characters that are read all at once are those that are read one by one."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.glyphs import (
    MAX_CHARS,
    _codes,
    _is_plain,
    _read_odd_chars,
    _read_plain_chars,
)
from docmill.pipeline.convert.pdf.text.textruns import RunReader

SAMPLES = Path(__file__).parents[3] / "samples"
NAMES = ("annual_report", "code_listing", "financial_statement", "form", "rotated_page", "many_pages")


@pytest.mark.parametrize("name", NAMES)
def test_pages_are_the_same_either_way(name: str) -> None:
    letters = parted = 0
    with Pdf.open(SAMPLES / f"{name}.pdf") as pdf:
        for number in range(1, pdf.page_count + 1):
            with contextlib.closing(pdf.page(number).get_textpage()) as textpage:
                codes = _codes(textpage, min(textpage.count_chars(), MAX_CHARS))
                if not _is_plain(codes):
                    continue
                readers = [RunReader(textpage, pdf.frame(number)) for _ in range(2)]
                plain = _read_plain_chars(textpage, codes, readers[0])
                odd = _read_odd_chars(textpage, codes, readers[1])
                for field in ("codes", "indices", "boxes", "run", "spaced", "behind", "spaces"):
                    one, two = getattr(plain, field), getattr(odd, field)
                    np.testing.assert_array_equal(one, two, err_msg=field)
                    assert one.dtype == two.dtype, field
                first, second = (reader.table() for reader in readers)
                for field in ("font", "size", "angle", "x", "y", "above", "below", "width", "lean"):
                    one, two = getattr(first, field), getattr(second, field)
                    np.testing.assert_array_equal(one, two, err_msg=field)
                assert first.fonts == second.fonts
                letters += len(plain.codes)
                parted += int(plain.spaced.sum())
    assert letters > 100
    assert parted > 10


def test_a_page_without_text_has_none() -> None:
    with Pdf.open(SAMPLES / "scanned.pdf") as pdf, contextlib.closing(pdf.page(1).get_textpage()) as textpage:
        codes = _codes(textpage, textpage.count_chars())
        chars = _read_plain_chars(textpage, codes, RunReader(textpage, pdf.frame(1)))
        assert len(chars.codes) == 0
        assert chars.boxes.shape == chars.spaces.shape == (0, 4)
