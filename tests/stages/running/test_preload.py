"""What the fork server imports, so that no worker has to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fork_witness import FILE
from tests.support.model_cache import weights

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "tests" / "samples"
STAGES = 6

CONVERT = """
import sys
from pathlib import Path
from docmill.pipeline.intake.ingest import find_documents
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.registry import STAGES, stages_with
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.running.forking import preloaded, start_fork_server
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import TimeLimits
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache
from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedOcr, EmbeddedTables
from tests.support.stage_runs import Told

folder, models, *files = sys.argv[1:]
start_fork_server([*preloaded(STAGES), "tests.support.fork_witness"])
engines = {"ocr": EmbeddedOcr, "layout": EmbeddedLayout, "tables": EmbeddedTables}
made = {name: engine(Path(models), "onnxruntime") for name, engine in engines.items()}
stages = stages_with(**made, formats=["md", "html", "json"])
store = ArtifactStore(DocumentStore(f"{folder}/store"))
sources = SourceCache(Path(folder) / "sources")
conversion = Conversion(store, sources, ReaderSettings(), stages, WorkerLimits(1), TimeLimits())
batch = list(find_documents(files, sources, print))
for stage in conversion.stages:
    for record in conversion.run(stage, batch, Told()):
        assert record.usable, record
assert len(list(conversion.overlays([(batch[0], 1)]))) == 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork server")
def test_no_worker_imports_anything_itself(tmp_path: Path) -> None:
    models = weights("layout").parent
    for name in ("tables", "ocr-detect", "ocr-recognise"):
        weights(name)
    files = [str(SAMPLES / name) for name in ("annual_report.pdf", "scanned.pdf", "two_column_paper.pdf")]
    witness = tmp_path / "imported"
    run = subprocess.run(
        [sys.executable, "-c", CONVERT, str(tmp_path), str(models), *files],
        env={**os.environ, FILE: str(witness)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    imported = witness.read_text("utf-8").split()
    assert imported.count("worker") == STAGES + 1
    assert {name for name in imported if name != "worker"} == set()
