"""docmill's small table model on a server, and the page's ruling and word geometry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from docmill.pipeline.convert.engines import TableEngine, TableView
from docmill.pipeline.convert.fused import open_tables
from docmill.pipeline.convert.tables.slanet import slanet
from docmill.pipeline.convert.tables.slanet.skeleton import Skeleton
from docmill.pipeline.convert.types import TableStructure
from docmill.resources.clients.triton import Array, TritonServer
from docmill.resources.engines.triton.engine import TritonEngine, not_the_contract
from docmill.resources.engines.triton.flow import Answer, TableRequests, in_order

__all__ = ["TritonSlanetTables"]

#: What SLANet+ sends for each step of each table: four corners, and a probability for each token.
_CORNERS, _TOKENS = 8, len(slanet.TOKENS)


class TritonSlanetTables(TritonEngine, TableEngine):
    """SLANet+; see `docmill.pipeline.convert.tables.slanet.slanet` for the contract."""

    def __init__(self, server: TritonServer, model: str, version: str = "") -> None:
        super().__init__(server, model, version, inputs=1, outputs=2)

    def structures_of_pages(self, views: Iterable[TableView]) -> Iterator[list[TableStructure]]:
        """One structure per region of each page; pages share requests."""
        requests = TableRequests(self._model, _tables, partial(not_the_contract, self._name))
        begin = partial(_Page, requests)
        return in_order(requests.flushed_after(views), begin, lambda: self._model.window.most)


class _Page:
    """A page whose tables are in requests, as far as geometry is not sure of them."""

    def __init__(self, requests: TableRequests, view: TableView) -> None:
        self._requests = requests
        self._open = open_tables(view.regions, view.page, view.words, view.render)
        self._pending = [self._put(crop, view) for crop in self._open.crops()]

    def finish(self) -> list[TableStructure]:
        return self._open.finished([self._seen(crop, answer) for crop, answer in self._pending])

    def cancel(self) -> None:
        self._requests.cancel()

    def _put(self, crop: slanet.Crop, view: TableView) -> tuple[slanet.Crop, Answer | None]:
        if not crop[0].size:
            return crop, None
        return crop, self._requests.add(slanet.model_input(crop[0]), view.page.number, view.document)

    def _seen(self, crop: slanet.Crop, answer: Answer | None) -> Skeleton:
        if answer is None:
            return slanet.nothing_seen()
        corners, tokens = answer()
        return slanet.decode(corners, tokens, crop)


def _tables(count: int, outputs: Sequence[Array]) -> list[tuple[Array, Array]]:
    """Corners [T, 8] and token probabilities [T, 50] of each table of a batch."""
    corners, tokens = outputs
    expected = [(count, *tokens.shape[1:2], values) for values in (_CORNERS, _TOKENS)]
    if [corners.shape, tokens.shape] != expected:
        raise ValueError(f"expected {expected}, got {corners.shape} and {tokens.shape}")
    return [(corners[i], tokens[i]) for i in range(count)]
