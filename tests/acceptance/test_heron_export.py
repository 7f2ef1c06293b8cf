"""heron from a checkpoint of random weights to a model repository, by the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.repository import servable
from docmill.resources.weights.docling_models.catalogue import HERON
from docmill.resources.weights.docling_models.errors import ParityError, UnfitCheckpointError
from docmill.resources.weights.docling_models.export import run_exporter
from docmill.resources.weights.docling_models.install import read_source
from tests.acceptance.heron_checkpoints import (
    ROOT,
    SCRIPTS,
    checkpoint,
    docmill_home,
    export_environment,
    pictures,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

MODELS = ("docling-project--docling-layout-heron", "docling-project--docling-layout-heron-uint8")


def docmill(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "docmill.pipeline.cli", "models", *map(str, arguments)],
        env=os.environ | {"DOCMILL_HOME": str(docmill_home()), "COLUMNS": "400"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_the_command_exports_compares_and_installs_once(tmp_path: Path) -> None:
    export_environment()
    options = ("pull", "docling", "--from", checkpoint("small"), "--only", "layout", "--repository", tmp_path)
    done = docmill(*options)
    assert done.returncode == 0, done.stderr
    assert f"installed in {tmp_path}" in done.stderr and "weights are not those of" in done.stderr
    assert servable(tmp_path) == sorted(MODELS)
    for model in MODELS:
        source = read_source(tmp_path, model)
        assert (
            source is not None
            and not source.revision
            and set(source.checkpoint) == {file.path for file in HERON.files}
        )
        measured = {check.name: check.measured for check in source.parity}
        assert measured["detections compared"] >= 20
        assert measured["transformers: detections that differ"] == 0
        assert measured["transformers: boxes, of the side"] < 1e-4
        assert measured["UINT8: boxes, of the side"] == 0
        graph = onnx.load(tmp_path / model / "1" / "model.onnx")
        assert {opset.domain: opset.version for opset in graph.opset_import} == {"": 17}
        onnx.checker.check_model(graph)
    weights = tmp_path / MODELS[0] / "1" / "model.onnx"
    before = weights.stat().st_ino
    again = docmill(*options)
    assert again.returncode == 0 and "installed already" in again.stderr
    assert weights.stat().st_ino == before
    listed = docmill("list", "--repository", tmp_path).stdout
    assert "other weights" in listed and "transformers: boxes, of the side" in listed


def test_a_wrong_graph_fails_parity(tmp_path: Path) -> None:
    arguments = ["--checkpoint", str(checkpoint("small")), "--pictures", str(pictures())]
    with pytest.raises(
        ParityError, match=r"transformers: boxes, of the side 0\.\d+ \(limit 0\.0001\)"
    ) as raised:
        run_exporter(export_environment(), SCRIPTS / "wrong_heron.py", arguments, tmp_path)
    # the mistake is in the boxes alone, and the same in every batch
    assert "scores" not in str(raised.value).split("boxes")[0]


def changed(folder: Path, file: str, **values: object) -> None:
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: changed(f, "config.json", d_model=32), "weights do not fit config.json"),
        (lambda f: changed(f, "config.json", decoder_layers=3), "lack .* tensors"),
        (lambda f: changed(f, "config.json", model_type="detr"), "describes a model 'detr'"),
        (lambda f: changed(f, "config.json", num_queries=100), "100 queries instead of 17 and 300"),
        (
            lambda f: changed(f, "preprocessor_config.json", do_normalize=True),
            "asks for other pictures than docmill sends: {'do_normalize': True}",
        ),
    ],
    ids=["shapes", "layers", "architecture", "queries", "normalised"],
)
def test_another_models_checkpoint_is_refused(
    tmp_path: Path, change: Callable[[Path], None], message: str
) -> None:
    shutil.copytree(checkpoint("small"), tmp_path / "checkpoint")
    change(tmp_path / "checkpoint")
    arguments = ["--checkpoint", str(tmp_path / "checkpoint"), "--pictures", str(pictures())]
    script = shipped().exporters / "heron.py"
    with pytest.raises(UnfitCheckpointError, match=message):
        run_exporter(export_environment(), script, arguments, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_hostile_folder_changes_nothing(tmp_path: Path) -> None:
    shutil.copytree(checkpoint("small"), tmp_path / "checkpoint")
    (tmp_path / "checkpoint" / "model.safetensors").write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    done = docmill(
        "pull", "docling", "--from", tmp_path / "checkpoint", "--only", "layout", "--repository", tmp_path
    )
    assert done.returncode == 2
    assert done.stderr.startswith("docmill: ") and "is a pickle, which runs code" in done.stderr
    assert not (tmp_path / MODELS[0]).exists()


def test_the_architecture_is_doclings() -> None:
    """Names, types and shapes of the tensors make the file as long as docling's, to the byte."""
    pinned = {file.path: file.size for file in HERON.files}
    assert (checkpoint("full") / "model.safetensors").stat().st_size == pinned["model.safetensors"]
