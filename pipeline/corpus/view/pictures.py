"""Pictures of pages, drawn by workers that can be killed: the page may be the one that broke the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from docmill.pipeline.convert.errors import BackendError
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.running.pool import Failure, Task, WorkerLimits, WorkerPool
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.resources.clients.files.sources import SourceCache

__all__ = ["draw_pages"]

_CONTEXT = "docmill.pipeline.stages.running.worker:make_context"
_DRAW = "docmill.pipeline.stages.running.overlays:draw_page"
_PAGE_S = 60.0
_MEMORY_MB = 2048
_MOST_WORKERS = 4


def draw_pages(
    document: DocumentRef,
    numbers: Sequence[int],
    artifacts: ArtifactStore,
    sources: SourceCache,
    reader: ReaderSettings,
    drawn: Callable[[], None] = lambda: None,
) -> dict[int, bytes | str]:
    """Each page as WebP, or why there is no picture of it; `drawn` is called after each."""
    workers = max(1, min(_MOST_WORKERS, os.cpu_count() or 1, len(numbers)))
    limits = WorkerLimits(workers, _MEMORY_MB)
    found: dict[int, bytes | str] = {}
    with WorkerPool(limits, _CONTEXT, (artifacts, sources, reader, None), (_DRAW.partition(":")[0],)) as pool:
        for number in numbers:
            pool.submit(Task(number, _DRAW, (document, number), _PAGE_S))
        try:
            for result in pool.run():
                found[result.task.key] = result.error.message if isinstance(result, Failure) else result.value
                drawn()
        except BackendError as error:  # the server that has the file is away: the rest is worth seeing
            found.update((number, str(error)) for number in numbers if number not in found)
    return found
