"""The library is compiled where that can be done, and is that of the source beside it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from docmill.pipeline.convert.pdf.native import compiled


def copied(folder: Path) -> ModuleType:
    """The module as another installation has it."""
    source = Path(compiled.__file__).parent
    for name in ("compiled.py", "bulk.c"):
        shutil.copy2(source / name, folder / name)
    spec = importlib.util.spec_from_file_location("copied_compiled", folder / "compiled.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def without_library(folder: Path) -> None:
    """The module of an installation of its own, which finds none."""
    module = copied(folder)
    assert (module.loaded(), module.told()) == (None, "by ctypes")


def test_what_was_compiled_is_loaded_and_is_of_its_source(tmp_path: Path) -> None:
    module = copied(tmp_path)
    made = module.compile_library(tmp_path)
    if made is None:
        pytest.skip("no C compiler")
    assert made == tmp_path / module.library_name()
    assert module.told() == "in C"
    with (tmp_path / "bulk.c").open("a") as source:
        source.write("/* changed */\n")
    assert module.library_name() != made.name


@pytest.mark.parametrize("compiler", ["/bin/false", "no-such-compiler", "/bin/true"])
def test_without_a_compiler_there_is_none_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: str
) -> None:
    monkeypatch.setenv("CC", compiler)
    assert compiled.compile_library(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    without_library(tmp_path)


def test_what_is_no_library_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / compiled.library_name()).write_bytes(b"\x7fELF of another machine")
    without_library(tmp_path)
