"""docmill's small layout detector on a server, fused with the text geometry of the page."""

from __future__ import annotations

import numpy as np

from docmill.pipeline.convert.engines import Asked, LayoutView
from docmill.pipeline.convert.fused import Unseen, layout_planes
from docmill.pipeline.convert.layout.detectors import cdla
from docmill.pipeline.convert.types import PageContent, PageLayout
from docmill.resources.clients.triton import Request, Subject, TritonServer
from docmill.resources.engines.triton.engine import not_the_contract
from docmill.resources.engines.triton.layout import TritonLayoutEngine

__all__ = ["TritonCdlaLayout"]

#: What the detector sends of one page: scores, distances and numbers of its best cells.
_SHAPES = [(1, cdla.MAX_CANDIDATES, *depth) for depth in ((len(cdla.CLASSES),), (4 * cdla.BINS,), ())]


class TritonCdlaLayout(TritonLayoutEngine):
    """PicoDet trained on CDLA, by the graph of `docmill.resources.local.triton.served_detector`."""

    def __init__(self, server: TritonServer, model: str, version: str = "", asked: Asked = "always") -> None:
        super().__init__(server, model, version, asked, inputs=1, outputs=len(_SHAPES))

    def submitted(self, view: LayoutView, unseen: Unseen) -> _Page:
        """See `TritonLayoutEngine`."""
        picture = layout_planes(view.render)
        subject = Subject.of([view.page.number], view.document)
        request = None if picture is None else self._model.submit([picture], subject)
        return _Page(self._name, view.page, unseen, request)


class _Page:
    """A page whose request is under way; there is none for a page without area."""

    def __init__(self, model: str, page: PageContent, unseen: Unseen, request: Request | None) -> None:
        self._model = model
        self._page = page
        self._unseen = unseen
        self._request = request

    def finish(self) -> PageLayout:
        cells = self._cells()
        return self._unseen.fused(
            [] if cells is None else cdla.decode(cells, self._page.width, self._page.height)
        )

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
