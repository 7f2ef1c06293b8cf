"""docling's architectures, with random weights, on a real Ray Serve: Triton's own tests, and its answers.

Tests that are imported run here as they are, on this module's `triton`.
"""
# ruff: noqa: F401

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.ray_serve.made_models import AT_ONCE, write_models
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.connection import connect
from docmill.resources.local.ray.server import LocalRay
from tests.acceptance import heron_checkpoints, table_checkpoints
from tests.acceptance.ray_serving import named, ray_server
from tests.acceptance.serving import HERON, server, statistics
from tests.acceptance.table_checkpoints import TABLES, pictures
from tests.acceptance.test_heron_served import (
    BYTES,
    grpc,
    inputs,
    test_a_conversion_has_the_models_regions,
    test_over_grpc_in_batches_and_alone,
    test_over_http,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

#: A model that is not there until somebody asks it something.
ASLEEP = {AT_ONCE: {"autoscaling_config": {"min_replicas": 0, "max_replicas": 1, "downscale_delay_s": 600}}}
PAGES, TABLE_PICTURES = 3, 4


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in (HERON, BYTES):
        shutil.copytree(heron_checkpoints.repository() / name, folder / name)
    shutil.copytree(table_checkpoints.repository() / TABLES, folder / TABLES)
    write_models(folder)
    return folder


@pytest.fixture(scope="module")
def triton(repository: Path) -> Iterator[LocalRay]:
    """Under the name that Triton's tests know."""
    with ray_server(repository, HERON, BYTES, TABLES, AT_ONCE, of_models=ASLEEP) as running:
        yield running


def test_a_model_that_is_not_there_is_ready_and_is_woken_by_a_request_alone(triton: LocalRay) -> None:
    client = connect(triton.url)
    model = TritonModel(TritonServer(triton.url, 120.0, 0), AT_ONCE, "", 1, 1)
    for _ in range(10):
        assert client.is_model_ready(AT_ONCE) and client.is_server_ready()
        model.check()
        time.sleep(0.5)
    assert named(triton, f"docmill:{HERON}") and not named(triton, f"docmill:{AT_ONCE}")
    [first] = model.infer([np.full((1, 3, 800, 608), 7, np.uint8)], page=1)
    assert first.tolist() == [[7]]
    assert len(named(triton, f"docmill:{AT_ONCE}")) == 1


def test_answers_are_those_of_triton(triton: LocalRay, repository: Path) -> None:
    """Bit by bit, one picture at a time: the same graph on as many threads."""

    def answers(url: str) -> Iterator[np.ndarray]:
        for name in (HERON, BYTES):
            heron = TritonModel(TritonServer(url, 120.0, 0), name, "", inputs=2, outputs=3)
            for page in range(PAGES):
                yield from heron.infer(inputs(name, slice(page, page + 1)), page=1)
        tableformer = TritonModel(TritonServer(url, 120.0, 0), TABLES, "", inputs=1, outputs=5)
        for picture in pictures(TABLE_PICTURES):
            yield from tableformer.infer([picture[None]], page=1)

    here = list(answers(triton.url))
    with server(repository, HERON, BYTES, TABLES) as other:
        there = list(answers(other.url))
    assert len(here) == len(there) == 2 * PAGES * 3 + TABLE_PICTURES * 5
    for mine, theirs in zip(here, there, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    # random weights see something: an answer of nothing would be the same everywhere
    assert max(float(scores.max()) for scores in here[2:9:3]) > 0.3


def test_what_heron_took_is_in_the_books(triton: LocalRay) -> None:
    before = statistics(triton.url, HERON)
    grpc(triton, HERON).infer(inputs(HERON, slice(0, 1)), page=1)
    after = statistics(triton.url, HERON)
    assert after.inference_count == before.inference_count + 1
    took = [sum(each.compute_infer.ns for each in stats.batch_stats) for stats in (before, after)]
    assert took[1] - took[0] > 10_000_000
