"""Batches most of whose documents fail: stopped, told of, and not tried for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from docmill.pipeline.convert.errors import BatchStoppedError
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.instance.reporting.progress import LogProgress
from docmill.pipeline.intake.batches import INBOX, DocumentRef, Manifest, write_manifest
from docmill.pipeline.intake.overdue import OVERDUE_COLUMNS, overdue_batches
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import content_hash
from tests.support.model_cache import weights

SAMPLES = Path(__file__).parents[1] / "samples"
GOOD = ("code_listing.pdf", "form.pdf")
#: So many are not PDFs.
BAD = 7


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DocumentStore:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCMILL_STORE", str(tmp_path / "store"))
    return DocumentStore(str(tmp_path / "store"))


def bad_batch(folder: Path, store: DocumentStore) -> Manifest:
    folder.mkdir()
    for name in GOOD:
        (folder / name).write_bytes((SAMPLES / name).read_bytes())
    for number in range(BAD):
        (folder / f"bad{number}.pdf").write_text(f"no PDF at all: {number}")
    files = sorted(folder.iterdir())
    refs = [DocumentRef(content_hash(path), path.name, str(path), path.stat().st_size) for path in files]
    return write_manifest(store, refs, INBOX)


def run(instance: dg.DagsterInstance, key: str) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions(BATCHES, [key])
    job = defs.resolve_job_def("convert_documents")
    return job.execute_in_process(instance=instance, partition_key=key, raise_on_error=False)


def rows(store: DocumentStore) -> dict[str, DocumentRow]:
    return {row.name: row for row in open_ledger(store).all()}


def overdue(store: DocumentStore) -> list[tuple[str, str, int]]:
    documents = open_ledger(store).documents.scan(OVERDUE_COLUMNS)
    found = overdue_batches(documents, None, now=datetime.now(UTC) + timedelta(days=1))
    return [(each.batch, each.why, each.documents) for each in found]


def test_a_stopped_batch_goes_no_further_and_is_tried_three_times(
    tmp_path: Path, store: DocumentStore, instance: dg.DagsterInstance
) -> None:
    manifest = bad_batch(tmp_path / "in", store)
    open_ledger(store).queue([manifest])
    assert overdue(store) == [(manifest.key, "missing", len(GOOD) + BAD)]
    for attempt in (1, 2, 3):
        result = run(instance, manifest.key)
        assert not result.success
        [check] = result.get_asset_check_evaluations()
        assert (check.asset_key.path, check.passed) == (["pages"], False)
        assert not any("/layout/" in path for path in store.list("documents"))
        found = rows(store)
        assert {found[f"bad{number}.pdf"].reason for number in range(BAD)} == {"not_a_pdf"}
        for name in GOOD:
            left = found[name]
            assert (left.state, left.reason, left.attempts) == ("failed", "batch_stopped", attempt)
            assert f"{BAD} of {BAD + len(GOOD)} documents failed: not_a_pdf" in left.message
            assert "docmill retry --reason batch_stopped" in left.remedy
        # tomorrow night it runs again for those that were left, three times in all
        assert overdue(store) == ([(manifest.key, "failed", len(GOOD))] if attempt < 3 else [])


def test_a_stop_is_in_the_ledger_before_it_is_told_of(
    tmp_path: Path, store: DocumentStore, instance: dg.DagsterInstance
) -> None:
    """Or a run that dies in between would leave a batch that waits for ever."""
    result = run(instance, bad_batch(tmp_path / "in", store).key)
    entries = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    [told] = [entry.timestamp for entry in entries]
    assert len(rows(store)) == len(GOOD) + BAD
    assert all(row.at.timestamp() < told for row in rows(store).values())


def test_a_batch_whose_run_is_killed_before_it_is_recorded_is_recorded_by_the_next(
    tmp_path: Path, store: DocumentStore, instance: dg.DagsterInstance
) -> None:
    manifest = bad_batch(tmp_path / "in", store)
    open_ledger(store).queue([manifest])
    killed = subprocess.run(
        [sys.executable, "-m", "tests.corpus.test_stopped_batches", manifest.key],
        env={**os.environ, "DAGSTER_HOME": str(tmp_path / "dagster")},
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert {row.state for row in rows(store).values()} == {"queued"}
    assert overdue(store) == [(manifest.key, "missing", len(GOOD) + BAD)]
    assert not run(instance, manifest.key).success
    assert {rows(store)[name].reason for name in GOOD} == {"batch_stopped"}
    assert {row.attempts for row in rows(store).values()} == {1}


def test_those_that_were_left_convert_in_a_batch_of_their_own(
    tmp_path: Path, store: DocumentStore, instance: dg.DagsterInstance
) -> None:
    manifest = bad_batch(tmp_path / "in", store)
    run(instance, manifest.key)
    left = [row.ref for row in rows(store).values() if row.reason == "batch_stopped"]
    again = write_manifest(store, left, INBOX)
    assert run(instance, again.key).success
    assert {name: rows(store)[name].state for name in GOOD} == dict.fromkeys(GOOD, "converted")
    assert all(rows(store)[name].attempts == 0 for name in GOOD)


def test_a_document_that_another_batch_has_converted_stays_so(
    tmp_path: Path, store: DocumentStore, instance: dg.DagsterInstance
) -> None:
    manifest = bad_batch(tmp_path / "in", store)
    good = [ref for ref in manifest.documents if ref.name in GOOD]
    assert run(instance, write_manifest(store, good, INBOX).key).success
    before = rows(store)
    run(instance, manifest.key)
    assert {name: rows(store)[name] for name in GOOD} == before


def test_results_of_older_settings_stay_known(store: DocumentStore) -> None:
    """They are what there is of the document; and `docmill gc` would take them for superseded."""
    ref = DocumentRef("1" * 64, "a.pdf", "/in/a.pdf", 1)
    files = {"md": "documents/11/x.md"}
    record = StageRecord(stage="exports", document=ref.id, name=ref.name, pages=[1], extra={"files": files})
    ledger = open_ledger(store)
    ledger.settle(Outcome("b1", INBOX, "r1", {"exports": "old"}), [ref], [record])
    for attempt in (1, 2):
        ledger.stop(Outcome("b2", INBOX, "r2", {"exports": "new"}), [ref], BatchStoppedError("why"))
        [row] = ledger.of(ref.id)
        assert (row.state, row.tried, row.batch, row.attempts) == (
            "converted",
            "batch_stopped",
            "b2",
            attempt,
        )
        assert (row.prints, row.files, row.last_print) == ({"exports": "old"}, files, "new")


class KillingProgress(LogProgress):
    """Kills its run when the stage `pages` is done, before anything is said of that."""

    def end(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def main(key: str) -> None:
    """A run of the batch that is killed."""
    job = defs.resolve_job_def("convert_documents")
    progress: Callable[[dg.DagsterLogManager], LogProgress] = KillingProgress
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(BATCHES, [key])
        job.execute_in_process(instance=instance, partition_key=key, resources={"progress": progress})


if __name__ == "__main__":
    main(*sys.argv[1:])
