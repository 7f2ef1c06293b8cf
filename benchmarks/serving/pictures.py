"""Inputs for models of the repository: pages and tables of the sample PDFs as docmill would send them.

A model that is not known is sent noise in the shapes of its metadata, free dimensions as 64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.layout.detectors import heron
from docmill.pipeline.convert.layout.detectors.cdla import planes
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.tables.slanet import slanet
from docmill.pipeline.convert.tables.tableformer import tableformer
from docmill.pipeline.convert.types import Box
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.told import ACCOUNT

__all__ = ["KINDS", "requests", "tensor_counts"]

Array = NDArray[Any]

_SAMPLES = Path(__file__).parents[2] / "tests" / "samples"
_FILES = ("annual_report.pdf", "two_column_paper.pdf", "financial_statement.pdf", "form.pdf")
_FREE = 64
_DTYPES = {"FP32": np.float32, "FP16": np.float16, "INT64": np.int64, "INT32": np.int32, "UINT8": np.uint8}


@cache
def _pages() -> list[tuple[NDArray[np.uint8], float, float]]:
    """Every page of the samples at 144 dpi, with its width and height in points."""
    found = []
    for name in _FILES:
        with Pdf.open(_SAMPLES / name) as pdf:
            for number in range(1, pdf.page_count + 1):
                found.append((pdf.render(number, 2.0), *pdf.page_size(number)))
    return found


def _cdla() -> Iterator[list[Array]]:
    for picture, _, _ in _pages():
        yield [planes(picture)]


def _heron() -> Iterator[list[Array]]:
    for picture, _, _ in _pages():
        height, width = picture.shape[:2]
        images = heron.model_input(picture)[None].astype(np.float32) / np.float32(255)
        yield [images, np.array([[width, height]], np.int64)]


def _heron_uint8() -> Iterator[list[Array]]:
    for picture, _, _ in _pages():
        height, width = picture.shape[:2]
        yield [heron.model_input(picture)[None], np.array([[width, height]], np.int64)]


def _slanet() -> Iterator[list[Array]]:
    """The upper half of each page as if it were a table."""
    for picture, _, _ in _pages():
        yield [slanet.model_input(picture[: len(picture) // 2])[None]]


def _tableformer() -> Iterator[list[Array]]:
    for picture, width, height in _pages():
        page = tableformer.scaled_page(picture, height)
        table = tableformer.model_input(page, Box(0.0, 0.0, width, height / 2))
        assert table is not None
        yield [table[None]]


#: What is known of the repository's models: their inputs, and whether they see tables or pages.
KINDS: dict[str, tuple[str, Callable[[], Iterator[list[Array]]]]] = {
    "layout_cdla": ("layout", _cdla),
    "docling-project--docling-layout-heron": ("layout", _heron),
    "docling-project--docling-layout-heron-uint8": ("layout", _heron_uint8),
    "slanet_plus": ("tables", _slanet),
    "tableformer": ("tables", _tableformer),
}


def requests(url: str, model: str, batch: int, count: int) -> list[list[Array]]:
    """The inputs of `count` requests of `batch` items each, in the order of the model's metadata."""
    items = list(KINDS[model][1]()) if model in KINDS else [_noise(url, model, seed) for seed in range(batch)]
    supply = cycle(items)
    made = []
    for _ in range(count):
        chosen = list(islice(supply, batch))
        made.append([np.concatenate(parts) for parts in zip(*chosen, strict=True)])
    return made


def tensor_counts(client: Any, model: str) -> tuple[int, int]:
    """How many inputs and outputs a model has; what it tells of requests is none of them."""
    metadata = client.get_model_metadata(model)
    return len(metadata.inputs), sum(tensor.name != ACCOUNT for tensor in metadata.outputs)


def _noise(url: str, model: str, seed: int) -> list[Array]:
    random = np.random.default_rng(seed)
    inputs = []
    for tensor in connect(url).get_model_metadata(model).inputs:
        shape = [1, *(size if size > 0 else _FREE for size in tensor.shape[1:])]
        inputs.append(random.normal(0, 1, shape).astype(_DTYPES[tensor.datatype]))
    return inputs
