"""Which files are PDFs to their end, and which are not yet."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from docmill.pipeline.intake.whole import is_whole

SAMPLE = Path(__file__).parents[1] / "samples" / "financial_statement.pdf"


def saved(pdf: pikepdf.Pdf, **how: Any) -> bytes:
    made = io.BytesIO()
    pdf.save(made, **how)
    return made.getvalue()


def versions() -> dict[str, bytes]:
    """The same PDF as programs write them."""
    with pikepdf.open(SAMPLE) as pdf:
        return {
            "table": saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable),
            "stream": saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate),
            "linearized": saved(pdf, linearize=True),
        }


VERSIONS = versions()


@pytest.fixture(params=sorted(VERSIONS))
def data(request: pytest.FixtureRequest) -> bytes:
    return VERSIONS[request.param]


def whole(tmp_path: Path, data: bytes) -> bool:
    file = tmp_path / "a.pdf"
    file.write_bytes(data)
    return is_whole(file)


def test_a_pdf_is_whole_however_it_was_written(tmp_path: Path, data: bytes) -> None:
    assert whole(tmp_path, data)
    assert whole(tmp_path, data.rstrip() + b"\r\n")
    assert whole(tmp_path, data.rstrip())


def test_no_part_of_a_pdf_is_whole(tmp_path: Path, data: bytes) -> None:
    ends = [found.end() for found in re.finditer(b"%%EOF", data)]
    cuts = {*range(0, len(data), 997), *range(len(data) - 1100, ends[-1]), *ends[:-1]}
    assert [cut for cut in sorted(cuts) if whole(tmp_path, data[:cut])] == []


def test_space_that_is_taken_before_it_is_filled_is_not(tmp_path: Path, data: bytes) -> None:
    for part in (0, len(data) // 2, len(data) - 5):
        assert not whole(tmp_path, data[:part].ljust(len(data), b"\0"))


@pytest.mark.parametrize(
    "end",
    [
        b"startxref\n0\n%%EOF",
        b"startxref\n9\n%%EOF",
        b"startxref\n99999999\n%%EOF",
        b"startxref\n%%EOF",
        b"%%EOF",
    ],
)
def test_an_end_that_leads_nowhere_is_none(tmp_path: Path, end: bytes) -> None:
    assert not whole(tmp_path, b"%PDF-1.7\n" + b"x" * 100 + end)


def test_what_is_behind_the_end_is_not_taken_for_it(tmp_path: Path) -> None:
    assert not whole(tmp_path, VERSIONS["table"] + b"\nmore")


def test_a_file_that_went_away_is_not(tmp_path: Path) -> None:
    assert not is_whole(tmp_path / "gone.pdf")
