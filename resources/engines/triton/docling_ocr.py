"""Any OCR model on a server under the contract of docling's own remote OCR engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.engines import OcrEngine, OcrView
from docmill.pipeline.convert.ocr.detect import Image, Quads
from docmill.pipeline.convert.ocr.given import checked_boxes, given_text
from docmill.pipeline.convert.ocr.image import ImageText
from docmill.pipeline.convert.ocr.page import read_page
from docmill.pipeline.convert.types import PageOcr
from docmill.resources.clients.triton import TritonServer
from docmill.resources.engines.triton.engine import TritonEngine, not_the_contract

__all__ = ["TritonDoclingOcr"]

_INPUTS = ("lang_type", "image")
_OUTPUTS = ("boxes", "txts", "scores")


class TritonDoclingOcr(TritonEngine, OcrEngine):
    """See `convert.ocr.given` for the contract; `language` means what the model makes of it."""

    def __init__(
        self, server: TritonServer, model: str = "ocr", language: str = "english", version: str = ""
    ) -> None:
        super().__init__(server, model, version, inputs=len(_INPUTS), outputs=len(_OUTPUTS))
        self._language = language

    def identity(self) -> dict[str, Any]:
        """Model, version and language as they are asked for."""
        return super().identity() | {"contract": "docling", "language": self._language}

    def read_pages(self, views: Iterable[OcrView]) -> Iterator[PageOcr]:
        """The text of the scanned regions of each page."""
        for view in views:
            yield read_page(view.page, view.render, partial(self._read, view))

    def _read(self, view: OcrView, image: Image, wanted: Callable[[Quads], NDArray[np.bool_]]) -> ImageText:
        named = {"lang_type": np.array([[self._language.encode()]], np.object_), "image": image[None]}
        page, document = view.page.number, view.document
        inputs, outputs = self._model.tensor_names(page=page, document=document)
        if set(inputs) != set(_INPUTS) or set(outputs) != set(_OUTPUTS):
            error = ValueError(f"its tensors are {', '.join(inputs)} and {', '.join(outputs)}")
            raise not_the_contract(self._name, error)
        answer = self._model.infer([named[name] for name in inputs], page=page, document=document)
        boxes, texts, scores = (answer[outputs.index(name)] for name in _OUTPUTS)
        try:
            quads = checked_boxes(boxes, texts, scores)
        except ValueError as error:
            raise not_the_contract(self._name, error) from error
        return given_text(image, quads, texts, scores, wanted(quads))
