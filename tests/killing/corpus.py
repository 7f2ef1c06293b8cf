"""Small PDFs, all different, most of one page: born digital, with tables, scanned, and bad ones."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pikepdf

__all__ = ["BAD", "small_pdfs"]

SAMPLES = Path(__file__).parents[1] / "samples"
#: What is made of these.
BAD = {"encrypted.pdf": "encrypted", "truncated.pdf": "corrupt", "not_a_pdf.pdf": "not_a_pdf"}
_PAGES = (
    ("code_listing.pdf", 0),
    ("two_column_paper.pdf", 0),
    ("arabic.pdf", 0),
    ("financial_statement.pdf", 0),
    ("hebrew.pdf", 0),
    ("two_column_paper.pdf", 2),
    ("rotated_page.pdf", 0),
)
_SCAN = ("rotated_scan.pdf", 0)
_LONG = "many_pages.pdf"
_LONG_PAGES = 40
#: One in so many is a scan, and one in so many is bad.
_SCANS, _BADS = 25, 20
#: These have several page chunks.
_LONGS = (7, 58)


def small_pdfs(count: int) -> Iterator[tuple[str, bytes, str]]:
    """Names, bytes, and the reason for which they cannot be converted, or none; the same each time."""
    bad = list(BAD.items())
    for number in range(count):
        if number % _BADS == _BADS - 1:
            name, reason = bad[number // _BADS % len(bad)]
            yield f"{number:03d}-{name}", (SAMPLES / name).read_bytes() + b"\n%% %d\n" % number, reason
        elif number in _LONGS:
            yield f"{number:03d}-{_LONG}", _cut(_LONG, range(_LONG_PAGES), number), ""
        else:
            name, page = _SCAN if number % _SCANS == _SCANS // 2 else _PAGES[number % len(_PAGES)]
            yield f"{number:03d}-{name}", _cut(name, [page], number), ""


def _cut(name: str, pages: range | list[int], number: int) -> bytes:
    """Some pages of a sample as a file of its own."""
    made = io.BytesIO()
    with pikepdf.open(SAMPLES / name) as whole, pikepdf.new() as cut:
        cut.pages.extend(whole.pages[page] for page in pages)
        cut.docinfo["/Title"] = f"Copy {number}"
        cut.save(made, deterministic_id=True)
    return made.getvalue()
