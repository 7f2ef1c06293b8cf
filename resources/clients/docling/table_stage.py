"""docling's table stage on docmill's server: TableFormer for all tables of docling's page batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from docling.datamodel.accelerator_options import AcceleratorOptions
from docling.datamodel.base_models import Cluster, Page, Table, TableStructurePrediction
from docling.datamodel.document import ConversionResult
from docling.datamodel.pipeline_options import BaseTableStructureOptions
from docling.exceptions import OperationNotAllowed
from docling.models.base_table_model import BaseTableStructureModel
from docling.utils.profiling import TimeRecorder
from docling_core.types.doc import DocItemLabel
from docling_core.types.doc.page import TextCellUnit
from numpy.typing import NDArray
from pydantic import Field

from docmill.pipeline.convert.document.docling_stages import docling_table
from docmill.pipeline.convert.tables.tableformer import tableformer
from docmill.pipeline.convert.types import Box, Word
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.errors import NotTheContractError

__all__ = ["DocmillTableModel", "DocmillTableOptions"]

_LABELS = frozenset({DocItemLabel.TABLE, DocItemLabel.DOCUMENT_INDEX})


class DocmillTableOptions(BaseTableStructureOptions):  # type: ignore[misc]  # docling is not followed
    """Tables by TableFormer on a Triton server, under docmill's contract.

    docling's pipeline option `table_batch_size` says how many pages docling hands over at a time.
    """

    kind: ClassVar[str] = "docmill_triton"

    do_cell_matching: bool = Field(default=True, description="As in docling's own TableStructureOptions")
    url: str = Field(default="localhost:8001", description="host:port of the server's gRPC service")
    model: str = Field(default="tableformer", description="The model's name on the server")
    model_version: str = Field(default="", description="Default: the server's choice")
    deadline_s: float = Field(default=60.0, gt=0, description="Seconds for one request")
    retries: int = Field(
        default=10, ge=0, description="Further attempts while the server is unavailable, overloaded or late"
    )
    batch_size: int = Field(
        default=32, gt=0, description="Tables in one request, at most; the model's own limit holds too"
    )


@dataclass(frozen=True)
class _Found:
    """A table of the layout, and what the model sees of it, [3, 448, 448]: None when it is off the page."""

    page: Page
    cluster: Cluster
    picture: NDArray[np.float32] | None


class DocmillTableModel(BaseTableStructureModel):  # type: ignore[misc]
    """The table stage: docling's preprocessing and matching, with the network elsewhere.

    Raises `BackendUnavailableError` when the server does not answer in spite of retries, and
    `BackendConfigError` when it refuses or the model is another one. Pages keep the errors that docling
    makes of them.
    """

    def __init__(
        self,
        enabled: bool,
        artifacts_path: Path | None,
        options: DocmillTableOptions,
        accelerator_options: AcceleratorOptions,
        enable_remote_services: bool = False,
    ) -> None:
        self.enabled = enabled
        self.options = options
        if not enabled:
            return
        if not enable_remote_services:
            raise OperationNotAllowed(
                "Tables are sent to a server only when that is allowed: "
                "pipeline_options.enable_remote_services=True"
            )
        server = TritonServer(options.url, deadline_s=options.deadline_s, retries=options.retries)
        self._model = TritonModel(
            server, options.model, options.model_version, inputs=1, outputs=4, optional=1
        )
        self._model.check()

    @classmethod
    def get_options_type(cls) -> type[BaseTableStructureOptions]:
        """docling finds the engine by its options."""
        return DocmillTableOptions

    def predict_tables(
        self, conv_res: ConversionResult, pages: Sequence[Page]
    ) -> Sequence[TableStructurePrediction]:
        """The structures of all tables of `pages`, a prediction for each page."""
        pages = list(pages)
        predictions = [page.predictions.tablestructure or TableStructurePrediction() for page in pages]
        with TimeRecorder(conv_res, "table_structure"):
            found = [table for page in pages if page._backend.is_valid() for table in _tables_on(page)]
            seen = iter(self._recognised([table for table in found if table.picture is not None]))
            by_page = {page.page_no: prediction for page, prediction in zip(pages, predictions, strict=True)}
            for table in found:
                answer = next(seen) if table.picture is not None else tableformer.NO_ANSWER
                structure = self._structure(table, answer)
                by_page[table.page.page_no].table_map[table.cluster.id] = structure
        for page, prediction in zip(pages, predictions, strict=True):
            page.predictions.tablestructure = prediction
        return predictions

    def _recognised(self, tables: Sequence[_Found]) -> list[tableformer.Answer]:
        """What the model says of each table."""
        if not tables:
            return []
        size = min(self.options.batch_size, self._model.max_batch(page=tables[0].page.page_no))
        answers: list[tableformer.Answer] = []
        for start in range(0, len(tables), size):
            batch = tables[start : start + size]
            pictures = np.stack([table.picture for table in batch if table.picture is not None])
            answer = self._model.infer([pictures], page=batch[0].page.page_no)
            try:
                answers += tableformer.answers(len(batch), answer)
            except ValueError as error:
                raise NotTheContractError(
                    f"the model {self.options.model} does not keep its contract: {error}; check its name"
                ) from error
        return answers

    def _structure(self, table: _Found, answer: tableformer.Answer) -> Table:
        cluster, page = table.cluster, table.page
        words = _words(page, cluster) if self.options.do_cell_matching else []
        found = tableformer.matched(cluster.id, _box(cluster.bbox), answer, words)
        made = docling_table(cluster, found, page.page_no)
        if not self.options.do_cell_matching:
            for cell in made.table_cells:
                cell.text = page._backend.get_text_in_rect(cell.bbox) if cell.bbox else ""
        return made


def _tables_on(page: Page) -> list[_Found]:
    clusters = [cluster for cluster in page.predictions.layout.clusters if cluster.label in _LABELS]
    if not clusters:
        return []
    picture: NDArray[Any] = np.asarray(page.get_image(scale=tableformer.SCALE).convert("RGB"))
    scaled = tableformer.scaled_page(picture, page.size.height)
    return [
        _Found(page, cluster, tableformer.model_input(scaled, _box(cluster.bbox))) for cluster in clusters
    ]


def _words(page: Page, cluster: Cluster) -> list[Word]:
    """What docling matches: the backend's words within the table, or the cluster's lines without any."""
    segmented = page._backend.get_segmented_page()
    cells: Sequence[Any] = ()
    if segmented is not None:
        cells = segmented.get_cells_in_bbox(cell_unit=TextCellUnit.WORD, bbox=cluster.bbox)
    return [
        Word(cell.text, _box(cell.rect.to_bounding_box()), size=0.0, font=-1)
        for cell in cells or cluster.cells
        if cell.text.strip()
    ]


def _box(box: Any) -> Box:
    return Box(box.l, box.t, box.r, box.b)
