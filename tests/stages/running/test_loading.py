"""Imports without garbage collections, and those that are put off."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from docmill.pipeline.stages.running.loading import put_off, uncollected


def test_collections_go_on_after_it_and_leave_alone_what_was_there() -> None:
    before = gc.get_freeze_count()
    try:
        with uncollected():
            assert not gc.isenabled()
            kept: list[list[int]] = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(kept)
        with pytest.raises(ValueError, match="broken"), uncollected():
            raise ValueError("broken")
        assert gc.isenabled()
    finally:
        gc.unfreeze()


def test_where_nothing_is_collected_it_stays_so() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_package_that_is_put_off_is_there_when_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "heavy_package.py").write_text("loaded = 7\n", "utf-8")
    user = "import heavy_package\ndef use(given: heavy_package.Frame):\n    return heavy_package.loaded\n"
    (tmp_path / "user_of_it.py").write_text(user, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with put_off("heavy_package"):
        module = import_module("user_of_it")
    assert "heavy_package" not in sys.modules
    assert module.use.__annotations__ == {"given": Any}
    assert module.use(None) == 7
    assert sys.modules["heavy_package"].loaded == 7
    with put_off("heavy_package"):
        assert sys.modules["heavy_package"].loaded == 7
    with pytest.raises(AttributeError):
        _ = module.heavy_package.missing
