"""docmill's small models on a server: the requests they make, and answers that are not theirs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from docmill.pipeline.cli.convert_files import ConvertOptions, configured_conversion
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.layout.detectors.cdla import CLASSES, cell_count
from docmill.pipeline.convert.tables.slanet.slanet import TOKENS
from docmill.pipeline.convert.types import Box, Cluster, PageContent, Word
from docmill.pipeline.stages.documents import DocumentsStage
from docmill.pipeline.stages.layout import LayoutStage
from docmill.pipeline.stages.tables import TablesStage
from docmill.resources.clients.triton import TritonServer
from docmill.resources.engines.triton import TritonCdlaLayout, TritonSlanetTables
from docmill.resources.settings.assembly import Assembly
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from docmill.resources.settings.tables import Tables, TritonTablesConfig
from docmill.resources.triton import Triton
from tests.support.kserve_server import KServeServer, Model
from tests.support.one_page import detected, structured

PAGE = PageContent(number=3, width=612.0, height=792.0)
Answer = Callable[[list[np.ndarray]], list[np.ndarray]]


def render(scale: float, box: Box | None) -> np.ndarray:
    width, height = (box.width, box.height) if box else (612, 792)
    return np.full((round(height * scale), round(width * scale), 3), 255, np.uint8)


def best_cells(_inputs: list[np.ndarray]) -> list[np.ndarray]:
    """A table at one cell of the coarsest map: 3.5 strides in each direction."""
    scores = np.zeros((1, 1000, 10), np.float32)
    scores[0, 0, CLASSES.index("table")] = 0.9
    return [scores, np.zeros((1, 1000, 32), np.float32), np.full((1, 1000), 7600 + 1900 + 475 + 64)]


def grids(inputs: list[np.ndarray]) -> list[np.ndarray]:
    """One row of two cells for each table; batches of two take longer than those of one."""
    said = ["<tbody>", "<tr>", "<td></td>", "<td></td>", "</tr>", "</tbody>", "eos"]
    count = len(inputs[0])
    steps = len(said) + 3 * (count - 1)
    tokens = np.zeros((count, steps, len(TOKENS)), np.float32)
    tokens[:, range(len(said)), [TOKENS.index(token) for token in said]] = 1.0
    corners = np.tile(np.array([0, 0, 1, 0, 1, 1, 0, 1], np.float32), (count, steps, 1))
    corners[:, 2] *= [0.5, 1] * 4
    corners[:, 3, 0::2] = [0.5, 1, 1, 0.5]
    return [corners, tokens]


def cdla(answer: Answer = best_cells) -> Model:
    outputs = [("scores", "FP32"), ("distances", "FP32"), ("cells", "INT64")]
    return Model(inputs=[("image", "UINT8")], outputs=outputs, answer=answer)


def slanet(answer: Answer = grids, max_batch: int = 8) -> Model:
    outputs = [("corners", "FP32"), ("tokens", "FP32")]
    return Model(inputs=[("x", "FP32")], outputs=outputs, answer=answer, max_batch=max_batch)


def tables_on_page(count: int) -> tuple[list[Cluster], list[Word]]:
    """Tables whose words do not tell their structure."""
    regions, words = [], []
    for index in range(count):
        top = 100.0 * index + 10
        regions.append(Cluster(id=index, label="table", score=0.9, box=Box(50, top, 150, top + 50)))
        words += [
            Word(text=f"a{index}", box=Box(60, top + 10, 75, top + 20), size=9.0, font=-1),
            Word(text=f"b{index}", box=Box(120, top + 30, 140, top + 40), size=9.0, font=-1),
        ]
    return regions, words


def test_layout_through_a_server() -> None:
    model = cdla()
    with KServeServer({"layout_cdla": model}) as server:
        engine = TritonCdlaLayout(TritonServer(server.url), "layout_cdla")
        engine.prepare()
        layout = detected(engine, PAGE, render)
    [[image]] = model.requests
    assert (image.shape, image.dtype) == ((1, 3, 800, 608), np.dtype(np.uint8))
    [found] = layout.detections
    assert (found.label, round(found.score, 3)) == ("table", 0.9)
    assert found.box.inside(Box(0, 0, 612, 792)) == 1.0
    assert layout.number == 3


def test_tables_go_in_batches_that_the_model_takes() -> None:
    regions, words = tables_on_page(3)
    model = slanet(max_batch=2)
    with KServeServer({"slanet_plus": model}) as server:
        engine = TritonSlanetTables(TritonServer(server.url), "slanet_plus")
        engine.prepare()
        tables = structured(engine, regions, PAGE, words, render)
    assert sorted(len(images) for [images] in model.requests) == [1, 2]  # they are under way at once
    assert [table.region for table in tables] == [0, 1, 2]
    for index, table in enumerate(tables):
        assert {cell.text for cell in table.cells if cell.text} == {f"a{index}", f"b{index}"}


@pytest.mark.parametrize(
    "answer",
    [
        lambda inputs: [output[:, :4] for output in best_cells(inputs)],
        lambda inputs: [np.concatenate([output, output]) for output in best_cells(inputs)],
        lambda inputs: [*best_cells(inputs)[:2], np.full((1, 1000), cell_count())],
    ],
    ids=["shapes", "two pages", "cells"],
)
def test_a_detector_of_another_kind_is_refused(answer: Answer) -> None:
    with (
        KServeServer({"other": cdla(answer)}) as server,
        pytest.raises(
            BackendConfigError, match=r"the model other does not keep its contract: (expected|its last)"
        ),
    ):
        detected(TritonCdlaLayout(TritonServer(server.url), "other"), PAGE, render)


@pytest.mark.parametrize(
    "answer",
    [
        lambda inputs: grids(inputs)[::-1],
        lambda inputs: [np.zeros((1,), np.float32)] * 2,
        lambda inputs: [output[:, :3] if output.shape[2] == 8 else output for output in grids(inputs)],
    ],
    ids=["order", "shapes", "steps"],
)
def test_a_table_model_of_another_kind_is_refused(answer: Answer) -> None:
    regions, words = tables_on_page(1)
    with (
        KServeServer({"other": slanet(answer)}) as server,
        pytest.raises(BackendConfigError, match="the model other does not keep its contract: expected"),
    ):
        structured(TritonSlanetTables(TritonServer(server.url), "other"), regions, PAGE, words, render)


def test_resources_choose_the_contract() -> None:
    layout = Layout(backend=TritonLayoutConfig(contract="cdla"))
    assert isinstance(layout.engine(Triton()), TritonCdlaLayout)
    assert layout.engine(Triton()).identity()["model"] == "layout_cdla"
    tables = Tables(backend=TritonTablesConfig(contract="slanet", model="mine"))
    assert isinstance(tables.engine(Triton()), TritonSlanetTables)
    assert tables.engine(Triton()).identity()["model"] == "mine"


def test_documents_nest_as_with_the_embedded_layout() -> None:
    nested = [TritonLayoutConfig(contract=contract).nested for contract in ("cdla", "heron")]
    assert [Assembly().options(value).hierarchy for value in nested] == [True, False]
    assert Layout().backend.nested
    assert not Assembly(hierarchy=False).options(True).hierarchy


def test_command_line_options_reach_the_engines() -> None:
    options = ConvertOptions(["x.pdf"], stages={"layout": "triton:cdla", "tables": "triton:slanet"})
    options.check()
    conversion = configured_conversion(options.run_config())
    assert isinstance(conversion.stage(LayoutStage).engine, TritonCdlaLayout)
    assert isinstance(conversion.stage(TablesStage).engine, TritonSlanetTables)
    assert conversion.stage(DocumentsStage).assembly.hierarchy
    with pytest.raises(BackendConfigError, match="triton:cdla"):
        ConvertOptions(places=["x.pdf"], stages={"layout": "triton:slanet"}).check()
