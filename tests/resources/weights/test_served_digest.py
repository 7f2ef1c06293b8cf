"""What a model's digest stands for, and how it gets into the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from docmill.resources.weights.served_digest import drop_digest, model_digest, write_digest, written_digest

CONFIG = '# somebody\'s own words\nname: "one"\nbackend: "onnxruntime"\n'


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "one"
    (folder / "1" / "package").mkdir(parents=True)
    (folder / "config.pbtxt").write_text(CONFIG)
    (folder / "labels.txt").write_text("a b")
    (folder / "1" / "model.onnx").write_bytes(b"weights")
    (folder / "1" / "package" / "loop.py").write_text("x = 1")
    return folder


def parameters(model: Path) -> dict[str, str]:
    """As Triton reads them."""
    text = (model / "config.pbtxt").read_text()
    config: Any = text_format.Parse(text, model_config_pb2.ModelConfig())
    return {key: value.string_value for key, value in config.parameters.items()}


@pytest.mark.parametrize(
    "changed", ["labels.txt", "1/model.onnx", "1/package/loop.py", "2/model.onnx", "1/a"]
)
def test_every_file_that_matters_makes_another_digest(model: Path, changed: str) -> None:
    before = model_digest(model)
    (model / changed).parent.mkdir(exist_ok=True)
    (model / changed).write_text("something else")
    assert model_digest(model) != before


def test_a_file_under_another_name_makes_another_digest(model: Path) -> None:
    before = model_digest(model)
    (model / "1" / "model.onnx").rename(model / "1" / "other.onnx")
    assert model_digest(model) != before


@pytest.mark.parametrize(
    "beside",
    [
        "1/model.source",
        "1/package/__pycache__/loop.pyc",
        "1/docmill_account.py",
        ".1.old/model.onnx",
        "config.pbtxt",
    ],
)
def test_what_decides_no_answer_makes_none(model: Path, beside: str) -> None:
    before = model_digest(model)
    (model / beside).parent.mkdir(exist_ok=True)
    (model / beside).write_text('name: "other"')
    assert model_digest(model) == before


def test_the_configuration_says_it_and_stays_somebodys_own(model: Path) -> None:
    digest = write_digest(model)
    assert digest == model_digest(model) == written_digest(model)
    assert parameters(model) == {"digest": digest}
    assert (model / "config.pbtxt").read_text().startswith(CONFIG)
    (model / "1" / "model.onnx").write_bytes(b"other weights")
    assert write_digest(model) != digest
    assert parameters(model) == {"digest": model_digest(model)}
    drop_digest(model)
    assert (model / "config.pbtxt").read_text() == CONFIG


def test_a_digest_that_is_right_is_not_written_again(model: Path) -> None:
    write_digest(model)
    before = (model / "config.pbtxt").stat()
    write_digest(model)
    after = (model / "config.pbtxt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_somebodys_own_digest_stays(model: Path) -> None:
    own = CONFIG + 'parameters: { key: "digest", value: { string_value: "release 7" } }\n'
    (model / "config.pbtxt").write_text(own)
    assert write_digest(model) == written_digest(model) == ""
    assert (model / "config.pbtxt").read_text() == own
    assert parameters(model) == {"digest": "release 7"}
