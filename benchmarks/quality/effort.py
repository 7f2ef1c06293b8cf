"""What a converter's pages cost beside what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pypdfium2 as pdfium

from benchmarks.measuring.processes import cpu_seconds
from benchmarks.metrics.counts import mean
from benchmarks.quality.engines.output import Converter, Output

__all__ = ["Effort", "Worth", "convert_counted", "worth"]


class Effort(msgspec.Struct, frozen=True):
    """CPU seconds of all processes: of the first document alone, and of all documents, start included."""

    first_cpu_s: float
    cpu_s: float
    first_pages: int
    pages: int

    @property
    def cpu_ms_a_page(self) -> float:
        """CPU milliseconds of a further page, so without the start."""
        return 1000 * (self.cpu_s - self.first_cpu_s) / (self.pages - self.first_pages)


class Worth(msgspec.Struct, frozen=True):
    """A converter over all corpora: what a page costs, and the mean of the corpora's main figures."""

    cpu_ms_a_page: float
    quality: float


def convert_counted(converter: Converter, pdfs: Mapping[str, Path]) -> tuple[dict[str, Output], Effort]:
    """Convert the first PDF alone, then all of them: at least two. The caller has adopted orphans."""
    first = dict([next(iter(pdfs.items()))])
    counts = {name: _pages(pdf) for name, pdf in pdfs.items()}
    converter.convert(first)  # what is installed or started once
    begun = cpu_seconds()
    converter.convert(first)
    between = cpu_seconds()
    outputs = converter.convert(pdfs)
    ended = cpu_seconds()
    pages = sum(counts.values())
    return outputs, Effort(between - begun, ended - between, sum(counts[name] for name in first), pages)


def worth(efforts: Sequence[Effort], qualities: Sequence[float]) -> Worth:
    """Both over corpora: all further pages together, and the mean of the figures."""
    pages = sum(effort.pages - effort.first_pages for effort in efforts)
    seconds = sum(effort.cpu_s - effort.first_cpu_s for effort in efforts)
    return Worth(1000 * seconds / pages, mean(qualities) or 0.0)


def _pages(pdf: Path) -> int:
    """How many pages PDFium sees; a file that it cannot open has none."""
    try:
        with pdfium.PdfDocument(pdf) as document:
            return len(document)
    except pdfium.PdfiumError:
        return 0
