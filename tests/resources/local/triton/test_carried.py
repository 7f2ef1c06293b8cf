"""What docmill up to 0.2 has left beside the shipped configurations is taken along."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.resources.local.triton.carried import carry_over
from docmill.resources.local.triton.errors import NoServableModelError
from docmill.resources.local.triton.repository import servable

_TABLES = 'backend: "python" parameters { key: "files" value { string_value: "step.onnx" } }'
_GRAPH = 'backend: "onnxruntime"'


def put(model: Path, config: str, **files: str) -> None:
    """A model's folder with a configuration and these files, by path."""
    for name, text in {"config.pbtxt": config, **files}.items():
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_text(text)


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """The folder of a checkout: docling's table model and one of the user's have weights, heron none."""
    folder = tmp_path / "former"
    put(
        folder / "tableformer",
        _TABLES,
        **{"1/model.py": "code", "1/step.onnx": "weights", "1/decoding/loop.py": "loop"},
        **{"labels.txt": "a", "1/.hidden": "", "1/__pycache__/model.pyc": ""},
    )
    put(folder / "own", _GRAPH, **{"1/model.onnx": "1", "2/model.onnx": "2"})
    put(folder / "heron", _GRAPH)
    for embedded in ("layout_cdla", "ocr_detect"):
        put(folder / embedded, _GRAPH, **{"1/model.onnx": "of the cache"})
    return folder


def test_models_with_weights_are_copied_whole_and_once(former: Path, tmp_path: Path) -> None:
    before, repository = files(former), tmp_path / "home" / "models"
    assert carry_over(former, repository) == ["own", "tableformer"]
    assert servable(repository) == ["own", "tableformer"]
    wanted = {name: text for name, text in before.items() if name.startswith(("own/", "tableformer/"))}
    del wanted["tableformer/1/.hidden"], wanted["tableformer/1/__pycache__/model.pyc"]
    copied = files(repository)
    del copied[".docmill.lock"]
    assert copied == wanted
    assert files(former) == before
    (repository / "own" / "2" / "model.onnx").write_text("newer")
    assert carry_over(former, repository) == []
    assert (repository / "own" / "2" / "model.onnx").read_text() == "newer"


def test_a_model_that_has_a_version_or_a_configuration_keeps_it(former: Path, tmp_path: Path) -> None:
    repository = tmp_path / "models"
    put(repository / "own", _GRAPH, **{"3/model.onnx": "3"})
    put(repository / "tableformer", _TABLES + " max_batch_size: 4")
    assert carry_over(former, repository) == ["tableformer"]
    assert not (repository / "own" / "1").exists()
    assert "max_batch_size: 4" in (repository / "tableformer" / "config.pbtxt").read_text()
    assert servable(repository) == ["own", "tableformer"]


def test_a_copy_that_was_broken_off_is_made_again(former: Path, tmp_path: Path) -> None:
    repository = tmp_path / "models"
    put(repository / "own", _GRAPH, **{".1.new/model.onnx": "ha"})
    assert "own" in carry_over(former, repository)
    assert files(repository / "own") == files(former / "own")


def test_nothing_is_made_where_nothing_is_left(tmp_path: Path) -> None:
    put(tmp_path / "shipped" / "heron", _GRAPH)
    assert carry_over(tmp_path / "shipped", tmp_path / "models") == []
    assert not (tmp_path / "models").exists()


def test_a_place_that_cannot_be_written_is_named_with_what_waits(former: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        NoServableModelError, match=r"own, tableformer of .*former cannot be copied.*DOCMILL_HOME"
    ):
        carry_over(former, tmp_path / "file" / "models")
