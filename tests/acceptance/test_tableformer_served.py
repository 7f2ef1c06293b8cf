"""TableFormer's architecture, exported from random weights, on a real Triton server: what it says alone."""

from __future__ import annotations

import json
import subprocess
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from rich.console import Console

from docmill.pipeline.cli.convert_files import ConvertOptions, convert_files
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.pdf.drawn_page import drawn_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.tables.tableformer import tableformer
from docmill.pipeline.convert.types import Cluster, PageLayout, PageTables
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.server import LocalServer
from docmill.resources.weights.docling_models.errors import CheckpointError
from docmill.resources.weights.docling_models.install import read_source
from docmill.resources.weights.docling_models.pull import Places, pull
from docmill.resources.weights.hub import Hub
from tests.acceptance.heron_checkpoints import ROOT, SCRIPTS, copy, docmill_home, export_environment
from tests.acceptance.serving import http_infer, server, statistics
from tests.acceptance.table_checkpoints import (
    BRIEF,
    MAX_TAGS,
    TABLES,
    alone,
    checkpoint,
    pictures,
    repository,
    scripted,
)
from tests.support.model_cache import weights

T = TypeVar("T")

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

SAMPLE = ROOT / "tests" / "samples" / "financial_statement.pdf"
END = tableformer.TAGS.index("<end>")


@pytest.fixture(scope="module")
def triton() -> Iterator[LocalServer]:
    with server(repository(), TABLES, BRIEF, threads=1) as running:
        yield running


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    made: np.ndarray = pictures(8)
    return made


def model(triton: LocalServer, name: str = TABLES) -> TritonModel:
    return TritonModel(TritonServer(triton.url, 120.0, 0), name, "", inputs=1, outputs=5)


def assert_like_alone(outputs: list[np.ndarray], images: np.ndarray, max_tags: int = MAX_TAGS) -> None:
    """Tags and classes equal, boxes within 1e-4; shorter tables filled up with zeros."""
    ids, lengths, boxes, box_lengths, classes = outputs
    expected = alone(images, max_tags)
    assert ids.shape == (len(images), max(len(table.tags) for table in expected))
    assert boxes.shape == (len(images), max(len(table.boxes) for table in expected), 4)
    for i, table in enumerate(expected):
        tags, cells = int(lengths.flat[i]), int(box_lengths.flat[i])
        assert ids[i, :tags].tolist() == table.tags
        assert cells == len(table.boxes)
        assert np.abs(boxes[i, :cells] - table.boxes).max(initial=0.0) <= 1e-4
        assert classes[i, :cells].tolist() == table.classes.tolist()
        assert not ids[i, tags:].any() and not boxes[i, cells:].any()


def test_the_export_is_docling_s_own_model_with_the_same_weights() -> None:
    source = read_source(repository(), TABLES)
    assert source is not None and source.variant == "fast"
    measured = {check.name: check.measured for check in source.parity}
    for kind in ("one at a time", "as a batch", "prescribed tags"):
        assert measured[f"{kind}: tables with other tags or another number of boxes"] == 0
        assert measured[f"{kind}: cells of another class"] == 0
        assert 0 < measured[f"{kind}: greatest distance of a box's side"] <= 1e-4


def test_a_configuration_that_lacks_something_is_named(tmp_path: Path) -> None:
    copy(checkpoint(), tmp_path / "checkpoint")
    [config] = (tmp_path / "checkpoint").rglob("tm_config.json")
    config.unlink()  # it is a link
    config.write_text('{"dataset": {}}')
    places = Places(shipped(), docmill_home() / "export", docmill_home() / "none", tmp_path / "repository")
    with pytest.raises(CheckpointError, match=r"tm_config\.json .*lacks 'dataset_wordmap'"):
        pull("tables", "fast", places, tmp_path / "checkpoint", Hub())


