"""An engine asked about a single page."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.engines import (
    LayoutEngine,
    LayoutView,
    OcrEngine,
    OcrView,
    Render,
    TableEngine,
    TableView,
)
from docmill.pipeline.convert.types import Cluster, PageContent, PageLayout, PageOcr, TableStructure, Word


def detected(engine: LayoutEngine, page: PageContent, render: Render) -> PageLayout:
    [found] = engine.detect_pages([LayoutView(page, None, None, render)])
    return found


def structured(
    engine: TableEngine, regions: Sequence[Cluster], page: PageContent, words: Sequence[Word], render: Render
) -> list[TableStructure]:
    [found] = engine.structures_of_pages([TableView(regions, page, words, render)])
    return found


def read(engine: OcrEngine, page: PageContent, render: Render) -> PageOcr:
    [found] = engine.read_pages([OcrView(page, render)])
    return found
