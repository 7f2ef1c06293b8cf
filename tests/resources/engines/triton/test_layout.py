"""A layout model on a server is asked about all pages, or about those where it may see more."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest

from docmill.pipeline.convert.engines import Asked, LayoutView
from docmill.pipeline.convert.fused import fused_layout
from docmill.pipeline.convert.layout.detectors.cdla import CLASSES, MAX_CANDIDATES
from docmill.pipeline.convert.types import Box, PageContent, PageLayout
from docmill.resources.clients.triton import TritonServer
from docmill.resources.engines.triton import TritonCdlaLayout, TritonLayout
from docmill.resources.engines.triton.layout import TritonLayoutEngine
from docmill.resources.settings.layout import EmbeddedLayoutConfig, Layout, TritonLayoutConfig
from docmill.resources.triton import Triton
from tests.convert.layout.sheet import Sheet
from tests.support.kserve_server import KServeServer, Model

KINDS = {"heron": TritonLayout, "cdla": TritonCdlaLayout}
#: Of ten pages, those with an open table.
TABLES = [3, 4, 8]


def heron() -> Model:
    """A table at the top of every page."""

    def answer(_inputs: list[np.ndarray]) -> list[np.ndarray]:
        boxes = np.tile(np.array([0, 0, 300, 90], np.float32), (1, 300, 1))
        scores = np.zeros((1, 300), np.float32)
        scores[0, 0] = 0.9
        return [np.full((1, 300), 8, np.int64), boxes, scores]

    outputs = [("labels", "INT64"), ("boxes", "FP32"), ("scores", "FP32")]
    return Model(inputs=[("x", "FP32"), ("y", "INT64")], outputs=outputs, answer=answer)


def cdla() -> Model:
    def answer(_inputs: list[np.ndarray]) -> list[np.ndarray]:
        scores = np.zeros((1, MAX_CANDIDATES, len(CLASSES)), np.float32)
        scores[0, 0, CLASSES.index("table")] = 0.9
        distances = np.zeros((1, MAX_CANDIDATES, 32), np.float32)
        return [scores, distances, np.full((1, MAX_CANDIDATES), 7600 + 1900 + 475 + 64)]

    outputs = [("scores", "FP32"), ("distances", "FP32"), ("cells", "INT64")]
    return Model(inputs=[("image", "UINT8")], outputs=outputs, answer=answer)


MODELS = {"heron": heron, "cdla": cdla}


def page(number: int) -> PageContent:
    """Prose; on some pages also words in columns, without rules around all of them."""
    sheet = Sheet()
    for place in range(4):
        sheet.prose(72, 90 + 150 * place, 10)
    if number in TABLES:
        sheet.grid([100, 200, 300], [660, 680, 700])
        sheet.line(104, 649, "Ebb")
        sheet.line(204, 649, "Flow")
    sheet.page.number = number
    return sheet.page


class Drawn:
    """The pages, and which of them were drawn."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def view(self, number: int) -> LayoutView:
        def render(scale: float, box: Box | None) -> np.ndarray:
            self.numbers.append(number)
            return np.full((round(792 * scale), round(612 * scale), 3), 255, np.uint8)

        return LayoutView(page(number), None, None, render, "report.pdf")


def detected(
    kind: str, asked: Asked, *, in_flight: int = 3, pages: int = 10
) -> tuple[list[PageLayout], int, list[int]]:
    """The pages' layouts, requests, and the pages that were drawn."""
    model, drawn = MODELS[kind](), Drawn()
    with KServeServer({"model": model}) as server:
        engine = KINDS[kind](TritonServer(server.url, in_flight=in_flight), "model", asked=asked)
        engine = pickle.loads(pickle.dumps(engine))
        found = list(engine.detect_pages(drawn.view(number) for number in range(1, pages + 1)))
    return found, len(model.requests), drawn.numbers


def by_rules(number: int) -> PageLayout:
    def nobody(*_: object) -> Any:
        raise AssertionError("a detector was asked")

    return fused_layout(page(number), None, None, nobody, nobody, "never")


@pytest.mark.parametrize(("kind", "in_flight"), [("heron", 1), ("heron", 3), ("cdla", 3)])
def test_pages_without_doubt_are_neither_drawn_nor_sent(kind: str, in_flight: int) -> None:
    found, requests, drawn = detected(kind, "auto", in_flight=in_flight)
    assert (requests, drawn) == (len(TABLES), TABLES)
    assert [layout.number for layout in found] == list(range(1, 11))
    assert [layout.number for layout in found if layout.doubts] == TABLES
    assert [layout.number for layout in found if layout.detections] == TABLES
    for layout in found:
        if layout.number not in TABLES:
            assert layout == by_rules(layout.number)
            assert layout.doubts == []


@pytest.mark.parametrize("kind", KINDS)
def test_pages_in_doubt_are_what_they_are_when_all_are_asked_about(kind: str) -> None:
    some, _, _ = detected(kind, "auto")
    every, requests, drawn = detected(kind, "always")
    assert (requests, drawn) == (10, list(range(1, 11)))
    assert {layout.doubts is None for layout in every} == {True}
    for one, other in zip(some, every, strict=True):
        if one.number in TABLES:
            assert (one.clusters, one.detections) == (other.clusters, other.detections)
            assert "rulings" in (one.doubts or [])


def test_nobody_is_asked_with_never() -> None:
    found, requests, drawn = detected("heron", "never", pages=4)
    assert (requests, drawn) == (0, [])
    assert found == [by_rules(number) for number in range(1, 5)]


def test_a_server_is_asked_about_all_unless_set_otherwise_and_results_are_kept_apart() -> None:
    backends = (
        EmbeddedLayoutConfig(),
        TritonLayoutConfig(),
        TritonLayoutConfig(contract="cdla"),
    )
    usual = [Layout(backend=backend).engine(Triton()) for backend in backends]
    assert [engine.identity().get("asked") for engine in usual] == ["auto", None, None]
    prints = set()
    for backend, asked in itertools.product(backends, ("default", "auto", "always", "never")):
        engine = Layout.model_validate({"backend": backend, "detector": asked}).engine(Triton())
        prints.add(repr(engine.identity()))
        if isinstance(engine, TritonLayoutEngine) and asked != "default":
            assert engine.asked == asked
    assert len(prints) == 3 * 3  # the default is one of the others


def test_the_spare_model_is_asked_as_the_server_would_be() -> None:
    triton = Triton(fallback="embedded")
    for asked, spare in (("default", "auto"), ("auto", "auto"), ("always", "always")):
        layout = Layout.model_validate({"backend": TritonLayoutConfig(), "detector": asked})
        found = layout.spare(triton)
        assert found
        assert found.identity()["asked"] == spare
