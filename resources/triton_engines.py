"""Models on a Triton server: docling's own (heron, TableFormer), and the small ones that docmill embeds.

The latter give what the embedded engines give: only where the model runs is another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.convert import cdla, heron
from pipeline.convert.docling_image import page_image
from pipeline.convert.engines import Render
from pipeline.convert.errors import BackendConfigError
from pipeline.convert.fused import fused_layout, fused_tables
from pipeline.convert.layout.style import DocumentStyle
from pipeline.convert.tables import slanet, tableformer
from pipeline.convert.tables.structure import TableInput, table_structure, words_in
from pipeline.convert.types import PageContent, PageLayout, PageOcr, Region, TableStructure, Word
from resources.triton import Array, TritonModel, TritonServer

__all__ = ["TritonCdlaLayout", "TritonLayout", "TritonSlanetTables", "TritonTables"]

#: Pictures of tables in one request: 2.4 to 2.9 MB each.
_MOST_TABLES = 8

#: What the CDLA detector sends for one page: a score map for each stride, then a distance map for each.
_CDLA_CELLS = [-(-cdla.INPUT_WIDTH // stride) * -(-cdla.INPUT_HEIGHT // stride) for stride in (8, 16, 32, 64)]
_CDLA_SHAPES = [(1, cells, depth) for depth in (len(cdla.CLASSES), 32) for cells in _CDLA_CELLS]
#: What SLANet+ sends for each step of each table: four corners, and a probability for each token.
_CORNERS, _TOKENS = 8, len(slanet.TOKENS)


class _Triton:
    """What the engines share. The server joins requests of all workers in batches of its own."""

    def __init__(self, server: TritonServer, model: str, version: str, inputs: int, outputs: int) -> None:
        self._name = model
        self._version = version
        self._model = TritonModel(server, model, version, inputs, outputs)

    def identity(self) -> dict[str, Any]:
        """Model and version as they are asked for; not the server's address, which changes no result."""
        return {"backend": "triton", "model": self._name, "version": self._version}

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Check that the server answers and has the model.

        Raises `BackendUnavailableError`, or `BackendConfigError` when waiting would not help.
        """
        self._model.check()


class TritonLayout(_Triton):
    """heron: its detections are the regions."""

    def __init__(self, server: TritonServer, model: str, version: str = "") -> None:
        super().__init__(server, model, version, inputs=2, outputs=3)

    def detect(
        self,
        page: PageContent,
        ocr: PageOcr | None,
        style: DocumentStyle | None,
        render: Render,
    ) -> PageLayout:
        """Regions of the page before docling's post-processing."""
        picture = page_image(render, page, heron.SCALE)
        height, width = picture.shape[:2]
        images: NDArray[Any] = heron.model_input(picture)[None]
        if self._model.input_types(page=page.number)[0] != "UINT8":
            images = images.astype(np.float32) / np.float32(255)
        sizes = np.array([[width, height]], np.int64)
        answer = self._model.infer([images, sizes], page=page.number)
        try:
            labels, boxes, scores = _single(answer)
            found = heron.regions(labels, boxes, scores, (width, height), (page.width, page.height))
        except ValueError as error:
            raise _not_the_contract(self._name, error) from error
        return PageLayout(number=page.number, regions=found, detections=found)


class TritonTables(_Triton):
    """TableFormer, all tables of a page in as few requests as the model's batch size allows."""

    def __init__(self, server: TritonServer, model: str, version: str = "") -> None:
        super().__init__(server, model, version, inputs=1, outputs=4)

    def structures(
        self, regions: Sequence[Region], page: PageContent, words: Sequence[Word], render: Render
    ) -> list[TableStructure]:
        """One structure per region; where the model sees no cell, what the words' places say."""
        if not regions:
            return []
        scaled = tableformer.scaled_page(page_image(render, page, tableformer.SCALE), page.height)
        pictures = [tableformer.model_input(scaled, region.box) for region in regions]
        seen = iter(self._recognised([p for p in pictures if p is not None], page.number))
        found = []
        for region, picture in zip(regions, pictures, strict=True):
            tags, boxes = next(seen) if picture is not None else ([], np.empty((0, 4)))
            structure = tableformer.structure(region, tags, boxes, words)
            if not structure.cells and words_in(region, words):
                structure = table_structure(TableInput(region, _no_picture), page, words)
            found.append(structure)
        return found

    def _recognised(
        self, pictures: Sequence[NDArray[np.float32]], page: int
    ) -> list[tuple[list[str], Array]]:
        """Tags and boxes of each picture."""
        if not pictures:
            return []
        size = min(_MOST_TABLES, self._model.max_batch(page=page))
        answers = []
        for start in range(0, len(pictures), size):
            batch = np.stack(pictures[start : start + size])
            ids, counts, boxes, box_counts = self._model.infer([batch], page=page)
            try:
                answers += _tables(len(batch), ids, counts, boxes, box_counts)
            except ValueError as error:
                raise _not_the_contract(self._name, error) from error
        return answers


