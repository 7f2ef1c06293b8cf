"""docmill's small layout detector on a server, fused with the text geometry of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from docmill.pipeline.convert.engines import LayoutEngine, LayoutView
from docmill.pipeline.convert.fused import fuse_cells, layout_planes
from docmill.pipeline.convert.layout.detectors import cdla
from docmill.pipeline.convert.types import PageLayout
from docmill.resources.clients.triton import Request, Subject, TritonServer
from docmill.resources.engines.triton.engine import TritonEngine, not_the_contract
from docmill.resources.engines.triton.flow import in_order

__all__ = ["TritonCdlaLayout"]

#: What the detector sends of one page: scores, distances and numbers of its best cells.
_SHAPES = [(1, cdla.MAX_CANDIDATES, *depth) for depth in ((len(cdla.CLASSES),), (4 * cdla.BINS,), ())]


class TritonCdlaLayout(TritonEngine, LayoutEngine):
    """PicoDet trained on CDLA, by the graph of `docmill.resources.local.triton.served_detector`."""

    def __init__(self, server: TritonServer, model: str, version: str = "") -> None:
        super().__init__(server, model, version, inputs=1, outputs=len(_SHAPES))

    def detect_pages(self, views: Iterable[LayoutView]) -> Iterator[PageLayout]:
        """Regions of each page before docling's post-processing; several are under way."""
        return in_order(views, self._begin, lambda: self._model.window.size)

    def _begin(self, view: LayoutView) -> _Page:
        picture = layout_planes(view.render)
        subject = Subject.of([view.page.number], view.document)
        return _Page(self._name, view, None if picture is None else self._model.submit([picture], subject))


class _Page:
    """A page whose request is under way; there is none for a page without area."""

    def __init__(self, model: str, view: LayoutView, request: Request | None) -> None:
        self._model = model
        self._view = view
        self._request = request

    def finish(self) -> PageLayout:
        view = self._view
        return fuse_cells(view.page, view.ocr, view.style, self._cells())

    def cancel(self) -> None:
        if self._request:
            self._request.cancel()

    def _cells(self) -> cdla.Cells | None:
        if self._request is None:
            return None
        outputs = self._request.result()
        shapes = [output.shape for output in outputs]
        if shapes != _SHAPES:
            raise not_the_contract(self._model, ValueError(f"expected {_SHAPES}, got {shapes}"))
        [scores], [distances], [numbers] = outputs
        if numbers.dtype != np.int64 or not ((numbers >= 0) & (numbers < cdla.cell_count())).all():
            raise not_the_contract(self._model, ValueError("its last output does not number cells"))
        return cdla.Cells(scores, distances, numbers)
