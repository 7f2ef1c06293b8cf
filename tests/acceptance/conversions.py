"""Conversions by a Triton server without Dagster: stages over documents, and what their records say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pikepdf

from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.registry import stages_with
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import TimeLimits
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, content_hash
from docmill.resources.clients.triton import TritonServer
from docmill.resources.engines.triton import TritonCdlaLayout, TritonSlanetTables
from tests.acceptance.serving import ROOT
from tests.support.stage_runs import Told

SAMPLES = ROOT / "tests" / "samples"
#: Points: a few words.
_STRIP = (160.0, 24.0)


def split(folder: Path, count: int, pages: int) -> list[Path]:
    """Different documents of a few pages each, page after page of a sample, round and round."""
    folder.mkdir(parents=True)
    made = []
    with pikepdf.open(SAMPLES / "many_pages.pdf") as whole:
        for index in range(count):
            path = folder / f"part{index}.pdf"
            with pikepdf.new() as part:
                for page in range(index * pages, (index + 1) * pages):
                    part.pages.append(whole.pages[page % len(whole.pages)])
                part.docinfo["/Title"] = f"part {index}"
                part.save(path)
            made.append(path)
    return made


def strips(folder: Path, count: int, pages: int) -> list[Path]:
    """Different documents of a few scanned pages each, which have a few words."""
    folder.mkdir(parents=True)
    made = []
    with pikepdf.open(SAMPLES / "scanned.pdf") as whole:
        left, bottom, _, top = map(float, whole.pages[0].mediabox)
        width, height = _STRIP
        for index in range(count):
            path = folder / f"strips{index}.pdf"
            with pikepdf.new() as strip:
                for page in range(pages):
                    strip.pages.append(whole.pages[0])
                    x, y = left + width / 2, bottom + (top - bottom) * (0.6 + 0.015 * (page % 16))
                    strip.pages[-1].mediabox = pikepdf.Array([x, y, x + width, y + height])
                strip.docinfo["/Title"] = f"strips {index}"
                strip.save(path)
            made.append(path)
    return made


def references(files: Sequence[Path]) -> list[DocumentRef]:
    return [DocumentRef(content_hash(file), file.name, str(file), file.stat().st_size) for file in files]


def conversion(store: Path, server: TritonServer, workers: int = 2, **engines: Any) -> Conversion:
    """Embedded models served, or these engines of `stages_with`.

    Documents go through `pages`, `ocr` (off), `layout`, `tables`, `documents`.

    The server is asked what it has.
    """
    served = {
        "layout": TritonCdlaLayout(server, "layout_cdla"),
        "tables": TritonSlanetTables(server, "slanet_plus"),
    }
    made = Conversion(
        artifacts=ArtifactStore(DocumentStore(str(store))),
        sources=SourceCache(store / "sources"),
        reader=ReaderSettings(),
        all_stages=stages_with(**{**served, **engines}),
        workers=WorkerLimits(workers=workers),
        limits=TimeLimits(),
    )
    return made.asked()


def run(
    converter: Conversion, documents: Sequence[DocumentRef], *stages: str
) -> dict[str, list[StageRecord]]:
    return {stage: converter.run(stage, documents, Told()) for stage in stages}
