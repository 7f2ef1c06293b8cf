"""The bar over a conversion."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from docmill.pipeline.cli.console import LiveProgress
from docmill.pipeline.stages.results.records import StageRecord, Status


def record(stage: str, name: str, status: Status = "converted") -> StageRecord:
    return StageRecord(stage=stage, document=name, name=name, status=status, pages=[1, 2, 3])


def test_it_counts_documents_pages_and_failures_over_all_stages() -> None:
    shown = StringIO()
    console = Console(file=shown, force_terminal=True, width=200)
    with LiveProgress(console, ["pages", "exports"], 3) as progress:
        for stage in ("pages", "exports"):
            progress.begin(stage, 2)
            progress.document(record(stage, "good.pdf"))
            progress.document(record(stage, "bad.pdf", "quarantined"))
        progress.begin("pages", 1)
    last = shown.getvalue().rpartition("pages ")[2]
    assert "2/3 documents" in last
    assert "pages/s" in last
    assert "1 not converted" in last
