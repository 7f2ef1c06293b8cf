"""docling's layout model on a server: its detections are the regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.engines import Asked, LayoutView
from docmill.pipeline.convert.fused import Unseen
from docmill.pipeline.convert.layout.detectors import heron
from docmill.pipeline.convert.pdf.docling_image import page_image
from docmill.pipeline.convert.types import PageContent, PageLayout
from docmill.resources.clients.triton import Array, Request, Subject, TritonServer
from docmill.resources.engines.triton.engine import not_the_contract
from docmill.resources.engines.triton.layout import TritonLayoutEngine

__all__ = ["TritonLayout"]


class TritonLayout(TritonLayoutEngine):
    """heron; see `docmill.pipeline.convert.layout.detectors.heron` for the contract."""

    def __init__(self, server: TritonServer, model: str, version: str = "", asked: Asked = "always") -> None:
        super().__init__(server, model, version, asked, inputs=2, outputs=3)

    def submitted(self, view: LayoutView, unseen: Unseen) -> _Page:
        """See `TritonLayoutEngine`."""
        number = view.page.number
        picture = page_image(view.render, view.page, heron.SCALE)
        height, width = picture.shape[:2]
        images: NDArray[Any] = heron.model_input(picture)[None]
        if self._model.input_types(page=number, document=view.document)[0] != "UINT8":
            images = images.astype(np.float32) / np.float32(255)
        sizes = np.array([[width, height]], np.int64)
        request = self._model.submit([images, sizes], Subject.of([number], view.document))
        return _Page(self._name, view.page, (width, height), unseen, request)


class _Page:
    """A page whose request is under way."""

    def __init__(
        self, model: str, page: PageContent, picture: tuple[int, int], unseen: Unseen, request: Request
    ) -> None:
        self._model = model
        self._page = page
        self._picture = picture
        self._unseen = unseen
        self._request = request

    def finish(self) -> PageLayout:
        answer = self._request.result()
        page = self._page
        try:
            labels, boxes, scores = _single(answer)
            found = heron.regions(labels, boxes, scores, self._picture, (page.width, page.height))
        except ValueError as error:
            raise not_the_contract(self._model, error) from error
        return self._unseen.detected(found, found)

    def cancel(self) -> None:
        self._request.cancel()


def _single(batches: Sequence[Array]) -> list[Array]:
    """The only page of each batch."""
    if any(batch.shape[:1] != (1,) for batch in batches):
        raise ValueError(f"expected one page, got {', '.join(str(batch.shape) for batch in batches)}")
    return [batch[0] for batch in batches]
