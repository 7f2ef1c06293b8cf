"""Compiles the library that reads pages, where there is a C compiler; elsewhere docmill does without it."""

from __future__ import annotations

import importlib.util
import shutil
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FOLDER = Path("docmill", "pipeline", "convert", "pdf", "native")


class CompiledLibrary(BuildHookInterface):
    """Into the checkout for an editable install, into the wheel otherwise, which then is of this platform."""

    _made: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say what the wheel has more."""
        compiled = _module(Path(self.root) / _FOLDER / "compiled.py")
        if version == "editable":
            compiled.compile_library(Path(self.root) / _FOLDER)
            return
        self._made = Path(tempfile.mkdtemp(prefix="docmill-"))
        library = compiled.compile_library(self._made)
        if library is None:
            self.app.display_warning("no library was compiled (no C compiler?): pages take longer to read")
            return
        build_data["force_include"][str(library)] = (_FOLDER / library.name).as_posix()
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled for the wheel."""
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)


def _module(path: Path) -> ModuleType:
    """A module by its file: what docmill needs is not there when it is built."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
