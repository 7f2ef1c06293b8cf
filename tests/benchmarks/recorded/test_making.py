"""Documents made of recordings, by the stages that every conversion runs."""

from __future__ import annotations

from pathlib import Path

import msgspec
from docling_core.types.doc import DoclingDocument

from benchmarks.conformance.cases import read_cases
from benchmarks.conformance.making import make_documents

KIT = Path(__file__).parents[2] / "kit"


def test_recordings_become_the_document_that_was_recorded(tmp_path: Path) -> None:
    cases, _ = read_cases(KIT, ["financial_statement"])
    [made] = make_documents(cases, text="recorded", tables="recorded", work=tmp_path).values()
    assert made.document is not None
    expected = DoclingDocument.load_from_json(KIT / "financial_statement.expected.json")
    # flat, as docling makes documents
    assert made.document.export_to_dict()["texts"] == expected.export_to_dict()["texts"]
    assert made.document.export_to_markdown() == expected.export_to_markdown()


def test_a_document_without_a_recording_says_so(tmp_path: Path) -> None:
    cases, _ = read_cases(KIT, ["financial_statement"])
    alone = tmp_path / "financial_statement.pdf"
    alone.write_bytes(cases[0].pdf.read_bytes())
    case = msgspec.structs.replace(cases[0], pdf=alone)
    [made] = make_documents([case], text="pdfium", tables="recorded", work=tmp_path / "work").values()
    assert "there is no recording financial_statement.predictions.json" in str(made.failure)
