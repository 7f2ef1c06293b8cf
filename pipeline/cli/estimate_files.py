"""`docmill estimate`: what files would take, before anything is done."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from docmill.pipeline.cli.convert_files import configured_conversion
from docmill.pipeline.cli.estimates import print_forecast
from docmill.pipeline.cli.options.convert import check_options, resource_config
from docmill.pipeline.cli.places import the_price
from docmill.pipeline.convert.errors import BackendConfigError, BackendError
from docmill.pipeline.convert.metered import Tallied
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.intake.batches import read_manifest
from docmill.pipeline.intake.forecast import Asked, File, chosen, forecast
from docmill.pipeline.intake.history import History, read_history
from docmill.pipeline.intake.page_counts import look_through
from docmill.pipeline.intake.shapes import ServerSeconds, Setup
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.layout import LayoutStage
from docmill.pipeline.stages.ocr import OcrStage
from docmill.pipeline.stages.pages import PagesStage
from docmill.pipeline.stages.spec import ModelStage, Stage
from docmill.pipeline.stages.tables import TablesStage
from docmill.pipeline.stages.understanding import UnderstandingStage
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, UnreadableSource, find_sources

__all__ = ["EstimateOptions", "estimate_files", "setup_of"]

#: Stages that servers may do, in the order of `ServerSeconds`.
_SERVED = (LayoutStage.name, TablesStage.name, OcrStage.name, UnderstandingStage.name)
#: Seconds for looking into files that were converted before.
_PAST_S = 10.0


@dataclass(frozen=True)
class EstimateOptions:
    """The command's options, as `docmill estimate --help` explains them."""

    places: Sequence[str]
    stages: Mapping[str, Any] = field(default_factory=dict)
    jobs: int | None = None
    gpu_price: float | None = None
    as_json: bool = False


def estimate_files(options: EstimateOptions) -> int:
    """Print what the files would take; nothing is written. The exit code is 1 where one cannot be read.

    Raises `DocmillError` for a place that does not exist, a wrong option, a store out of reach.
    """
    check_options(options.stages)
    console, price = Console(stderr=True), the_price(options.gpu_price)
    unread: list[UnreadableSource] = []
    with console.status("looking into files"):
        workers = {} if options.jobs is None else {"workers": {"count": options.jobs}}
        conversion = configured_conversion(resource_config(workers, options.stages))
        files = _files(options.places, conversion.artifacts.store, conversion.sources, unread)
        if not files and not unread:
            raise BackendConfigError(f"no PDF was found at {', '.join(options.places)}")
        sample = chosen(files)
        looks = look_through([file.source for file in sample])
        setup = setup_of(conversion)
        history = _history(conversion, setup)
        past = history.documents(look_through(history.sources, _PAST_S))
        asked = Asked(setup, conversion.workers.workers, conversion.stage(PagesStage).range, price)
        looked = [replace(file, look=looks.get(file.source)) for file in sample]
        found = forecast(looked, len(files), past, history.by_size, asked)
    if options.as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        print_forecast(Console(highlight=False), found, same=history.same)
    for each in unread:
        console.print(f"[red]cannot be read[/] {each.name}: {each.error.message}", highlight=False)
    return 1 if unread else 0


def setup_of(conversion: Conversion) -> Setup:
    """Where a conversion's work is done. Its servers are asked what they have counted, if they answer."""
    stages = conversion.stages
    understanding = stages.get(UnderstandingStage.name)
    ocr = stages.get(OcrStage.name)
    layout = conversion.stage(LayoutStage)
    return Setup(
        layout_served=layout.server is not None,
        layout_asked=layout.asked,
        tables_served=conversion.stage(TablesStage).server is not None,
        ocr=isinstance(ocr, OcrStage) and ocr.engine is not None,
        ocr_served=ocr is not None and ocr.server is not None,
        all_scans=conversion.stage(PagesStage).scans,
        understanding=str(understanding.facts()["mode"]) if understanding else "off",
        counted=ServerSeconds(*map(_counted, map(stages.get, _SERVED))),
    )


def _counted(stage: Stage | None) -> float | None:
    """Seconds of one page, table or answer; None where no server has counted any."""
    engine: object = stage.engine if isinstance(stage, ModelStage) else None
    tally = engine.tally() if isinstance(engine, Tallied) else None
    return tally.seconds / tally.inferences if tally and tally.inferences and tally.seconds else None


def _files(
    places: Sequence[str], store: DocumentStore, sources: SourceCache, unread: list[UnreadableSource]
) -> list[File]:
    """The files at the places; a place that is no file and names a batch is its documents."""
    files: dict[str, File] = {}
    for place in places:
        if not Path(place).expanduser().exists() and "/" not in place:
            try:
                batch = read_manifest(store, place)
            except FileNotFoundError:
                pass
            else:
                files |= {each.source: File(each.source, each.size) for each in batch.documents}
                continue
        for found in find_sources([place], sources.options, unread.append):
            files[found.address] = File(found.address, found.size)
    return list(files.values())


def _history(conversion: Conversion, setup: Setup) -> History:
    with suppress(BackendError):  # what its server has is not known: documents of other weights count, too
        conversion = conversion.asked()
    return read_history(
        open_ledger(conversion.artifacts.store),
        conversion.fingerprints,
        list(conversion.stages),
        served=setup.served,
    )
