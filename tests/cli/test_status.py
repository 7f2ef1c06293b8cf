"""What `docmill status` says that a document took."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docmill.pipeline.cli.ask_ledger import show_status
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.intake.batches import BatchLimits, DocumentRef
from docmill.pipeline.intake.ingest import make_batches
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore

REF = DocumentRef("ab" * 32, "a.pdf", "/in/a.pdf", 1)


@pytest.fixture(autouse=True)
def converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document in the ledger of a home without settings."""
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    for name in ("DOCMILL_STORE", "DOCMILL_SETTINGS", "DOCMILL_PRICING_PER_CPU_HOUR"):
        monkeypatch.delenv(name, raising=False)
    store = DocumentStore(str(tmp_path / "store"))
    [manifest] = make_batches(store, [REF], BatchLimits())
    record = StageRecord(
        stage="exports",
        document=REF.id,
        name=REF.name,
        pages=[1],
        seconds=50.0,
        cpu_seconds=36.0,
        device_seconds={"heron": 1.5, "tableformer": 2.1},
        counts={"files": 2, "characters_read": 1250, "characters_left_out/off_page": 7},
    )
    open_ledger(store).settle(Outcome(manifest.key, "convert", "run", {}), [REF], [record])


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert show_status([REF.id[:8]], as_json=False) == 0
    return dict(re.findall(r"^(\S.*?)  +(\S.*?) *$", capsys.readouterr().out, re.MULTILINE))


def test_seconds_of_workers_cpus_and_devices(capsys: pytest.CaptureFixture[str]) -> None:
    facts = said(capsys)
    assert (facts["worker seconds"], facts["CPU seconds"], facts["GPU seconds"]) == (
        "50.000",
        "36.000",
        "3.600",
    )
    assert facts["GPU seconds a page"] == "3.600"
    assert (facts["GPU seconds of heron"], facts["GPU seconds of tableformer"]) == ("1.500", "2.100")
    assert "cost" not in facts


def test_what_became_of_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys)["letters and digits"] == "1,250 read, 7 left out (off page)"


def test_what_they_cost_by_the_settings_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices = '[pricing]\nper_cpu_hour = 0.05\nper_gpu_hour = 2\ncurrency = "EUR"\n'
    (tmp_path / "docmill.toml").write_text(prices, "utf-8")
    assert said(capsys)["cost"] == "0.002500 EUR"


def test_what_they_cost_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCMILL_PRICING_PER_CPU_HOUR", "0.05")
    assert said(capsys)["cost"] == "0.000500 USD"
