"""From an inbox on an S3 server to published documents, by Dagster's daemon on PostgreSQL."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from docmill.pipeline.corpus.ledger.entries import OPEN, DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.publish import INDEX
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.model_cache import weights
from tests.support.postgres import PostgresServer
from tests.support.s3 import WeedServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"
PDFS = ("code_listing.pdf", "encrypted.pdf", "truncated.pdf")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeedServer]:
    with WeedServer(tmp_path_factory.mktemp("weed")) as server:
        yield server


@dataclass
class Deployment:
    """Dagster's daemon on PostgreSQL, with the inbox, the store and the output prefix on S3."""

    environment: dict[str, str]
    inbox: DocumentStore
    store: DocumentStore
    out: DocumentStore
    log: Path

    def rows(self) -> dict[str, DocumentRow]:
        return {row.name: row for row in open_ledger(self.store).all()}

    def wait(self, settled: int, seconds: float = 500.0) -> dict[str, DocumentRow]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            rows = self.rows()
            if sum(row.state not in OPEN for row in rows.values()) >= settled:
                return rows
            time.sleep(1.0)
        raise AssertionError(f"{self.rows()}\n{self.log.read_text()[-4000:]}")

    def docmill(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "docmill.pipeline.cli", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )


@pytest.fixture
def deployment(tmp_path: Path, s3: WeedServer) -> Iterator[Deployment]:
    models = weights("layout").parent
    home = tmp_path / "dagster"
    home.mkdir()
    parts = [(ROOT / "deploy" / name).read_text() for name in ("dagster.yaml", "dagster.postgres.yaml")]
    (home / "dagster.yaml").write_text("".join(parts))
    base = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER", "AWS"))}
    with PostgresServer() as postgres:
        environment = base | s3.environment
        environment |= {
            "DAGSTER_HOME": str(home),
            "DOCMILL_HOME": str(tmp_path / "home"),
            "DOCMILL_MODELS": str(models),
            "DOCMILL_POSTGRES_URL": postgres.database("dagster"),
            "DOCMILL_INBOX": "s3://bucket/in",
            "DOCMILL_STORE": "s3://bucket/store",
            "DOCMILL_OUT": "s3://bucket/out",
            "COLUMNS": "200",
        }
        log = tmp_path / "daemon.log"
        with log.open("w") as output:
            daemon = subprocess.Popen(
                [
                    *(sys.executable, "-m", "dagster._daemon", "run"),
                    "-m",
                    "tests.acceptance.ingest_definitions",
                ],
                env=environment,
                cwd=ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield Deployment(environment, s3.store("in"), s3.store("store"), s3.store("out"), log)
        finally:
            os.killpg(daemon.pid, signal.SIGTERM)
            try:
                daemon.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(daemon.pid, signal.SIGKILL)
                daemon.wait()


def test_what_is_put_into_the_inbox_comes_out_as_documents(deployment: Deployment) -> None:
    for name in PDFS:
        deployment.inbox.write(f"2026/{name}", (SAMPLES / name).read_bytes())
    deployment.inbox.write("2026/notes.txt", b"not a PDF")
    rows = deployment.wait(len(PDFS))
    assert {Path(name).name: (row.state, row.reason) for name, row in rows.items()} == {
        "code_listing.pdf": ("converted", ""),
        "encrypted.pdf": ("quarantined", "encrypted"),
        "truncated.pdf": ("quarantined", "corrupt"),
    }
    outputs = [path for path in deployment.out.list("") if not path.startswith("_docmill")]
    assert outputs == [f"2026/code_listing.{extension}" for extension in ("html", "json", "md")]
    indexed = [
        row
        for path in deployment.out.list(INDEX)
        for row in pq.read_table(io.BytesIO(deployment.out.read(path))).to_pylist()
    ]
    assert Counter(row["name"] for row in indexed) == Counter(f"2026/{name}" for name in PDFS)

    status = deployment.docmill("status", "s3://bucket/in/2026/code_listing.pdf")
    assert status.returncode == 0, status.stderr
    assert "2026/code_listing.md" in status.stdout
    failed = deployment.docmill("documents", "--failed")
    assert "encrypted" in failed.stdout, failed.stderr
    ignored = deployment.docmill("documents", "--ignored")
    assert ignored.stdout == "not_a_pdf\ts3://bucket/in/2026/notes.txt\n", ignored.stderr

    before = rows["2026/encrypted.pdf"]
    retried = deployment.docmill("retry", "--reason", "encrypted")
    assert retried.returncode == 0, retried.stderr
    deadline = time.monotonic() + 500
    while (row := deployment.rows()["2026/encrypted.pdf"]).run in ("", before.run):
        assert time.monotonic() < deadline, deployment.log.read_text()[-4000:]
        time.sleep(1.0)
    assert (row.attempts, row.origin) == (2, "retry")


# --- conditional writes on a real server ---


def test_of_many_who_write_at_once_one_wins(s3: WeedServer) -> None:
    store = s3.store("race")
    won: list[int] = []
    start = threading.Barrier(8)

    def write(number: int, version: str | None) -> None:
        start.wait()
        if store.write_if("x", str(number).encode(), version):
            won.append(number)

    for round_ in range(5):
        won.clear()
        version = store.version("x")
        numbers = range(8 * round_, 8 * round_ + 8)  # the same bytes again would be the same version
        writers = [threading.Thread(target=write, args=(number, version)) for number in numbers]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        assert len(won) == 1
        assert store.read("x") == str(won[0]).encode()


def test_a_better_end_of_a_document_is_never_overwritten(s3: WeedServer) -> None:
    artifacts = ArtifactStore(s3.store("ends"))
    ref = DocumentRef("1" * 64, "a.pdf", "s3://bucket/a.pdf", 1)
    good = StageRecord(stage="pages", document=ref.id, name=ref.name, pages=[1])
    bad = StageRecord(stage="pages", document=ref.id, name=ref.name, status="quarantined", reason="timed_out")
    start = threading.Barrier(6)
    for round_ in range(5):
        print_ = f"{round_:016x}"

        def write(record: StageRecord, print_: str = print_) -> None:
            start.wait()
            artifacts.write(print_, b"", record)

        writers = [threading.Thread(target=write, args=(each,)) for each in [bad] * 5 + [good]]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        standing = artifacts.record(ref.id, "pages", print_)
        assert standing is not None
        assert standing.status == "converted"
