"""`docmill estimate`: what it finds, by what it goes, and what it prints."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from typer.testing import CliRunner

from docmill.pipeline.cli.app import app
from docmill.pipeline.cli.convert_files import configured_conversion
from docmill.pipeline.corpus.ledger.entries import DocumentRow, to_rows
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.intake.batches import BatchLimits, DocumentRef
from docmill.pipeline.intake.history import read_history
from docmill.pipeline.intake.ingest import make_batches
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.kserve_server import KServeServer, Model

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DocumentStore:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.delenv("DOCMILL_STORE", raising=False)
    return DocumentStore(str(tmp_path / "store"))


def asked(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["estimate", *words, "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def row(number: int, prints: dict[str, str], **facts: Any) -> DocumentRow:
    given: dict[str, Any] = {"source": f"/in/{number}.pdf", "size": 1000, "pages": 10} | facts
    return DocumentRow(
        id=f"{number:064x}",
        name=f"{number}.pdf",
        at=datetime.now(UTC),
        batch=f"b{number % 9}",
        state="converted",
        page_count=10,
        prints=prints,
        **given,
    )


def test_an_empty_ledger_says_so_and_is_wide(store: DocumentStore, tmp_path: Path) -> None:
    found = asked(str(SAMPLES), "--jobs", "3")
    assert (found["documents"], found["opened"], found["jobs"], found["past"]) == (19, 19, 3, 0)
    assert found["unreadable"] == 4
    assert found["worker_seconds"]["high"] > 10 * found["worker_seconds"]["low"]
    assert "cost" not in found or found["cost"] is None
    words = CliRunner().invoke(app, ["estimate", str(SAMPLES / "form.pdf")]).stdout
    assert "No document was converted like that yet" in " ".join(words.split())
    assert not (tmp_path / "store").exists()  # nothing is written
    assert not (tmp_path / "dagster").exists()


def test_documents_with_the_same_settings_are_what_it_goes_by(store: DocumentStore) -> None:
    prints = dict(configured_conversion({}).fingerprints)
    other = prints | {"layout": "other"}
    slow = [row(number, prints, seconds=40.0, cpu_seconds=20.0) for number in range(30)]
    fast = [row(number, other, seconds=0.4, cpu_seconds=0.2) for number in range(30, 60)]
    open_ledger(store).documents.append(to_rows([*slow, *fast]))
    found = asked(str(SAMPLES / "many_pages.pdf"))
    assert found["past"] == 30
    assert found["cpu_seconds"]["low"] < 500 * 2 < found["cpu_seconds"]["high"]
    assert found["cpu_seconds"]["low"] > 500 * 0.1


def test_other_settings_count_where_there_are_no_such(store: DocumentStore) -> None:
    stages = list(configured_conversion({}).stages)
    rows = [row(number, dict.fromkeys(stages, "old"), seconds=2.0) for number in range(5)]
    served = [
        row(number, dict.fromkeys(stages, "old"), seconds=2.0, device_seconds={"heron": 1.0})
        for number in range(5, 9)
    ]
    ledger = open_ledger(store)
    ledger.documents.append(to_rows([*rows, *served]))
    history = read_history(ledger, {"layout": "new"}, stages, served=False)
    assert (history.same, len(history.sources)) == (False, 5)
    history = read_history(ledger, {}, stages, served=True)
    assert (history.same, [each.gpu_seconds for each in history.documents({})]) == (True, [1.0] * 4)


def test_a_batch_is_its_documents(store: DocumentStore) -> None:
    path = SAMPLES / "two_column_paper.pdf"
    ref = DocumentRef("ab" * 32, path.name, str(path), path.stat().st_size)
    [manifest] = make_batches(store, [ref], BatchLimits())
    found = asked(manifest.key)
    assert (found["documents"], found["pages"]["likely"]) == (1, 3)


def test_files_elsewhere_are_not_fetched(store: DocumentStore) -> None:
    prints = dict(configured_conversion({}).fingerprints)
    rows = [row(number, prints, seconds=2.0, size=3000) for number in range(20)]
    open_ledger(store).documents.append(to_rows(rows))
    away = fsspec.filesystem("memory")
    for number in range(3):
        away.pipe(f"/in/{number}.pdf", b"%" * 3000)
    found = asked("memory://in")
    assert (found["documents"], found["opened"]) == (3, 0)
    assert found["pages"]["low"] <= 30 <= found["pages"]["high"]


def test_money_is_at_the_prices_that_are_set(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "docmill.toml").write_text("[pricing]\nper_cpu_hour = 3.6\nper_gb_month = 1\n")
    found = asked(str(SAMPLES / "two_column_paper.pdf"))
    assert found["currency"] == "USD"
    assert found["cost"]["likely"] == pytest.approx(found["cpu_seconds"]["likely"] / 1000)
    assert found["storage_per_month"]["likely"] > 0
    off = asked(str(SAMPLES / "scanned.pdf"), "--ocr", "off")
    on = asked(str(SAMPLES / "scanned.pdf"))
    assert on["cost"]["likely"] > 5 * off["cost"]["likely"]


def test_a_name_that_is_nothing_is_a_mistake(store: DocumentStore) -> None:
    done = CliRunner().invoke(app, ["estimate", "nothing-like-that"])
    assert "nothing-like-that" in str(done.exception)


def test_what_a_server_has_counted_is_what_it_is_thought_to_take(store: DocumentStore) -> None:
    same = ([("x", "FP32")], [("y", "FP32")], lambda inputs: inputs)
    served = Model(*same, inferences=4, device_ns=8_000_000_000)
    with KServeServer({"layout_cdla": served}) as server:
        words = (str(SAMPLES / "many_pages.pdf"), "--layout", "triton:cdla", "--triton-url", server.url)
        counted = asked(*words)["gpu_seconds"]
        served.inferences = served.device_ns = 0
        assumed = asked(*words)["gpu_seconds"]
        in_doubt = asked(*words, "--detector", "auto")["gpu_seconds"]
    away = asked(*words)["gpu_seconds"]
    assert counted["low"] < 500 * 2.0 < counted["high"]
    # nobody knows whether the other one is a GPU or a CPU
    assert counted["high"] / counted["low"] < assumed["high"] / assumed["low"] / 5
    assert away == assumed
    assert in_doubt["likely"] < 0.6 * assumed["likely"]
