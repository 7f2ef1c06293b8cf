"""Stage `documents`: one DoclingDocument of each PDF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec

from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.stages.checks import BatchCheck, Finding, StageBatch, finding
from docmill.pipeline.stages.results.records import CHARACTERS
from docmill.pipeline.stages.spec import DocumentStage, StageOption

if TYPE_CHECKING:
    from docmill.pipeline.convert.document.conservation import PageBalance
    from docmill.resources.settings.assembly import Assembly
    from docmill.resources.settings.exports import Exports
    from docmill.resources.settings.layout import Layout

__all__ = ["AssemblyEngine", "DocumentsExtra", "DocumentsStage", "text_counts"]

#: What a document's metadata says it was made with.
_PACKAGES = ("docmill", "docling-slim", "docling-core", "pypdfium2")
#: What counts as content of a document.
_ITEMS = ("texts", "tables", "pictures")


class DocumentsExtra(msgspec.Struct, omit_defaults=True):
    """What the record of the stage says besides.

    `lacking`: the pages that were read, and that the document has not.
    """

    lacking: list[int] = []


def text_counts(pages: Sequence[PageBalance]) -> dict[str, float]:
    """What became of the text of a document, as numbers for its record; those that are 0 are left out."""
    left_out: Counter[str] = Counter()
    for page in pages:
        left_out.update(page.left_out)
    counts = {
        f"{CHARACTERS}read": sum(page.read for page in pages),
        f"{CHARACTERS}in_furniture": sum(page.furniture for page in pages),
        f"{CHARACTERS}in_formulas": sum(page.formulas for page in pages),
        f"{CHARACTERS}in_pictures": sum(page.pictures for page in pages),
        f"{CHARACTERS}lost": sum(page.lost for page in pages),
        **{f"{CHARACTERS}left_out/{why}": count for why, count in sorted(left_out.items())},
        "pages_mostly_in_pictures": sum(page.in_pictures for page in pages),
    }
    return {name: float(count) for name, count in counts.items() if count}


@dataclass(frozen=True)
class AssemblyEngine:
    """What a worker needs to know: the options, and what computed all before."""

    options: AssemblyOptions
    identities: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]


def _all_pages(batch: StageBatch) -> Finding:
    usable = batch.usable
    lacking = [(record, record.extra_as(DocumentsExtra).lacking) for record in usable]
    return finding(
        [record for record, pages in lacking if pages],
        usable,
        "lack pages that were read",
        pages=float(sum(len(record.pages) for record in usable)),
        lacking=float(sum(len(pages) for _, pages in lacking)),
    )


def _partial_share(batch: StageBatch) -> Finding:
    usable, limits = batch.usable, batch.limits
    partial = [record for record in usable if record.status == "partial"]
    return finding(
        partial,
        usable,
        "lack something of a page",
        # of a few documents nothing can be said
        most=limits.max_partial_share if len(usable) >= limits.min_documents else 1.0,
        partial=float(len(partial)),
        issues=float(sum(len(record.issues) for record in partial)),
    )


def _empty_documents(batch: StageBatch) -> Finding:
    usable = batch.usable
    empty = [record for record in usable if not any(record.counts.get(items, 0) for items in _ITEMS)]
    return finding(empty, usable, "have nothing in them", empty=float(len(empty)))


_ALL_PAGES = BatchCheck(
    name="all_pages",
    description="Every document has the pages that the stages before it read, those that could not be done "
    "too. Anything else is an error of docmill's.",
    judge=_all_pages,
)
_PARTIAL_SHARE = BatchCheck(
    name="partial_share",
    description="Warns of a batch of whose documents many lack something of a page: of what the metadata's "
    "table says.",
    warns=True,
    judge=_partial_share,
)
_EMPTY_DOCUMENTS = BatchCheck(
    name="empty_documents",
    description="Warns of documents that were converted and have no text, table or picture: blank pages, or "
    "a layout model that found nothing.",
    warns=True,
    judge=_empty_documents,
)


@dataclass(frozen=True)
class DocumentsStage(DocumentStage):
    """docling's page assembly and reading order put the pages together; metadata says what made them."""

    assembly: AssemblyOptions = field(default_factory=AssemblyOptions)

    name = "documents"
    version = 3
    needs = ("pages", "ocr", "layout", "tables", "understanding")
    work = "docmill.pipeline.stages.work.documents:make_document"
    resources: ClassVar[Mapping[str, str]] = {
        "assembly": "docmill.resources.settings.assembly:Assembly",
        "layout": "docmill.resources.settings.layout:Layout",
        "exports": "docmill.resources.settings.exports:Exports",
    }
    options = (
        StageOption(
            "--pictures",
            False,
            "Crop pictures into the documents.",
            lambda chosen: {"assembly": {"pictures": chosen}},
        ),
        StageOption(
            "--flat/--nested",
            None,
            "Flat as docling's documents, or with nested lists and heading levels. "
            "Default: nested with docmill's small layout model, flat with docling's models.",
            lambda chosen: {} if chosen is None else {"assembly": {"hierarchy": not chosen}},
        ),
    )
    kinds = frozenset({"docling"})
    checks = (_ALL_PAGES, _PARTIAL_SHARE, _EMPTY_DOCUMENTS)

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """Nested as the layout backend's documents are, unless it is set; with what exports need."""
        assembly: Assembly = resources["assembly"]
        layout: Layout = resources["layout"]
        exports: Exports = resources["exports"]
        return cls(assembly.options(layout.backend.nested, exports.needs_pictures))

    def identity(self) -> dict[str, Any]:
        """The options."""
        return asdict(self.assembly)

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> AssemblyEngine:
        """The options, and what a document's metadata says."""
        return AssemblyEngine(self.assembly, identities, {name: version(name) for name in _PACKAGES})
