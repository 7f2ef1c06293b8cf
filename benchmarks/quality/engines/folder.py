"""Markdown that any tool has written: `NAME.md` in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.engines.output import EngineError, Output
from benchmarks.quality.markdown import markdown_grids

__all__ = ["MarkdownFolder"]


@dataclass(frozen=True)
class MarkdownFolder:
    """Outputs by the documents' names; tables are those of the Markdown."""

    folder: Path
    version: str = ""

    def convert(self, pdfs: Mapping[str, Path]) -> dict[str, Output]:
        """Read what is there; what is not there was not converted."""
        if not self.folder.is_dir():
            raise EngineError(f"there is no folder {self.folder}")
        return {name: self._read(self.folder / f"{name}.md") for name in pdfs}

    @staticmethod
    def _read(path: Path) -> Output:
        try:
            markdown = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            return Output(failure=f"{path.name}: {error.strerror}")
        return Output(markdown, markdown_grids(markdown))
