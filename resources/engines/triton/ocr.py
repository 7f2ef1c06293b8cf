"""docmill's OCR with its two networks on a server: text comes out as with the embedded backend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from docmill.pipeline.convert.engines import OcrEngine, OcrView
from docmill.pipeline.convert.ocr.page import ocr_page
from docmill.pipeline.convert.ocr.read import OcrModels
from docmill.pipeline.convert.ocr.recognise import Characters, characters
from docmill.pipeline.convert.types import PageOcr
from docmill.resources.clients.triton import Array, TritonModel, TritonServer
from docmill.resources.engines.triton.engine import not_the_contract
from docmill.resources.engines.triton.pinning import ServedModels
from docmill.resources.weights.embedded_weights import ModelCache, Progress
from docmill.resources.weights.onnx_graphs.ocr_alphabet import read_alphabet

__all__ = ["TritonOcr"]

_WEIGHTS = "ocr-recognise"


class TritonOcr(ServedModels, OcrEngine):
    """PP-OCRv6 served as two networks.

    `models` is the folder of the embedded weights: the recogniser's file has the alphabet, and is fetched for
    it when it is missing.
    """

    def __init__(
        self,
        server: TritonServer,
        models: Path,
        detector: str = "ocr_detect",
        recogniser: str = "ocr_recognise",
        version: str = "",
    ) -> None:
        self._names = {"detect": detector, "recognise": recogniser}
        self._version = version
        self._models = models
        self._detector = TritonModel(server, detector, version)
        self._recogniser = TritonModel(server, recogniser, version)
        super().__init__(self._detector, self._recogniser)

    def identity(self) -> dict[str, Any]:
        """Models and version as they are asked for; not the server's address, which changes no result."""
        return {"backend": "triton", "models": self._names, "version": self._version}

    def prepare(self, progress: Progress | None = None) -> None:
        """Check that the server has both models, with the digests that are set, and fetch the alphabet.

        Raises `BackendUnavailableError`, `BackendConfigError` when waiting would not help, and
        `ModelDownloadError`.
        """
        self._detector.check()
        self._recogniser.check()
        self.check_digests()
        ModelCache(self._models).ensure([_WEIGHTS], progress=progress)

    def read_pages(self, views: Iterable[OcrView]) -> Iterator[PageOcr]:
        """The text of the scanned regions of each page."""
        for view in views:
            requests = _Requests(self._detector, self._recogniser, len(self._alphabet), view)
            models = OcrModels(requests.detect, requests.recognise, self._alphabet)
            yield ocr_page(view.page, view.render, models)

    @cached_property
    def _alphabet(self) -> Characters:
        return characters({"character": read_alphabet(ModelCache(self._models).path(_WEIGHTS))})


class _Requests:
    """The networks, asked for one page."""

    def __init__(self, detector: TritonModel, recogniser: TritonModel, classes: int, view: OcrView) -> None:
        self._detector = detector
        self._recogniser = recogniser
        self._classes = classes
        self._view = view

    def detect(self, pictures: Array) -> list[Array]:
        """See `docmill.pipeline.convert.ocr.detect`."""
        answer = self._ask(self._detector, pictures)
        expected = (len(pictures), 1, *pictures.shape[2:])
        if answer[0].shape != expected:
            error = ValueError(f"expected {expected}, got {answer[0].shape}")
            raise not_the_contract(self._detector.name, error)
        return answer

    def recognise(self, lines: Array) -> list[Array]:
        """See `docmill.pipeline.convert.ocr.recognise`."""
        answer = self._ask(self._recogniser, lines)
        shape = answer[0].shape
        if len(shape) != 3 or shape[0] != len(lines) or shape[2] < self._classes:
            error = ValueError(f"expected ({len(lines)}, T, {self._classes}), got {shape}")
            raise not_the_contract(self._recogniser.name, error)
        return answer

    def _ask(self, model: TritonModel, tensor: Array) -> list[Array]:
        return model.infer([tensor], page=self._view.page.number, document=self._view.document)
