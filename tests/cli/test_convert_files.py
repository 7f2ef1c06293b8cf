"""Batches that `docmill convert` runs: which of their documents are left when it cannot go on."""

from __future__ import annotations

import io
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from docmill.pipeline.cli.convert_files import ConvertOptions, configured_conversion, run_batches
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.pipeline.instance.runs.interrupted import INTERRUPTED_TAG
from docmill.pipeline.intake.batches import DocumentRef, write_manifest
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import content_hash
from tests.support.model_cache import weights

SAMPLES = Path(__file__).parents[1] / "samples"


def test_a_server_that_goes_away_leaves_documents_interrupted(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCMILL_STORE", str(tmp_path / "store"))
    away = {"layout": "triton", "triton_url": "127.0.0.1:9", "ocr": "off", "format": "md"}
    options = ConvertOptions([], str(tmp_path / "out"), away, jobs=1)
    store = DocumentStore(str(tmp_path / "store"))
    manifests = []
    for name in ("form.pdf", "code_listing.pdf"):
        path = SAMPLES / name
        ref = DocumentRef(content_hash(path), name, str(path), path.stat().st_size)
        manifests.append(write_manifest(store, [ref]))
    config = options.run_config()
    conversion = configured_conversion(config)
    console = Console(file=io.StringIO())
    with pytest.raises(BackendConfigError, match=r"127\.0\.0\.1:9"):
        run_batches(instance, manifests, config, conversion, console)
    [run] = instance.get_runs()
    assert run.tags[INTERRUPTED_TAG] == "server_unavailable"
    # the second batch, whose run was not begun, has the settings of the first's too
    rows = list(Selection(states=FAILED).rows(open_ledger(store)))
    assert sorted(row.name for row in rows) == ["code_listing.pdf", "form.pdf"]
    for row in rows:
        assert (row.state, row.reason, row.run) == ("interrupted", "server_unavailable", run.run_id)
        assert "127.0.0.1:9" in row.message
    assert run.run_config == config
