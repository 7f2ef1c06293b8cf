"""Stage `pages`: opens each PDF (pypdfium2) and reads its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec

from docmill.pipeline.convert.pdf.page_range import check_page_range
from docmill.pipeline.convert.types import OutlineEntry, PageContent
from docmill.pipeline.stages.checks import FAILURE_RATE
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import FirstPages, Selection, chunked
from docmill.pipeline.stages.spec import PageStage, Progress, StageOption

if TYPE_CHECKING:
    from docmill.pipeline.convert.engines import PageReader
    from docmill.resources.settings.ocr import Ocr
    from docmill.resources.settings.reader import Reader

__all__ = ["PagesExtra", "PagesStage", "readable_pages"]


class PagesExtra(msgspec.Struct, omit_defaults=True):
    """What the record of the stage says of the document besides.

    `outline`: its bookmarks; `info`: what it says of itself; `style`: what its pages have in common
    (`layout.style.DocumentStyle`), once all are read.
    """

    outline: list[OutlineEntry] = []
    info: dict[str, str] = {}
    style: dict[str, Any] | None = None


@dataclass(frozen=True)
class PagesStage(PageStage):
    """Opens each PDF (pypdfium2) and reads its pages; says which of them have no text layer."""

    #: Page numbers as people write them; empty: all.
    range: str = ""
    #: What reads a page in place of PDFium alone.
    reader: PageReader | None = None
    #: Every page is a scan: nothing is taken of its text layer.
    scans: bool = False

    name = "pages"
    version = 4
    work = "docmill.pipeline.stages.work.pages:read_pages"
    finish = "docmill.pipeline.stages.work.pages:look_over"
    needed = True
    resources: ClassVar[Mapping[str, str]] = {
        "reader": "docmill.resources.settings.reader:Reader",
        "ocr": "docmill.resources.settings.ocr:Ocr",
    }
    options = (
        StageOption(
            "--pages", "", "Pages to convert, e.g. 1-3,7,10-.", lambda chosen: {"reader": {"pages": chosen}}
        ),
    )
    kinds = frozenset({"pdf"})
    checks = (FAILURE_RATE,)

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """The range of pages that the reader is set to, as scans where OCR is forced.

        Raises `BackendConfigError` for a range that is none.
        """
        reader: Reader = resources["reader"]
        ocr: Ocr = resources["ocr"]
        if reader.pages:
            check_page_range(reader.pages)
        return cls(reader.pages, scans=ocr.forced)

    def identity(self) -> dict[str, Any]:
        """The range of pages; what reads them if that is not PDFium alone; whether all are scans."""
        return (
            {"range": self.range}
            | (self.reader.identity() if self.reader else {})
            | ({"scans": True} if self.scans else {})
        )

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        """The first pages: which there are is known once the file has been opened."""
        return [FirstPages()]

    def failed_page(self, number: int, message: str) -> PageContent:
        """US Letter, empty."""
        return PageContent(number=number, width=612.0, height=792.0, error=message)

    def prepare(self, progress: Progress | None = None) -> None:
        """Check that what stands in for PDFium is there."""
        if self.reader:
            self.reader.prepare(progress)

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> Self:
        """The stage itself: the range, and what reads."""
        return self


def readable_pages(records: Mapping[str, StageRecord]) -> Sequence[Selection]:
    """All pages that the stage could read, for stages after it."""
    unreadable = {issue.page for issue in records["pages"].issues if issue.stage == "pages"}
    return chunked([page for page in records["pages"].pages if page not in unreadable])
