"""Where docmill keeps things: the same folder for everything, however it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.resources.clients.files.document_store import DocumentStore, default_store
from docmill.resources.home import default_home
from docmill.resources.local.ray.places import default_ray_home
from docmill.resources.local.triton.places import default_triton_home
from docmill.resources.local.vllm.places import default_vllm_home
from docmill.resources.weights.docling_models.environment import default_export_home
from docmill.resources.weights.embedded_weights import default_folder


@pytest.mark.parametrize(
    ("given", "home"),
    [("", ".docmill"), ("~/mine", "mine"), ("{user}/other", "other")],
    ids=["none", "tilde", "path"],
)
def test_everything_is_in_the_home_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str, home: str
) -> None:
    for name in ("DOCMILL_STORE", "DOCMILL_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCMILL_HOME", given.format(user=tmp_path))
    folder = tmp_path / home
    assert default_home() == folder
    assert default_store() == str(folder / "store")
    assert default_folder() == folder / "models"
    assert default_triton_home().folder == folder / "triton"
    assert default_vllm_home().folder == folder / "vllm"
    assert default_ray_home().folder == folder / "ray"
    assert default_export_home() == folder / "export"


def test_a_store_of_ones_own_is_named_with_a_tilde_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCMILL_STORE", "~/store")
    DocumentStore(default_store()).write("x", b"data")
    assert (tmp_path / "store" / "x").read_bytes() == b"data"
