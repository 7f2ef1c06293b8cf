"""A corpus of as many pages as wanted: pages of a few PDFs, round and round, in documents of one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pypdfium2 as pdfium

__all__ = ["ORDINARY", "CorpusFile", "make_corpus", "ordinary_samples"]

_SAMPLES = Path(__file__).resolve().parents[2] / "tests" / "samples"

#: The samples that look like what people convert; scans are left out, OCR would hide everything else.
ORDINARY = (
    "annual_report.pdf",
    "two_column_paper.pdf",
    "financial_statement.pdf",
    "code_listing.pdf",
    "form.pdf",
    "arabic.pdf",
)


@dataclass(frozen=True)
class CorpusFile:
    """One PDF of the corpus."""

    path: Path
    pages: int


def ordinary_samples() -> list[Path]:
    """Where the ordinary samples lie."""
    return [_SAMPLES / name for name in ORDINARY]


def make_corpus(sources: Sequence[Path], pages: int, length: int, folder: Path) -> list[CorpusFile]:
    """Documents of `length` pages (the last one may be shorter), `pages` in all, in `folder`.

    Pages are taken from `sources` in order, so each document starts with another one and none has the same
    bytes as another.
    """
    folder.mkdir(parents=True, exist_ok=True)
    opened = [pdfium.PdfDocument(path) for path in sources]
    supply = cycle([(pdf, index) for pdf in opened for index in range(len(pdf))])
    try:
        return list(_documents(supply, pages, length, folder))
    finally:
        for pdf in opened:
            pdf.close()


def _documents(
    supply: Iterator[tuple[pdfium.PdfDocument, int]], pages: int, length: int, folder: Path
) -> Iterator[CorpusFile]:
    for number, first in enumerate(range(0, pages, length)):
        chosen = list(islice(supply, min(length, pages - first)))
        path = folder / f"document-{number:04d}.pdf"
        with pdfium.PdfDocument.new() as document:
            for pdf, index in chosen:
                document.import_pages(pdf, [index])
            document.save(path)
        path.write_bytes(path.read_bytes() + f"\n% document {number}\n".encode())
        yield CorpusFile(path, len(chosen))
