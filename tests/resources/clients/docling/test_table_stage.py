"""docling's table stage on a server: docling's own pages, and a server that speaks Triton's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docling.backend.pypdfium2_backend import PyPdfiumDocumentBackend
from docling.datamodel.accelerator_options import AcceleratorOptions
from docling.datamodel.base_models import Cluster, InputFormat, LayoutPrediction, Page
from docling.datamodel.document import ConversionResult, InputDocument
from docling.exceptions import OperationNotAllowed
from docling_core.types.doc import BoundingBox, CoordOrigin, DocItemLabel

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.resources.clients.docling.plugin import table_structure_engines
from docmill.resources.clients.docling.table_stage import DocmillTableModel, DocmillTableOptions
from tests.support.kserve_server import KServeServer, Model

SAMPLE = Path(__file__).parents[3] / "samples" / "financial_statement.pdf"


def tags(inputs: list[np.ndarray]) -> list[np.ndarray]:
    """A header over one cell for each table."""
    count = len(inputs[0])
    boxes = np.tile(np.array([[0, 0, 1, 0.5], [0, 0.5, 1, 1]], np.float32), (count, 1, 1))
    ids = np.tile(np.array([10, 9, 5, 9, 3, 0], np.int32), (count, 1))
    return [ids, np.full(count, 5, np.int32), boxes, np.full(count, 2, np.int32)]


def tableformer(**settings: Any) -> Model:
    outputs = [("tag_ids", "INT32"), ("tag_len", "INT32"), ("boxes", "FP32"), ("box_len", "INT32")]
    return Model(inputs=[("images", "FP32")], outputs=outputs, **{"answer": tags} | settings)


def engine(url: str, *, remote: bool = True, **options: Any) -> DocmillTableModel:
    chosen = DocmillTableOptions(url=url, **options)
    return DocmillTableModel(True, None, chosen, AcceleratorOptions(), enable_remote_services=remote)


@pytest.fixture
def read() -> Iterator[tuple[ConversionResult, list[Page]]]:
    """Two pages: two tables and a text on the first, one table on the second."""
    document = InputDocument(path_or_stream=SAMPLE, format=InputFormat.PDF, backend=PyPdfiumDocumentBackend)
    pages = []
    for number, labels in enumerate((("table", "text", "document_index"), ("table",))):
        page = Page(page_no=number + 1)
        page._backend = document._backend.load_page(number)
        page.size = page._backend.get_size()
        lines = [cell for cell in page._backend.get_text_cells() if cell.text.strip()]
        clusters = [
            Cluster(
                id=10 * number + index,
                label=DocItemLabel(label),
                bbox=BoundingBox(
                    l=40, t=60 + 200 * index, r=560, b=240 + 200 * index, coord_origin=CoordOrigin.TOPLEFT
                ),
                cells=lines[3 * index : 3 * index + 3],
            )
            for index, label in enumerate(labels)
        ]
        page.predictions.layout = LayoutPrediction(clusters=clusters)
        pages.append(page)
    yield ConversionResult(input=document), pages
    for page in pages:
        page._backend.unload()


def test_tables_of_several_pages_go_in_one_request(read: tuple[ConversionResult, list[Page]]) -> None:
    result, pages = read
    model = tableformer()
    with KServeServer({"tableformer": model}) as server:
        predictions = engine(server.url).predict_tables(result, pages)
    [[images]] = model.requests
    assert (images.shape, images.dtype) == ((3, 3, 448, 448), np.dtype(np.float32))
    assert [sorted(prediction.table_map) for prediction in predictions] == [[0, 2], [10]]
    assert [page.predictions.tablestructure for page in pages] == list(predictions)
    table = predictions[1].table_map[10]
    assert (table.page_no, table.cluster.id, table.otsl_seq) == (2, 10, ["ched", "nl", "fcel", "nl"])


def test_requests_are_no_larger_than_the_model_or_the_user_wants(
    read: tuple[ConversionResult, list[Page]],
) -> None:
    result, pages = read
    for max_batch, batch_size in ((2, 8), (8, 2)):
        model = tableformer(max_batch=max_batch)
        with KServeServer({"tableformer": model}) as server:
            engine(server.url, batch_size=batch_size).predict_tables(result, pages)
        assert [len(images) for [images] in model.requests] == [2, 1]


def test_without_matching_cells_take_the_text_in_their_boxes(
    read: tuple[ConversionResult, list[Page]],
) -> None:
    result, pages = read
    with KServeServer({"tableformer": tableformer()}) as server:
        predictions = engine(server.url, do_cell_matching=False).predict_tables(result, pages)
    header, cell = predictions[0].table_map[0].table_cells
    assert (header.column_header, cell.column_header, cell.start_row_offset_idx) == (True, False, 1)
    assert header.text == pages[0]._backend.get_text_in_rect(header.bbox) != ""
    assert header.bbox.as_tuple() == pytest.approx((40, 60, 560, 150))


def test_pages_without_tables_ask_nothing(read: tuple[ConversionResult, list[Page]]) -> None:
    result, pages = read
    for page in pages:
        page.predictions.layout = LayoutPrediction()
    model = tableformer()
    with KServeServer({"tableformer": model}) as server:
        predictions = engine(server.url).predict_tables(result, pages)
    assert [prediction.table_map for prediction in predictions] == [{}, {}]
    assert model.requests == []


def test_answers_that_break_the_contract_are_errors_of_their_kind(
    read: tuple[ConversionResult, list[Page]],
) -> None:
    result, pages = read
    broken = tableformer(answer=lambda inputs: [array[:1] for array in tags(inputs)])
    with (
        KServeServer({"tableformer": broken}) as server,
        pytest.raises(BackendConfigError, match="tableformer does not keep its contract: expected 3 tag ids"),
    ):
        engine(server.url).predict_tables(result, pages)


def test_servers_are_used_when_that_is_allowed_and_they_answer() -> None:
    with pytest.raises(OperationNotAllowed, match="enable_remote_services"):
        engine("127.0.0.1:1", remote=False)
    with pytest.raises(BackendUnavailableError, match="no Triton server answers"):
        engine("127.0.0.1:1")


def test_docling_is_given_the_stage_as_a_table_engine() -> None:
    assert table_structure_engines() == {"table_structure_engines": [DocmillTableModel]}
