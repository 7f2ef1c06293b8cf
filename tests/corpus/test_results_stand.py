"""Real runs over a batch with two names of one content: both come out, and later runs take nothing away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.intake.batches import INBOX, DocumentRef, write_manifest
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import content_hash
from tests.support.model_cache import weights

SAMPLE = Path(__file__).parents[1] / "samples" / "form.pdf"


def test_results_of_two_names_stand_whatever_is_run_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCMILL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("DOCMILL_OUT", raising=False)
    store, refs = DocumentStore(str(tmp_path / "store")), []
    for name in ("a.pdf", "b.pdf"):
        path = tmp_path / name
        path.write_bytes(SAMPLE.read_bytes())
        refs.append(DocumentRef(content_hash(path), name, str(path), path.stat().st_size))
    manifest = write_manifest(store, refs, INBOX)
    ledger = open_ledger(store)
    ledger.queue([manifest])
    instance.add_dynamic_partitions(BATCHES, [manifest.key])
    job = defs.resolve_job_def("convert_documents")

    def run(**settings: dict[str, Any]) -> dict[str, DocumentRow]:
        resources = {"ocr": {"backend": {"off": {}}}, **settings}
        config = {"resources": {name: {"config": given} for name, given in resources.items()}}
        result = job.execute_in_process(instance=instance, partition_key=manifest.key, run_config=config)
        assert result.success
        return {row.name: row for row in ledger.all()}

    out = tmp_path / "out"
    rows = run(exports={"out": str(out)})
    assert {name: row.state for name, row in rows.items()} == {"a.pdf": "converted", "b.pdf": "converted"}
    assert (out / "a.md").read_bytes() == (out / "b.md").read_bytes()
    published = {name: row.copies for name, row in rows.items()}
    assert published["b.pdf"] == ["b.html", "b.json", "b.md"]

    rows = run(exports={"out": ""})  # as from the UI, where nobody has set it
    assert {name: row.copies for name, row in rows.items()} == published

    rows = run(exports={"out": str(out)}, reader={"pages": "99"})  # it has fewer
    assert {name: row.state for name, row in rows.items()} == {"a.pdf": "converted", "b.pdf": "converted"}
    assert {name: row.copies for name, row in rows.items()} == published
    assert list(Selection(states=FAILED).rows(ledger)) == []
    for row in rows.values():
        assert all(store.exists(path) for path in row.files.values())
        assert [each.reason for each in ledger.history(row.entry)] == ["", "", "page_range"]
