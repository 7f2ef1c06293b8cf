"""Stock docling, in an environment of its own, against docmill's server: the code of docs/stock-docling.md.

OCR is PP-OCRv6. Layout and tables are heron and TableFormer, exported from random weights, where what docling
and docmill make of the same answers is compared. Random weights see no tables and make much of a grey level's
difference; whole conversions are compared with stand-ins (see stock_docling/stand_ins.py).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.beside_docling.artifacts import write_artifacts
from benchmarks.beside_docling.stock import stock_docling
from docmill.pipeline.convert.layout.detectors import heron
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Cluster
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.engines.triton import TritonLayout
from docmill.resources.local.triton.server import LocalServer
from tests.acceptance import heron_checkpoints, table_checkpoints
from tests.acceptance.heron_checkpoints import copy
from tests.acceptance.serving import HERON, ROOT, make_repository, server, statistics
from tests.acceptance.stock_docling.stand_ins import write_heron, write_tableformer
from tests.acceptance.test_triton_conversion import SAMPLES, Place, finished
from tests.support.one_page import detected

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

#: TableFormer's architecture, beside the stand-in.
EXPORTED = "tableformer_exported"
MODELS = (HERON, "tableformer", "ocr", "ocr_detect", "ocr_recognise")
RUNNER = ROOT / "tests" / "acceptance" / "stock_docling" / "runner.py"
TABLES = SAMPLES / "financial_statement.pdf"
SCAN = SAMPLES / "scanned.pdf"


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Stand-ins for layout and tables; and TableFormer."""
    repository = make_repository(tmp_path_factory.mktemp("triton") / "repository")
    write_heron(repository / HERON)
    write_tableformer(repository / "tableformer")
    copy(table_checkpoints.repository() / "tableformer", repository / EXPORTED)
    config = repository / EXPORTED / "config.pbtxt"
    text = config.read_text().replace('name: "tableformer"', f'name: "{EXPORTED}"')
    config.unlink()  # it is a link
    config.write_text(text)
    with server(repository, *MODELS, EXPORTED) as running:
        yield running


@pytest.fixture(scope="module")
def heron_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """heron itself in place of its stand-in."""
    repository = make_repository(tmp_path_factory.mktemp("heron") / "repository")
    copy(heron_checkpoints.repository() / HERON, repository / HERON)
    write_tableformer(repository / "tableformer")
    with server(repository, *MODELS) as running:
        yield running


