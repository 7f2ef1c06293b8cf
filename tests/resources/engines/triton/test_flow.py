"""Several pages in hand at once: order, bounds, failures, and tables of many pages in one request."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from docmill.pipeline.convert.engines import LayoutView, TableView
from docmill.pipeline.convert.errors import BackendConfigError, PageError
from docmill.pipeline.convert.types import Box, Cluster, PageContent, Word
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.errors import SharedMemoryError
from docmill.resources.engines.triton import TritonLayout, TritonTables
from docmill.resources.engines.triton.flow import in_order
from tests.support.kserve_server import KServeServer, Model


def render(scale: float, box: Box | None) -> np.ndarray:
    return np.full((round(792 * scale), round(612 * scale), 3), 255, np.uint8)


def page(number: int) -> PageContent:
    return PageContent(number=number, width=612.0, height=792.0)


class Gauge:
    """Counts how many requests are under way at once."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._now -= 1


def heron(gauge: Gauge, seconds: float = 0.2) -> Model:
    """As many detections as the first pixel says, so that answers can be told apart; early ones come late."""

    def answer(inputs: list[np.ndarray]) -> list[np.ndarray]:
        with gauge:
            count = round(float(inputs[0][0, 0, 0, 0]) * 255)
            time.sleep(seconds / count)
        boxes = np.tile(np.array([0, 0, 9, 9], np.float32), (1, 300, 1))
        scores = np.zeros((1, 300), np.float32)
        scores[:, :count] = 0.9
        return [np.full((1, 300), 9, np.int64), boxes, scores]

    outputs = [("labels", "INT64"), ("boxes", "FP32"), ("scores", "FP32")]
    return Model(inputs=[("x", "FP32"), ("y", "INT64")], outputs=outputs, answer=answer)


def drawn(number: int) -> LayoutView:
    """A page in the grey of its number."""
    return LayoutView(
        page(number), None, None, lambda *_: np.full((792, 612, 3), number, np.uint8), "report.pdf"
    )


@pytest.mark.parametrize(("in_flight", "most"), [(1, [1]), (3, [2, 3])])
def test_pages_are_under_way_together_and_come_back_in_order(in_flight: int, most: list[int]) -> None:
    gauge = Gauge()
    with KServeServer({"heron": heron(gauge)}) as server:
        engine = TritonLayout(TritonServer(server.url, in_flight=in_flight), "heron")
        found = list(engine.detect_pages(drawn(number) for number in range(1, 9)))
    assert [layout.number for layout in found] == list(range(1, 9))
    assert [len(layout.clusters) for layout in found] == list(range(1, 9))
    assert gauge.most in most


def test_no_more_pages_are_drawn_than_may_be_under_way() -> None:
    drawn_pages: list[int] = []

    def views() -> Iterator[LayoutView]:
        for number in range(1, 9):
            drawn_pages.append(number)
            yield drawn(number)

    with KServeServer({"heron": heron(Gauge())}) as server:
        layouts = TritonLayout(TritonServer(server.url, in_flight=3), "heron").detect_pages(views())
        assert next(layouts).number == 1
        assert drawn_pages == [1, 2, 3]  # it begins with two
        assert list(layouts)[-1].number == 8


def test_a_page_that_cannot_be_drawn_ends_the_chunk_with_its_own_error() -> None:
    def views() -> Iterator[LayoutView]:
        yield drawn(1)
        raise PageError("it cannot be drawn", page=2)

    with KServeServer({"heron": heron(Gauge())}) as server:
        layouts = TritonLayout(TritonServer(server.url), "heron").detect_pages(views())
        with pytest.raises(PageError, match="cannot be drawn"):
            list(layouts)


def test_errors_name_the_document_and_the_page() -> None:
    model = heron(Gauge())
    model.answer = lambda _: [np.zeros((1, 300), np.int64)] * 3
    with KServeServer({"heron": model}) as server:
        engine = TritonLayout(TritonServer(server.url), "heron")
        with pytest.raises(BackendConfigError, match="heron does not keep its contract"):
            list(engine.detect_pages([drawn(7)]))
        with pytest.raises(BackendConfigError, match=r"nobody .*refused page 7 of report\.pdf"):
            list(TritonLayout(TritonServer(server.url), "nobody").detect_pages([drawn(7)]))


def test_what_is_under_way_is_cancelled_when_its_consumer_stops() -> None:
    ended: list[str] = []

    class Begun:
        def __init__(self, name: str) -> None:
            self.name = name

        def finish(self) -> str:
            ended.append(f"finished {self.name}")
            return self.name

        def cancel(self) -> None:
            ended.append(f"cancelled {self.name}")

    results = in_order("abcd", Begun, lambda: 2)
    assert next(results) == "a"
    results.close()  # type: ignore[attr-defined]
    assert ended == ["finished a", "cancelled b"]


def tags(inputs: list[np.ndarray]) -> list[np.ndarray]:
    """One cell for each table."""
    count = len(inputs[0])
    return [
        np.tile(np.array([2, 10, 9, 3], np.int32), (count, 1)),
        np.full(count, 4, np.int32),
        np.tile(np.array([[0, 0, 1, 1]], np.float32), (count, 1, 1)),
        np.full((count, 1), 1, np.int32),
    ]


def table_view(number: int, tables: int) -> TableView:
    regions = [
        Cluster(id=i, label="table", score=0.9, box=Box(50, 100 * i + 10, 150, 100 * i + 60))
        for i in range(tables)
    ]
    words = [
        Word(text=f"p{number}t{i}", box=Box(60, 100 * i + 20, 90, 100 * i + 40), size=9.0, font=-1)
        for i in range(tables)
    ]
    return TableView(regions, page(number), words, render, "report.pdf")


@pytest.mark.parametrize(("max_batch", "sizes"), [(8, [2, 8]), (4, [2, 4, 4]), (32, [2, 8])])
def test_tables_of_many_pages_share_requests(max_batch: int, sizes: list[int]) -> None:
    outputs = [("tag_ids", "INT32"), ("tag_len", "INT32"), ("boxes", "FP32"), ("box_len", "INT32")]
    model = Model(inputs=[("images", "FP32")], outputs=outputs, answer=tags, max_batch=max_batch)
    counts = [1, 3, 0, 2, 1, 3]
    with KServeServer({"tableformer": model}) as server:
        engine = TritonTables(TritonServer(server.url), "tableformer")
        pages = list(engine.structures_of_pages(table_view(n, c) for n, c in enumerate(counts, start=1)))
    assert sorted(len(images) for [images] in model.requests) == sizes
    assert [[cell.text for table in tables for cell in table.cells] for tables in pages] == [
        [f"p{number}t{table}" for table in range(count)] for number, count in enumerate(counts, start=1)
    ]


def test_a_server_without_shared_memory_is_sent_tensors_unless_told_otherwise() -> None:
    model = heron(Gauge(), 0.0)
    inputs: list[np.ndarray] = [np.full((1, 3, 640, 640), 3 / 255, np.float32), np.array([[9, 9]], np.int64)]
    with KServeServer({"heron": model}) as server:
        given = TritonModel(TritonServer(server.url, shared_memory="auto"), "heron", "", 2, 3).infer(inputs)
        assert given[2].sum() == pytest.approx(2.7)
        with pytest.raises(SharedMemoryError, match=r"heron .*shared memory.*auto"):
            TritonModel(TritonServer(server.url, shared_memory="on"), "heron", "", 2, 3).infer(inputs)
