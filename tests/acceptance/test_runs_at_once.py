"""Several Dagster runs of the same documents at once: one output of each, and nothing harmed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest
from docling_core.types.doc import DoclingDocument

from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.publish import INDEX
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.intake.batches import INBOX, DocumentRef, Manifest, write_manifest
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import content_hash
from tests.killing.corpus import small_pdfs
from tests.killing.gates import GATES, Gates, Message
from tests.killing.settings import BATCH
from tests.support.model_cache import weights
from tests.support.s3 import WeedServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
STAGES = ("pages", "ocr", "layout", "tables", "documents", "exports")
#: Eight of one page, one of them the last of 40 pages: several page chunks, which are joined.
COUNT = 8


@pytest.fixture(scope="module", params=["folder", "s3"])
def places(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[DocumentStore, DocumentStore, dict[str, str]]]:
    """The store, the outputs, and what a process needs to reach them."""
    folder = tmp_path_factory.mktemp("places")
    if request.param == "folder":
        yield DocumentStore(str(folder / "store")), DocumentStore(str(folder / "out")), {}
        return
    with WeedServer(folder / "weed") as server:
        yield server.store("store"), server.store("out"), server.environment


class Together:
    """Holds each run at the begin of a stage until all have got there."""

    def __init__(self, runs: int) -> None:
        self.done: Counter[tuple[str, str]] = Counter()
        self._barriers = defaultdict[str, threading.Barrier](lambda: threading.Barrier(runs))
        self._lock = threading.Lock()

    def passing(self, message: Message) -> None:
        with self._lock:
            self.done[message.stage, message.document] += message.done
            barrier = self._barriers[message.stage]
        if message.moment == "begin":
            barrier.wait(300)


def documents(folder: Path) -> list[DocumentRef]:
    folder.mkdir()
    refs = []
    for name, data, _ in small_pdfs(COUNT):
        path = folder / name
        path.write_bytes(data)
        refs.append(DocumentRef(content_hash(path), name, str(path), len(data)))
    return refs


def start(key: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "dagster", "asset", "materialize", "--select", "group:convert"),
            *("--partition", key, "-m", "tests.killing.definitions"),
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_all(batches: Sequence[Manifest], environment: dict[str, str]) -> None:
    processes = [start(manifest.key, environment) for manifest in batches]
    for process in processes:
        said, _ = process.communicate(timeout=600)
        assert process.returncode == 0, said[-6000:]


def test_each_document_is_made_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    places: tuple[DocumentStore, DocumentStore, dict[str, str]],
) -> None:
    store, out, reach = places
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER", "AWS"))}
    environment = inherited | reach
    environment |= {
        "DAGSTER_HOME": str(tmp_path / "dagster"),
        "DOCMILL_HOME": str(tmp_path / "home"),
        "DOCMILL_MODELS": str(weights("layout").parent),
        "DOCMILL_STORE": store.url,
        "DOCMILL_OUT": out.url,
        BATCH: str(COUNT),
        GATES: str(tmp_path / "gates"),
    }
    (tmp_path / "dagster").mkdir()
    refs = documents(tmp_path / "in")
    whole, later = write_manifest(store, refs, INBOX), write_manifest(store, refs[4:], INBOX)
    monkeypatch.setenv("DAGSTER_HOME", environment["DAGSTER_HOME"])
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(BATCHES, [whole.key, later.key])

    # the same batch twice, and another with half of its documents
    together = Together(3)
    with Gates(tmp_path / "gates", together.passing):
        run_all([whole, whole, later], environment)

    rows = {row.id: row for row in open_ledger(store).all()}
    assert {row.state for row in rows.values()} == {"converted"}
    assert rows.keys() == {ref.id for ref in refs}
    artifacts = ArtifactStore(store)
    for ref in refs:
        # one finished artifact of each stage, no page chunks left
        found = [path for path in store.list(f"documents/{ref.id[:2]}/{ref.id}") if path.endswith(".zst")]
        prints = rows[ref.id].prints
        assert found == sorted(artifacts.path(ref.id, stage, prints[stage]) for stage in STAGES)
        record = artifacts.record(ref.id, "documents", prints["documents"])
        assert record is not None
        document = DoclingDocument.model_validate_json(out.read(f"{ref.stem}.json"))
        assert sorted(document.pages) == list(range(1, record.page_count + 1))
        assert out.read(f"{ref.stem}.md") == store.read(rows[ref.id].files["md"])
    published = [path for path in out.list("") if not path.startswith(INDEX)]
    assert published == sorted(
        f"{ref.stem}.{extension}" for ref in refs for extension in ("html", "json", "md")
    )
    indexed = {
        path: pq.read_table(io.BytesIO(out.read(path)))["document"].to_pylist() for path in out.list(INDEX)
    }
    assert indexed == {
        f"{INDEX}/{manifest.key}.parquet": [ref.id for ref in manifest.documents]
        for manifest in (whole, later)
    }

    # nothing is left to do
    before = {each.path: each.modified for each in store.details("documents")}
    alone = Together(1)
    with Gates(tmp_path / "gates", alone.passing):
        run_all([whole], environment)
    assert not +alone.done
    assert {each.path: each.modified for each in store.details("documents")} == before
