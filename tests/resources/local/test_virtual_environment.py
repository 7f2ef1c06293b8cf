"""Environments beside docmill's own, of a wheel that is made here: no index is asked."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.virtual_environment import VirtualEnvironment, own_variables


def wheel(folder: Path) -> Path:
    """A wheel with the module `small`."""
    path = folder / "small-1.0-py3-none-any.whl"
    about = "small-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("small.py", "ANSWER = 42\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{about}/RECORD", f"small.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n"
        )
    return path


def test_what_is_installed_is_compiled_whatever_the_user_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_COMPILE", "no")  # pip wants a no to say that it is so
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = VirtualEnvironment(tmp_path / "env")
    environment.create(Path(sys.executable))
    environment.install("--no-index", str(wheel(tmp_path)), what="a small package")
    environment.check("import small; assert small.ANSWER == 42")
    [source] = (tmp_path / "env").rglob("small.py")
    assert [path.name for path in source.parent.glob("__pycache__/small.*")] == [
        f"small.{sys.implementation.cache_tag}.pyc"
    ]


def test_an_environment_is_complete_once_it_is_marked_and_for_what_it_was_made_of(tmp_path: Path) -> None:
    environment = VirtualEnvironment(tmp_path / "env")
    environment.create(Path(sys.executable))
    assert not environment.made_with("stamp")
    environment.finish("stamp")
    assert environment.made_with("stamp") and not environment.made_with("another")
    with pytest.raises(EnvironmentSetupError, match=r"the environment does not work: no luck"):
        environment.check("raise SystemExit('no luck')")


def test_what_runs_in_it_stays_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """onnxruntime would tell its maker, unless this is set before it is imported."""
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "")
    environment = VirtualEnvironment(tmp_path / "env")
    environment.create(Path(sys.executable))
    environment.check("import os; assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'")
    assert own_variables(tmp_path, {"ORT_DISABLE_TELEMETRY": ""})["ORT_DISABLE_TELEMETRY"] == "1"