def test_the_tensors_are_those_of_docling_s_checkpoints() -> None:
    shapes = in_export_environment("table_tensors.py")
    expected = json.loads((SCRIPTS / "table_tensors.json").read_text())
    assert {variant: len(tensors) for variant, tensors in expected.items()} == {"accurate": 354, "fast": 258}
    assert shapes == expected


def test_the_model_in_torch_says_the_same() -> None:
    [file] = checkpoint().rglob("*.safetensors")
    graphs = repository() / TABLES / "1"
    arguments = ("--checkpoint", file, "--graphs", graphs, "--variant", "fast", "--tags", 70)
    found = in_export_environment("compare_table_engines.py", *arguments)
    assert found["tags"] > 3 * 50
    assert (found["other tags"], found["other classes"]) == (0, 0)
    assert found["boxes"] <= 1e-4


def in_export_environment(script: str, *arguments: object) -> dict[str, Any]:
    command = [str(export_environment().python), str(SCRIPTS / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_long_tables_in_a_batch_are_what_they_are_alone(images: np.ndarray) -> None:
    """Tables of many lengths, so that rows leave at different times and the cache grows."""
    lengths = [5, 140, 64, 65, 3, 129]
    generator = np.random.default_rng(0)
    scripts = [[*generator.choice([4, 5, 6, 7, 9, 10], length).tolist(), END] for length in lengths]
    together = alone(images[: len(scripts)], choose=scripted(scripts))
    for image, script, table in zip(images, scripts, together, strict=False):
        [single] = alone(image[None], choose=scripted([script]))
        assert table.tags == single.tags and len(table.tags) == len(script) + 1
        assert np.abs(table.boxes - single.boxes).max(initial=0.0) <= 1e-4


@pytest.mark.parametrize("size", [1, 4, 8])
def test_batches_give_what_single_tables_give(triton: LocalServer, images: np.ndarray, size: int) -> None:
    assert_like_alone(model(triton).infer([images[:size]], page=1), images[:size])


def test_over_http(triton: LocalServer, images: np.ndarray) -> None:
    answer = http_infer(triton.http_url, TABLES, images=images[:2])
    names = ("tag_ids", "tag_len", "boxes", "box_len", "classes")
    assert_like_alone([answer[name] for name in names], images[:2])


def test_tables_end_by_themselves_or_are_ended(triton: LocalServer, images: np.ndarray) -> None:
    ids, lengths, *_ = model(triton).infer([images], page=1)
    last = [ids[i, int(length) - 1] for i, length in enumerate(lengths.flat)]
    assert {int(length) == 1 + MAX_TAGS for length in lengths.flat} == {True, False}
    assert all((tag == END) == (int(n) <= MAX_TAGS) for tag, n in zip(last, lengths.flat, strict=True))
    assert_like_alone(model(triton, BRIEF).infer([images], page=1), images, max_tags=3)


def test_requests_of_many_clients_are_joined(triton: LocalServer, images: np.ndarray) -> None:
    rows = [slice(0, 1), slice(1, 4), slice(4, 5), slice(2, 4), slice(5, 8), slice(6, 7)]
    before = statistics(triton.url, TABLES)

    def ask(own: slice) -> list[list[np.ndarray]]:
        client = model(triton)
        return [client.infer([images[own]], page=1) for _ in range(2)]

    with ThreadPoolExecutor(len(rows)) as threads:
        answers = list(threads.map(ask, rows))
    for own, twice in zip(rows, answers, strict=True):
        for answer in twice:
            assert_like_alone(answer, images[own])
    after = statistics(triton.url, TABLES)
    tables = 2 * sum(own.stop - own.start for own in rows)
    assert after.inference_count - before.inference_count == tables
    assert after.execution_count - before.execution_count < 2 * len(rows)
    assert max(entry.batch_size for entry in after.batch_stats) > 3


def test_what_is_no_number_is_refused_and_its_neighbours_are_answered(
    triton: LocalServer, images: np.ndarray
) -> None:
    bad = np.full((1, 3, 448, 448), np.nan, np.float32)

    def ask(given: np.ndarray) -> list[np.ndarray] | BackendConfigError:
        try:
            return model(triton).infer([given], page=7)
        except BackendConfigError as error:
            return error

    with ThreadPoolExecutor(5) as threads:
        first, *others = threads.map(ask, [bad, *(images[i : i + 1] for i in range(4))])
    assert isinstance(first, BackendConfigError)
    assert "page 7" in str(first) and "no finite numbers" in str(first)
    for i, answer in enumerate(others):
        assert isinstance(answer, list)
        assert_like_alone(answer, images[i : i + 1])


@pytest.mark.parametrize("value", [0.0, 0.32, -5.3])
def test_empty_pictures_are_pictures(triton: LocalServer, value: float) -> None:
    empty = np.full((1, 3, 448, 448), value, np.float32)
    assert_like_alone(model(triton).infer([empty], page=1), empty)


@pytest.mark.parametrize(
    "image",
    [np.zeros((1, 3, 447, 448)), np.zeros((33, 3, 448, 448)), np.zeros((3, 448, 448))],
    ids=["wrong size", "batch too large", "no batch"],
)
def test_wrong_shapes_are_refused(triton: LocalServer, image: np.ndarray) -> None:
    before = statistics(triton.url, TABLES).inference_count
    with pytest.raises(BackendConfigError, match=r"tableformer .*page 3"):
        model(triton).infer([image.astype(np.float32)], page=3)
    if len(image) < 33:
        with pytest.raises(urllib.error.HTTPError) as caught:
            http_infer(triton.http_url, TABLES, images=image.astype(np.float32))
        assert caught.value.code == 400
    assert statistics(triton.url, TABLES).inference_count == before


def test_a_conversion_has_the_models_tables(
    triton: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    weights("tables")
    before = statistics(triton.url, TABLES).inference_count
    options = ConvertOptions(
        places=[str(SAMPLE)],
        out=str(tmp_path / "out"),
        stages={"format": "json", "tables": "triton", "triton_url": triton.url, "ocr": "off"},
        jobs=1,
    )
    [record] = convert_files(options, Console(file=StringIO())).records
    # Random weights make grids that hold little of the text; what is lost is said and nothing else is wrong.
    assert {issue.reason for issue in record.issues} <= {"text_lost"}
    assert record.pages == [1, 2]
    asked = statistics(triton.url, TABLES).inference_count - before
    artifacts = ArtifactStore(DocumentStore(str(tmp_path / "store")))
    regions = {
        (number, region.id): region
        for number, page in pages(artifacts, tmp_path, "layout", PageLayout)
        for region in page.clusters
    }
    found = [
        (number, table)
        for number, page in pages(artifacts, tmp_path, "tables", PageTables)
        for table in page.tables
    ]
    assert len(found) == asked > 0
    for number, table in found:
        assert table.otsl == tags_of_region(number, regions[number, table.region])


def pages(artifacts: ArtifactStore, home: Path, stage: str, kind: type[T]) -> list[tuple[int, T]]:
    """What a stage of the only document has left."""
    [artifact] = (home / "store" / "documents").glob(f"*/*/{stage}/*.json.zst")
    fingerprint = artifact.name.removesuffix(".json.zst")
    return list(artifacts.pages(artifact.parents[1].name, stage, fingerprint, kind))


def tags_of_region(number: int, region: Cluster) -> list[str]:
    """What the model says of a table of the sample, asked without a server."""
    with Pdf.open(SAMPLE) as pdf:
        page, picture = drawn_page(pdf, number, tableformer.SCALE)
    scaled = tableformer.scaled_page(picture, page.height)
    view = tableformer.model_input(scaled, region.box)
    assert view is not None
    [table] = alone(view[None])
    return tableformer.tags_of(np.array(table.tags), len(table.tags))
