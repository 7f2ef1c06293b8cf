"""Recorded backends through the command line and the Dagster job, as the other backends are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from docling_core.types.doc import DoclingDocument

from docmill.pipeline.cli.convert_files import ConvertOptions
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.configurable import Assembly, RecordedLayoutConfig

ROOT = Path(__file__).parents[2]
KIT = Path(__file__).parents[1] / "kit"


def convert(home: Path, out: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
    return subprocess.run(
        [sys.executable, "-m", "docmill.pipeline.cli", "convert", *map(str, options), "--out", str(out)],
        env={**environment, "DOCMILL_HOME": str(home), "COLUMNS": "300"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_recordings_become_the_document_that_was_recorded(tmp_path: Path) -> None:
    recorded = ("--layout", "recorded", "--tables", "recorded", "--text", "recorded", "--recorded", KIT)
    pdfs = (KIT / "financial_statement.pdf", ROOT / "tests" / "samples" / "form.pdf")
    run = convert(tmp_path / "home", tmp_path / "out", *pdfs, *recorded, "--ocr", "off", "--format", "json")
    assert run.returncode == 1, run.stderr
    assert "there is no recording form.predictions.json" in run.stderr or "form.cells.json" in run.stderr
    made = DoclingDocument.load_from_json(tmp_path / "out" / "financial_statement.json")
    expected = DoclingDocument.load_from_json(KIT / "financial_statement.expected.json")
    # flat, as docling makes documents: nobody asked for a hierarchy
    assert made.export_to_dict()["texts"] == expected.export_to_dict()["texts"]
    assert made.export_to_markdown() == expected.export_to_markdown()


def test_recordings_must_be_named() -> None:
    with pytest.raises(BackendConfigError, match="--tables recorded needs --recorded FOLDER"):
        ConvertOptions(["a.pdf"], tables="recorded").check()


def test_recorded_layouts_make_flat_documents_unless_asked() -> None:
    backend = RecordedLayoutConfig(folder=str(KIT))
    assert not Assembly().options(backend.nested).hierarchy
    assert Assembly(hierarchy=True).options(backend.nested).hierarchy