@dataclass(frozen=True)
class Stock:
    """docling by itself, with the code of the documentation."""

    folder: Path
    triton: LocalServer

    @property
    def sent(self) -> Path:
        """What docling last sent to the layout model, by tensor."""
        return self.folder / "sent.npz"

    def convert(self, pdf: Path, changes: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What came of a PDF; `changes` are made to the code, and each must find its place."""
        [code] = re.findall(
            r"```python\n(.*?)```", (ROOT / "docs" / "stock-docling.md").read_text(), re.DOTALL
        )
        here = {"report.pdf": str(pdf), '"models"': repr(str(self.folder / "models"))}
        for old, new in ({**(changes or {}), **here, "localhost:8001": self.triton.url}).items():
            assert old in code, old
            code = code.replace(old, new)
        script, out = self.folder / "script.py", self.folder / "said.json"
        script.write_text(code)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        run = subprocess.run(
            [
                str(stock_docling(heron_checkpoints.docmill_home()).python),
                str(RUNNER),
                str(script),
                str(out),
                str(self.sent),
            ],
            env=kept | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        said: dict[str, Any] = json.loads(out.read_text())
        said["stderr"] = run.stderr
        return said


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stock")
    write_artifacts(folder / "models")
    return folder


@pytest.fixture(scope="module")
def stock(triton: LocalServer, artifacts: Path) -> Stock:
    return Stock(artifacts, triton)


#: docmill draws pages as docling's pypdfium2 backend does; docling's default one differs a little.
PYPDFIUM = {
    "converter = ": "from docling.backend.pypdfium2_backend import PyPdfiumDocumentBackend\n\nconverter = ",
    "(pipeline_options=options)": "(pipeline_options=options, backend=PyPdfiumDocumentBackend)",
}


def over_http(triton: LocalServer) -> dict[str, str]:
    """Layout by HTTP."""
    end = "\n    )"
    grpc = f'(url="localhost:8001", transport="grpc"){end}'
    return {grpc: f'(url="{triton.http_url}", transport="http"){end}'}


def detections(triton: LocalServer, path: Path) -> dict[str, list[Any]]:
    """docmill's detections of each page, as the runner writes docling's."""
    engine = TritonLayout(TritonServer(triton.url), HERON)
    found = {}
    with Pdf.open(path) as pdf:
        for number in range(1, pdf.page_count + 1):
            page = read_page(pdf, number)
            layout = detected(engine, page, partial(drawn, pdf, number))
            found[str(number)] = as_noted(layout.clusters)
    return found


def as_noted(regions: Sequence[Cluster]) -> list[Any]:
    return [[each.label, each.score, [each.box.l, each.box.t, each.box.r, each.box.b]] for each in regions]


def assert_alike(
    theirs: Mapping[str, list[Any]], ours: Mapping[str, list[Any]], points: float, score: float
) -> None:
    """The same detections in the same order, page by page, but for so little."""
    assert list(theirs) == list(ours)
    for number, page in ours.items():
        assert len(page) > 5
        assert [label for label, _, _ in theirs[number]] == [label for label, _, _ in page]
        for (_, their_score, their_box), (_, our_score, our_box) in zip(theirs[number], page, strict=True):
            assert their_score == pytest.approx(our_score, abs=score)
            assert their_box == pytest.approx(our_box, abs=points)


def drawn(pdf: Pdf, number: int, scale: float, box: Any) -> Any:
    return pdf.render(number, scale, box=box)


def tables(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is in the cells of each table of an exported document."""
    kept = ("text", "start_row_offset_idx", "start_col_offset_idx", "row_span", "col_span", "column_header")
    return [
        {
            "page": table["prov"][0]["page_no"],
            "size": (table["data"]["num_rows"], table["data"]["num_cols"]),
            "cells": [tuple(cell[name] for name in kept) for cell in table["data"]["table_cells"]],
        }
        for table in document["tables"]
    ]


@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_doclings_layout_engine_finds_what_docmill_finds(
    stock: Stock, triton: LocalServer, transport: str
) -> None:
    said = stock.convert(TABLES, PYPDFIUM | (over_http(triton) if transport == "http" else {}))
    assert (said.get("status"), said.get("errors")) == ("success", []), said
    assert_alike(said["detections"], detections(triton, TABLES), 0.05, 2e-3)


def test_docling_and_docmill_read_the_same_of_heron(heron_only: LocalServer, artifacts: Path) -> None:
    """From the same tensors: random weights make much of a grey level's difference between their resizing."""
    stock = Stock(artifacts, heron_only)
    said = stock.convert(TABLES)
    assert (said.get("status"), said.get("errors")) == ("success", []), said
    model = TritonModel(TritonServer(heron_only.url), HERON, "", inputs=2, outputs=3)
    with np.load(stock.sent) as sent, Pdf.open(TABLES) as pdf:
        images, sizes = sent["images"], sent["orig_target_sizes"]
        labels, boxes, scores = model.infer([images, sizes], page=1)
        expected = {
            str(number): as_noted(
                heron.regions(*(labels[at], boxes[at], scores[at]), tuple(sizes[at]), pdf.page_size(number))
            )
            for at, number in enumerate(range(1, pdf.page_count + 1))
        }
    assert len(images) == len(expected)
    assert_alike(said["detections"], expected, 1e-3, 1e-5)


def test_the_plugin_gives_docling_docmills_tables(stock: Stock, triton: LocalServer, tmp_path: Path) -> None:
    before = statistics(triton.url, "tableformer").execution_count
    said = stock.convert(TABLES)
    assert (said.get("status"), said.get("errors")) == ("success", []), said
    batches = statistics(triton.url, "tableformer").execution_count - before
    place = Place(tmp_path, tmp_path / "out")
    chosen = ("--layout", "triton", "--tables", "triton", "--triton-url", triton.url)
    finished(place.start([TABLES], *chosen))
    ours = tables(json.loads((place.out / "financial_statement.json").read_text()))
    assert ours
    assert tables(said["document"]) == ours
    assert any(cell[0] for table in ours for cell in table["cells"])
    assert batches == 1


def test_without_matching_the_grid_is_as_predicted(stock: Stock) -> None:
    plain = 'DocmillTableOptions(url="localhost:8001"'
    said = stock.convert(TABLES, {plain: f"{plain}, do_cell_matching=False"})
    assert (said.get("status"), said.get("errors")) == ("success", []), said
    found = tables(said["document"])
    assert found
    for table in found:
        rows, columns = table["size"]
        assert columns == 3
        assert [cell[1:3] for cell in table["cells"]] == [(r, c) for r in range(rows) for c in range(columns)]
    assert any(cell[0] for table in found for cell in table["cells"])


def test_the_plugin_reads_what_tableformer_says(stock: Stock, triton: LocalServer) -> None:
    """Its tags and boxes make tables; that they are the right ones is test_tableformer_served's."""
    before = statistics(triton.url, EXPORTED).inference_count
    plain = 'DocmillTableOptions(url="localhost:8001"'
    said = stock.convert(TABLES, {plain: f'{plain}, model="{EXPORTED}", do_cell_matching=False'})
    assert (said.get("status"), said.get("errors")) == ("success", []), said
    found = tables(said["document"])
    assert statistics(triton.url, EXPORTED).inference_count - before == len(found) > 0
    assert any(len(table["cells"]) > 1 for table in found)


def test_doclings_ocr_engine_reads_what_docmill_reads(
    stock: Stock, triton: LocalServer, tmp_path: Path
) -> None:
    said = stock.convert(SCAN)
    assert (said.get("status"), said.get("errors")) == ("success", []), said
    read = [text["text"] for text in said["document"]["texts"]]
    read += [cell[0] for table in tables(said["document"]) for cell in table["cells"]]
    place = Place(tmp_path, tmp_path / "out")
    finished(place.start([SCAN], "--ocr", "embedded"))
    ours = [text["text"] for text in json.loads((place.out / "scanned.json").read_text())["texts"]]
    assert sorted(" ".join(read).split()) == sorted(" ".join(ours).split())
    assert len(" ".join(ours).split()) > 100


def test_docling_refuses_the_plugin_unless_it_is_allowed(stock: Stock) -> None:
    said = stock.convert(TABLES, {"allow_external_plugins=True": "allow_external_plugins=False"})
    assert said["raised"] == "RuntimeError", said
    assert "docmill_triton" in said["message"]
