"""OCR of one picture: docmill's own code around the served networks `ocr_detect` and `ocr_recognise`.

The code is that of the embedded backend: `docmill triton setup` puts `docmill.pipeline.convert.ocr`
beside this file, under the name `docmill_ocr`.

The networks are called in the server rather than loaded here: they are in memory once, run on the GPU where
the server does, may share batches with other pages, and count their own time. (While this model waits for
them, its own goes on.) On a CPU that costs some 7 % more than sessions of this model's own, over 36 readings
of one page each way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from docmill_account import ACCOUNT, Books, add_account, asked_for, step_of
from docmill_ocr.image import read_image
from docmill_ocr.languages import has_script
from docmill_ocr.read import OcrModels, TextLine
from docmill_ocr.recognise import characters

#: The networks' only input and output.
INPUT, OUTPUT = "x", "fetch_name_0"
#: The largest batch of `ocr_recognise`: its max_batch_size.
MOST_LINES = 32
#: A picture with more is no page.
MOST_PIXELS = 100_000_000


class RefusedError(Exception):
    """What a request is answered with when it cannot be served."""

    def __init__(self, message: str, code: Any) -> None:
        super().__init__(message)
        self.code = code


class TritonPythonModel:
    """One instance; several of them have lines of several pictures read at a time."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Say that there is an account of each picture."""
        add_account(config)
        return config

    def initialize(self, args: Mapping[str, str]) -> None:
        """Read the alphabet."""
        self.books = Books()
        settings = json.loads(args["model_config"]).get("parameters", {})
        version = Path(args["model_repository"]) / args["model_version"]
        alphabet = (version / "characters.txt").read_bytes().decode()
        self.models = OcrModels(
            detect=lambda picture: run("ocr_detect", picture),
            recognise=read_lines,
            characters=characters({"character": alphabet}),
            batch_width=int(settings.get("batch_width", {}).get("string_value") or 0),
        )

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer each request by itself."""
        return [self.answer(request) for request in requests]

    def answer(self, request: Any) -> Any:
        """The lines of the request's picture."""
        began = time.perf_counter()
        try:
            language = pb_utils.get_input_tensor_by_name(request, "lang_type").as_numpy().item().decode()
            picture = pb_utils.get_input_tensor_by_name(request, "image").as_numpy()[0]
            self.check(language, picture)
            text = read_image(picture, self.models)
            [account] = self.books.account(step_of(request), 1, self.books.took(began, 1))
            return response(request, text.lines, account)
        except RefusedError as refused:
            return pb_utils.InferenceResponse([], pb_utils.TritonError(str(refused), refused.code))

    def check(self, language: str, picture: np.ndarray) -> None:
        """Raise `RefusedError` for a picture or a language that cannot be read."""
        if picture.size > MOST_PIXELS * 3:
            height, width = picture.shape[:2]
            raise RefusedError(f"{width} x {height} pixels are too many", pb_utils.TritonError.INVALID_ARG)
        if not has_script(language, self.models.characters):
            message = f"this recogniser does not know the script of {language}"
            raise RefusedError(message, pb_utils.TritonError.INVALID_ARG)


def response(request: Any, lines: Sequence[TextLine], account: np.ndarray) -> Any:
    """Boxes, texts and scores of lines, and the account: what the request asked for."""
    boxes = np.array([line.quad for line in lines], np.float32).reshape(-1, 4, 2)
    texts = np.array([line.text.encode() for line in lines], np.object_)
    scores = np.array([line.score for line in lines], np.float32)
    outputs = {"boxes": boxes, "txts": texts, "scores": scores, ACCOUNT: account}
    return pb_utils.InferenceResponse([pb_utils.Tensor(*each) for each in asked_for(request, outputs)])


def read_lines(lines: np.ndarray) -> list[np.ndarray]:
    """The recogniser's output for lines [n, 3, 48, w], in requests of a size that it takes."""
    parts = [lines[start : start + MOST_LINES] for start in range(0, len(lines), MOST_LINES)]
    return [np.concatenate([run("ocr_recognise", part)[0] for part in parts])]


def run(model: str, tensor: np.ndarray) -> list[np.ndarray]:
    """Have another model of this server compute.

    Raises `RefusedError` with that model's own status, so that a full queue is unavailable here too.
    """
    request = pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=[OUTPUT],
        inputs=[pb_utils.Tensor(INPUT, tensor)],
        preferred_memory=pb_utils.PreferredMemory(pb_utils.TRITONSERVER_MEMORY_CPU, 0),
    )
    answer = request.exec()
    if answer.has_error():
        raise RefusedError(f"{model}: {answer.error().message()}", answer.error().code())
    return [pb_utils.get_output_tensor_by_name(answer, OUTPUT).as_numpy()]
