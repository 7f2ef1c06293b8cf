"""A server that lies as in NVIDIA's container: docmill's own, in such folders. The container is not here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.serving.places.official import official
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from tests.acceptance.serving import HERON, environment, home
from tests.support.small_detector import small_detector

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


@pytest.fixture
def container(tmp_path: Path) -> Path:
    own, root = environment(), tmp_path / "tritonserver"
    program = root / "bin" / "tritonserver"
    program.parent.mkdir(parents=True)
    libraries = own.variables({})["LD_LIBRARY_PATH"]
    # the container's server finds its libraries and its Python by itself
    path = f"{own.folder / 'bin'}:{os.environ['PATH']}"
    program.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} PATH={path} exec {own.program} "$@"\n')
    program.chmod(0o755)
    shutil.copytree(own.backends, root / "backends")
    shutil.copytree(own.server / "caches", root / "caches")
    (root / "backends" / "onnxruntime" / "its.so").touch()
    return root


def test_docmill_runs_it_as_its_own(container: Path, tmp_path: Path) -> None:
    found = official(container)
    assert found is not None
    model = tmp_path / "models" / HERON
    small_detector(model / "1" / "model.onnx")
    shutil.copy(shipped().models / HERON / "config.pbtxt", model)
    settings = ServerSettings(model.parent, (HERON,), Ports(0, 0, 0))
    with LocalServer(settings, found, home()) as server:
        served = TritonModel(TritonServer(server.url, 60.0, 0), HERON, "", inputs=2, outputs=3)
        images = np.random.default_rng(0).random((2, 3, 640, 640), np.float32)
        labels, boxes, scores = served.infer([images, np.array([[612, 792]] * 2, np.int64)], page=1)
    assert labels.shape == (2, 300) and boxes.shape == (2, 300, 4)
    assert (scores[:, 0] > 0.5).all()
