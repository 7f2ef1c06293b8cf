"""docling's table model on a server: all tables of a chunk of pages in as few requests as may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.engines import TableEngine, TableView
from docmill.pipeline.convert.pdf.docling_image import page_image
from docmill.pipeline.convert.tables.structure import TableInput, table_structure, words_in
from docmill.pipeline.convert.tables.tableformer import tableformer
from docmill.pipeline.convert.types import Cluster, TableStructure
from docmill.resources.clients.triton import TritonServer
from docmill.resources.engines.triton.engine import TritonEngine, not_the_contract
from docmill.resources.engines.triton.flow import Answer, TableRequests, in_order

__all__ = ["TritonTables"]


class TritonTables(TritonEngine, TableEngine):
    """TableFormer; see `docmill.pipeline.convert.tables.tableformer.tableformer` for the contract."""

    def __init__(self, server: TritonServer, model: str, version: str = "") -> None:
        super().__init__(server, model, version, inputs=1, outputs=4, optional=1)

    def structures_of_pages(self, views: Iterable[TableView]) -> Iterator[list[TableStructure]]:
        """One structure per region; where the model sees no cell, what the words' places say.

        Pages share requests.
        """
        requests = TableRequests(self._model, tableformer.answers, partial(not_the_contract, self._name))
        begin = partial(_Page, requests)
        return in_order(requests.flushed_after(views), begin, lambda: self._model.window.most)


class _Page:
    """A page whose tables are in requests."""

    def __init__(self, requests: TableRequests, view: TableView) -> None:
        self._requests = requests
        self._view = view
        self._answers = self._put(view) if view.regions else []

    def finish(self) -> list[TableStructure]:
        view = self._view
        return [
            self._structure(region, answer)
            for region, answer in zip(view.regions, self._answers, strict=True)
        ]

    def cancel(self) -> None:
        self._requests.cancel()

    def _put(self, view: TableView) -> list[Answer | None]:
        scaled = tableformer.scaled_page(
            page_image(view.render, view.page, tableformer.SCALE), view.page.height
        )
        pictures = [tableformer.model_input(scaled, region.box) for region in view.regions]
        return [
            None if picture is None else self._requests.add(picture, view.page.number, view.document)
            for picture in pictures
        ]

    def _structure(self, region: Cluster, answer: Answer | None) -> TableStructure:
        view = self._view
        said: tableformer.Answer = answer() if answer else tableformer.NO_ANSWER
        structure = tableformer.structure(region, said.tags, said.boxes, view.words, said.classes)
        if not structure.cells and words_in(region, view.words):
            return table_structure(TableInput(region, _no_picture), view.page, view.words)
        return structure


def _no_picture() -> tuple[NDArray[np.uint8], float, float, float]:
    return np.empty((0, 0, 3), np.uint8), 0.0, 0.0, 1.0
