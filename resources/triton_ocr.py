"""OCR on a Triton server: docmill's own models served, or any model under docling's remote OCR contract."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.convert.engines import Render
from pipeline.convert.errors import BackendConfigError
from pipeline.convert.ocr.detect import Image, Quads
from pipeline.convert.ocr.given import checked_boxes, given_text
from pipeline.convert.ocr.image import ImageText
from pipeline.convert.ocr.page import ocr_page, read_page
from pipeline.convert.ocr.read import OcrModels
from pipeline.convert.ocr.recognise import Characters, characters
from pipeline.convert.types import PageContent, PageOcr
from resources.ocr_alphabet import read_alphabet
from resources.triton import Array, TritonModel, TritonServer
from resources.weights import ModelCache, Progress

__all__ = ["DETECTOR", "RECOGNISER", "TritonDoclingOcr", "TritonOcr"]

#: docmill's served networks.
DETECTOR, RECOGNISER = "ocr_detect", "ocr_recognise"

_WEIGHTS = "ocr-recognise"
_INPUTS = ("lang_type", "image")
_OUTPUTS = ("boxes", "txts", "scores")


class TritonOcr:
    """PP-OCRv6 served as two networks: text comes out as with the embedded backend.

    `models` is the folder of the embedded weights: the recogniser's file has the alphabet, and is fetched for
    it when it is missing.
    """

    def __init__(
        self,
        server: TritonServer,
        models: Path,
        detector: str = DETECTOR,
        recogniser: str = RECOGNISER,
        version: str = "",
    ) -> None:
        self._names = {"detect": detector, "recognise": recogniser}
        self._version = version
        self._models = models
        self._detector = TritonModel(server, detector, version)
        self._recogniser = TritonModel(server, recogniser, version)

    def identity(self) -> dict[str, Any]:
        """Models and version as they are asked for; not the server's address, which changes no result."""
        return {"backend": "triton", "models": self._names, "version": self._version}

    def prepare(self, progress: Progress | None = None) -> None:
        """Check that the server has both models, and fetch the alphabet.

        Raises `BackendUnavailableError`, `BackendConfigError` when waiting would not help, and
        `ModelDownloadError`.
        """
        self._detector.check()
        self._recogniser.check()
        ModelCache(self._models).ensure([_WEIGHTS], progress=progress)

    def read(self, page: PageContent, render: Render) -> PageOcr:
        """The text of the scanned regions."""
        models = OcrModels(
            partial(self._detected, page.number), partial(self._recognised, page.number), self._alphabet
        )
        return ocr_page(page, render, models)

    @cached_property
    def _alphabet(self) -> Characters:
        return characters({"character": read_alphabet(ModelCache(self._models).path(_WEIGHTS))})

    def _detected(self, page: int, pictures: Array) -> list[Array]:
        answer = self._detector.infer([pictures], page=page)
        expected = (len(pictures), 1, *pictures.shape[2:])
        if answer[0].shape != expected:
            raise _not_the_contract(self._names["detect"], f"expected {expected}, got {answer[0].shape}")
        return answer

    def _recognised(self, page: int, lines: Array) -> list[Array]:
        answer = self._recogniser.infer([lines], page=page)
        shape, classes = answer[0].shape, len(self._alphabet)
        if len(shape) != 3 or shape[0] != len(lines) or shape[2] < classes:
            expected = f"({len(lines)}, T, {classes})"
            raise _not_the_contract(self._names["recognise"], f"expected {expected}, got {shape}")
        return answer


class TritonDoclingOcr:
    """Any model under docling's remote OCR contract; `language` means what the model makes of it."""

    def __init__(
        self, server: TritonServer, model: str = "ocr", language: str = "english", version: str = ""
    ) -> None:
        self._name = model
        self._language = language
        self._version = version
        self._model = TritonModel(server, model, version, len(_INPUTS), len(_OUTPUTS))

    def identity(self) -> dict[str, Any]:
        """Model, version and language as they are asked for."""
        return {
            "backend": "triton",
            "contract": "docling",
            "model": self._name,
            "version": self._version,
            "language": self._language,
        }

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Check that the server answers and has the model.

        Raises `BackendUnavailableError`, or `BackendConfigError` when waiting would not help.
        """
        self._model.check()

    def read(self, page: PageContent, render: Render) -> PageOcr:
        """The text of the scanned regions."""
        return read_page(page, render, partial(self._read, page.number))

    def _read(self, page: int, image: Image, wanted: Callable[[Quads], NDArray[np.bool_]]) -> ImageText:
        named = {"lang_type": np.array([[self._language.encode()]], np.object_), "image": image[None]}
        inputs, outputs = self._model.tensor_names(page=page)
        if set(inputs) != set(_INPUTS) or set(outputs) != set(_OUTPUTS):
            raise _not_the_contract(
                self._name, f"its tensors are {', '.join(inputs)} and {', '.join(outputs)}"
            )
        answer = self._model.infer([named[name] for name in inputs], page=page)
        boxes, texts, scores = (answer[outputs.index(name)] for name in _OUTPUTS)
        try:
            quads = checked_boxes(boxes, texts, scores)
        except ValueError as error:
            raise _not_the_contract(self._name, str(error)) from error
        return given_text(image, quads, texts, scores, wanted(quads))


def _not_the_contract(model: str, why: str) -> BackendConfigError:
    return BackendConfigError(f"the model {model} does not keep its contract: {why}; check its name")
