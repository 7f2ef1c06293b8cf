"""Secrets by reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.secrets import is_reference, resolved, secret


def test_references_are_resolved_wherever_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("KEY", "from a variable")
    options = {"key": "AK", "secret": {"env": "KEY"}, "client_kwargs": {"token": {"file": f"{tmp_path}/key"}}}
    assert resolved(options) == {
        "key": "AK",
        "secret": "from a variable",
        "client_kwargs": {"token": "from a file"},
    }
    assert not is_reference({"env": "A", "file": "B"})
    assert not is_reference({"env": 3})


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEY", raising=False)
    with pytest.raises(BackendConfigError, match="KEY is not set"):
        resolved({"secret": {"env": "KEY"}})
    with pytest.raises(BackendConfigError, match="none cannot be read: No such file"):
        secret("", str(tmp_path / "none"))


def test_what_is_given_comes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file")
    assert secret("given", str(tmp_path / "key")) == "given"
    assert secret("", str(tmp_path / "key")) == "from a file"
    assert secret("", "") == ""
