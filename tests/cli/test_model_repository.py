"""Weights go into docmill's home, and never into the folder of what docmill ships."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from docmill.pipeline.cli.servers.repositories import to_serve
from docmill.pipeline.cli.weights.model_repository import repository_to_fill, repository_to_read
from docmill.resources.local.triton import places
from docmill.resources.local.triton.errors import ShippedRepositoryError
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.repository import EMBEDDED_SERVED, install_embedded, model_names, servable
from docmill.resources.weights.embedded_weights import ModelCache
from tests.support.model_cache import weights


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """docmill's own repository in a fresh home."""
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "triton" / "models"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one's own, with what is shipped and nothing else."""
    ours, folder = shipped(), tmp_path / "checkout"
    for name in model_names(ours.models):
        target = folder / "model_repository" / name
        target.mkdir(parents=True)
        shutil.copy(ours.models / name / "config.pbtxt", target)
        for path in (ours.models / name / "1").rglob("*.py"):
            if "docmill_ocr" not in path.parts:
                copied = target / path.relative_to(ours.models / name)
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copied)
    shutil.copytree(ours.models / "shared", folder / "model_repository" / "shared")
    (folder / "deploy" / "triton").mkdir(parents=True)
    shutil.copy(ours.lock, folder / "deploy" / "triton")
    monkeypatch.setattr(places, "shipped_roots", lambda: (folder,))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def console() -> tuple[Console, io.StringIO]:
    said = io.StringIO()
    return Console(file=said, width=400), said


def fill(folder: Path) -> None:
    install_embedded(folder, shipped().models, ModelCache(weights("layout").parent))


@pytest.mark.parametrize("which", ["own checkout", "this one"])
def test_a_fresh_home_is_filled_and_what_is_shipped_stays_as_it_is(
    models: Path, which: str, request: pytest.FixtureRequest
) -> None:
    if which == "own checkout":
        request.getfixturevalue("root")
    for model in EMBEDDED_SERVED:
        weights(model.weights)
    before = contents(shipped().models)
    quiet, _ = console()
    assert repository_to_fill(None, quiet) == repository_to_read(None) == models
    fill(models)
    assert model_names(models) == model_names(shipped().models)
    assert set(servable(models)) >= {model.folder for model in EMBEDDED_SERVED} | {"ocr"}
    assert contents(shipped().models) == before


def test_weights_of_the_former_place_are_copied_and_said(models: Path, root: Path) -> None:
    version = root / "model_repository" / "tableformer" / "1"
    for name in ("encoder.onnx", "step.onnx", "boxes.onnx"):
        (version / name).write_text("hours of work")
    (version / "model.source").write_text("{}")
    for time in range(2):
        report, said = console()
        repository_to_fill(None, report)
        fill(models)
        assert "tableformer" in servable(models)
        assert (models / "tableformer" / "1" / "step.onnx").read_text() == "hours of work"
        assert (models / "tableformer" / "1" / "table_decoding" / "loop.py").is_file()
        assert (version / "step.onnx").is_file()
        if time == 0:
            assert re.search(rf"^Copied tableformer from {root}/.* to {models}: .*deleted", said.getvalue())
        else:
            assert said.getvalue() == ""


def test_a_folder_that_is_given_is_taken_as_it_is(models: Path, root: Path, tmp_path: Path) -> None:
    version = root / "model_repository" / "tableformer" / "1"
    for name in ("encoder.onnx", "step.onnx", "boxes.onnx"):
        (version / name).touch()
    report, said = console()
    assert repository_to_fill(tmp_path / "given", report) == repository_to_read(tmp_path / "given")
    assert not (tmp_path / "given").exists() and not models.exists() and said.getvalue() == ""


def test_nothing_is_written_into_what_is_shipped(models: Path) -> None:
    """By no other name either."""
    other = models.parents[2] / "link"
    other.symlink_to(shipped().models)
    for given in (shipped().models, other):
        with pytest.raises(ShippedRepositoryError, match=rf"--repository, or leave it out for {models}"):
            repository_to_fill(given, console()[0])


def test_an_engine_beside_the_models_is_left_to_its_server(tmp_path: Path) -> None:
    for name, config, file in (
        ("engine", 'platform: "tensorrt_plan"', "model.plan"),
        ("graph", 'backend: "onnxruntime"', "model.onnx"),
    ):
        (tmp_path / name / "1").mkdir(parents=True)
        (tmp_path / name / "config.pbtxt").write_text(f'name: "{name}" {config}')
        (tmp_path / name / "1" / file).touch()
    report, said = console()
    assert to_serve(report, tmp_path, ()) == (tmp_path, ("graph",))
    assert said.getvalue() == "Left to NVIDIA's Triton: engine.\n"
    assert to_serve(report, tmp_path, ["engine"]) == (tmp_path, ("engine",))
