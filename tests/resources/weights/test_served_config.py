"""A configuration follows what docmill ships until somebody changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.resources.weights.served_config import put_config
from docmill.resources.weights.served_digest import write_digest, written_digest


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    path = tmp_path / "shipped.pbtxt"
    path.write_text("max_batch_size: 1\n")
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model" / "1").mkdir(parents=True)
    (tmp_path / "model" / "1" / "model.onnx").write_text("weights")
    return tmp_path / "model"


def config(model: Path) -> str:
    return (model / "config.pbtxt").read_text()


def test_what_lacks_is_copied_also_the_folder(shipped: Path, tmp_path: Path) -> None:
    put_config(shipped, tmp_path / "new" / "model")
    assert config(tmp_path / "new" / "model") == shipped.read_text()


def test_a_configuration_follows_a_newer_docmill_until_it_is_changed(shipped: Path, model: Path) -> None:
    put_config(shipped, model)
    digest = write_digest(model)
    shipped.write_text("max_batch_size: 2\n")
    put_config(shipped, model)
    assert config(model) == "max_batch_size: 2\n"
    assert write_digest(model) == digest
    (model / "config.pbtxt").write_text(config(model).replace("size: 2", "size: 3"))
    for newer in ("max_batch_size: 4\n", "max_batch_size: 5\n"):
        shipped.write_text(newer)
        put_config(shipped, model)
        assert config(model).startswith("max_batch_size: 3\n")
    assert written_digest(model) == digest


def test_a_configuration_of_somebody_is_kept(shipped: Path, model: Path) -> None:
    (model / "config.pbtxt").write_text("max_batch_size: 8")
    put_config(shipped, model)
    assert config(model) == "max_batch_size: 8"


def test_one_that_is_the_shipped_one_follows_from_then_on(shipped: Path, model: Path) -> None:
    """Copied by a docmill that did not note it, or by one that was killed before."""
    (model / "config.pbtxt").write_text(shipped.read_text())
    write_digest(model)
    before = config(model)
    put_config(shipped, model)
    assert config(model) == before
    shipped.write_text("max_batch_size: 2\n")
    put_config(shipped, model)
    assert config(model) == "max_batch_size: 2\n"


def test_a_shipped_digest_is_not_copied(shipped: Path, model: Path) -> None:
    (model / "config.pbtxt").write_text(shipped.read_text())
    write_digest(model)
    shipped.write_text(config(model))
    (model / "config.pbtxt").unlink()
    put_config(shipped, model)
    assert config(model) == "max_batch_size: 1\n"
