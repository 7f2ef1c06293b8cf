"""The stages in order: what each needs, which pages it has work on, and which function does it.

Light to import: the functions are named, and only worker processes import them and what they need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pipeline.convert.options import AssemblyOptions
from pipeline.convert.types import PageContent, PageLayout, PageOcr, PageTables, PageUnderstanding
from pipeline.records import StageRecord
from pipeline.stage import FIRST_PAGES, WHOLE_DOCUMENT, StageSpec, chunked

__all__ = ["OVERLAY", "STAGES", "AssemblyEngine", "active_stages"]

#: Draws a page with its regions; no stage of its own, but the same workers do it.
OVERLAY = "pipeline.stages.overlays:draw_overlay"


@dataclass(frozen=True)
class AssemblyEngine:
    """What the stage `documents` needs to know: its options, and what computed all before it."""

    options: AssemblyOptions
    identities: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]


def failed_content(number: int, message: str) -> PageContent:
    """The page that stands for one which cannot be read: US Letter, empty."""
    return PageContent(number=number, width=612.0, height=792.0, error=message)


def _scanned(records: Mapping[str, StageRecord]) -> list[list[int]]:
    """Each scanned page by itself: OCR costs seconds a page."""
    return [[page] for page in records["pages"].flagged]


def _readable(records: Mapping[str, StageRecord]) -> list[list[int]]:
    """All pages that could be read."""
    unreadable = {issue.page for issue in records["pages"].issues if issue.stage == "pages"}
    return chunked([page for page in records["pages"].pages if page not in unreadable])


def _with_tables(records: Mapping[str, StageRecord]) -> list[list[int]]:
    """Pages with a table or a table of contents."""
    return chunked(records["layout"].flagged)


_ALL = (
    StageSpec(
        name="pages",
        version=2,
        needs=(),
        work="pipeline.stages.pages:read_pages",
        plan=lambda _: [FIRST_PAGES],
        failed_page=failed_content,
        finish="pipeline.stages.pages:look_over",
        needed=True,
    ),
    StageSpec(
        name="ocr",
        version=1,
        needs=("pages",),
        work="pipeline.stages.ocr:read_scans",
        plan=_scanned,
        failed_page=lambda number, message: PageOcr(number=number, error=message),
    ),
    StageSpec(
        name="layout",
        version=2,
        needs=("pages", "ocr"),
        work="pipeline.stages.layout:find_regions",
        plan=_readable,
        failed_page=lambda number, message: PageLayout(number=number, error=message),
    ),
    StageSpec(
        name="tables",
        version=2,
        needs=("pages", "ocr", "layout"),
        work="pipeline.stages.tables:find_structures",
        plan=_with_tables,
        failed_page=lambda number, message: PageTables(number=number, error=message),
    ),
    StageSpec(
        name="understanding",
        version=1,
        needs=("pages", "ocr", "layout"),
        work="pipeline.stages.understanding:understand",
        plan=_readable,
        failed_page=lambda number, message: PageUnderstanding(number=number, error=message),
    ),
    StageSpec(
        name="documents",
        version=1,
        needs=("pages", "ocr", "layout", "tables", "understanding"),
        work="pipeline.stages.documents:make_document",
        plan=lambda _: [WHOLE_DOCUMENT],
    ),
    StageSpec(
        name="exports",
        version=1,
        needs=("documents",),
        work="pipeline.stages.exports:write_exports",
        plan=lambda _: [WHOLE_DOCUMENT],
    ),
)

#: Every stage by name, in order.
STAGES: Mapping[str, StageSpec] = MappingProxyType({spec.name: spec for spec in _ALL})


def active_stages(*, understanding: bool) -> Mapping[str, StageSpec]:
    """The stages of a run; without `understanding` none of the others knows of it either."""
    if understanding:
        return STAGES
    left = (spec for name, spec in STAGES.items() if name != "understanding")
    return {
        spec.name: replace(spec, needs=tuple(name for name in spec.needs if name != "understanding"))
        for spec in left
    }
