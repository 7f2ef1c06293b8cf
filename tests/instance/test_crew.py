"""The workers of a run: the same ones for all its steps, and none of them left after it."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from docmill.pipeline.stages.running.workers.process import WorkerProcess
from docmill.resources.settings.layout import Layout
from docmill.resources.settings.workers import Workers
from tests.support.long_batches import definitions, long_pdf, made_batch
from tests.support.model_cache import weights

PAGES = 20


@pytest.mark.parametrize("pages_per_step", [0, 8])
def test_the_steps_of_a_run_share_workers_that_end_with_it(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, pages_per_step: int
) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("tables").parent))
    started: list[WorkerProcess] = []
    start = WorkerProcess.start

    def counted(memory_mb: int, preload: list[str]) -> WorkerProcess:
        started.append(start(memory_mb, preload))
        return started[-1]

    monkeypatch.setattr(WorkerProcess, "start", counted)
    manifest = made_batch(tmp_path, {"long.pdf": long_pdf(PAGES)})
    instance.add_dynamic_partitions("batches", [manifest.key])
    made = definitions(
        str(tmp_path / "store"), pages_per_step, workers=Workers(count=2), layout=Layout(detector="never")
    )
    result = made.resolve_job_def("convert_documents").execute_in_process(
        partition_key=manifest.key, instance=instance
    )
    assert result.success
    assert 1 <= len(started) <= 2
    assert not any(worker.process.is_alive() for worker in started)