class TritonCdlaLayout(_Triton):
    """docmill's small detector, fused with the text geometry of the page."""

    def __init__(self, server: TritonServer, model: str, version: str = "") -> None:
        super().__init__(server, model, version, inputs=1, outputs=len(_CDLA_SHAPES))

    def detect(
        self, page: PageContent, ocr: PageOcr | None, style: DocumentStyle | None, render: Render
    ) -> PageLayout:
        """Regions of the page before docling's post-processing."""
        return fused_layout(page, ocr, style, render, partial(self._run, page.number))

    def _run(self, page: int, image: Array) -> list[Array]:
        answer = self._model.infer([image], page=page)
        shapes = [output.shape for output in answer]
        if shapes != _CDLA_SHAPES:
            raise _not_the_contract(self._name, ValueError(f"expected {_CDLA_SHAPES}, got {shapes}"))
        return answer


class TritonSlanetTables(_Triton):
    """docmill's small table model, and the page's ruling and word geometry."""

    def __init__(self, server: TritonServer, model: str, version: str = "") -> None:
        super().__init__(server, model, version, inputs=1, outputs=2)

    def structures(
        self, regions: Sequence[Region], page: PageContent, words: Sequence[Word], render: Render
    ) -> list[TableStructure]:
        """One structure per region."""
        return fused_tables(regions, page, words, render, partial(self._run, page.number))

    def _run(self, page: int, pictures: Array) -> list[Array]:
        """Corners [N, T, 8] and token probabilities [N, T, 50]."""
        size = min(_MOST_TABLES, self._model.max_batch(page=page))
        parts = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        answers = [self._model.infer([part], page=page) for part in parts]
        for part, (corners, tokens) in zip(parts, answers, strict=True):
            expected = [(len(part), *tokens.shape[1:2], values) for values in (_CORNERS, _TOKENS)]
            if [corners.shape, tokens.shape] != expected:
                error = ValueError(f"expected {expected}, got {corners.shape} and {tokens.shape}")
                raise _not_the_contract(self._name, error)
        steps = max(tokens.shape[1] for _, tokens in answers)
        return [_as_long(outputs, steps) for outputs in zip(*answers, strict=True)]


def _as_long(outputs: Sequence[Array], steps: int) -> Array:
    """Batches [N, T, ...] as one, each T made `steps` long: a table that ends early is not read further."""
    return np.concatenate([np.pad(o, [(0, 0), (0, steps - o.shape[1]), (0, 0)]) for o in outputs])


def _tables(
    count: int, ids: Array, lengths: Array, boxes: Array, box_lengths: Array
) -> list[tuple[list[str], Array]]:
    """Tags and boxes of each table of a batch; lengths are [N], or [N, 1] as some servers shape them."""
    if ids.ndim != 2 or boxes.ndim != 3 or boxes.shape[2] != 4 or not len(ids) == len(boxes) == count:
        raise ValueError(f"expected {count} tag ids (T) and boxes (C, 4), got {ids.shape} and {boxes.shape}")
    if lengths.size != count or box_lengths.size != count:
        raise ValueError(f"expected {count} lengths, got {lengths.shape} and {box_lengths.shape}")
    return [
        (tableformer.tags_of(ids[i], int(lengths.flat[i])), boxes[i, : max(0, int(box_lengths.flat[i]))])
        for i in range(count)
    ]


def _single(batches: Sequence[Array]) -> list[Array]:
    """The only page of each batch."""
    if any(batch.shape[:1] != (1,) for batch in batches):
        raise ValueError(f"expected one page, got {', '.join(str(batch.shape) for batch in batches)}")
    return [batch[0] for batch in batches]


def _not_the_contract(model: str, error: ValueError) -> BackendConfigError:
    return BackendConfigError(f"the model {model} does not keep its contract: {error}; check its name")


def _no_picture() -> tuple[NDArray[np.uint8], float, float, float]:
    return np.empty((0, 0, 3), np.uint8), 0.0, 0.0, 1.0
