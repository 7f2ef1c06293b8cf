"""What is replayed from another run, for comparisons."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.resources.engines.recorded import (
    CELLS,
    PREDICTIONS,
    RecordedLayout,
    RecordedTables,
    RecordedText,
)

__all__ = ["RecordedLayoutConfig", "RecordedTablesConfig", "RecordedTextConfig"]


class _Recorded(dg.Config):
    """Shared by what is replayed from another run."""

    folder: str = Field(description="The folder of recordings; every worker must see it")

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.folder).expanduser().resolve()


class RecordedTextConfig(_Recorded):
    """Text lines and words of another run, for comparisons."""

    kind: Literal["recorded"] = "recorded"
    file: str = Field(default=CELLS, description="The file's name; {stem} is the PDF's, without .pdf")

    def engine(self) -> RecordedText:
        """The engine; files are read when a document is."""
        return RecordedText(self.path, self.file)


class RecordedLayoutConfig(_Recorded):
    """Detections of another run."""

    kind: Literal["recorded"] = "recorded"
    file: str = Field(default=PREDICTIONS, description="The file's name; {stem} is the PDF's, without .pdf")

    @property
    def nested(self) -> bool:
        """See `Assembly.hierarchy`."""
        return False

    def engine(self) -> RecordedLayout:
        """The engine; files are read when a document is."""
        return RecordedLayout(self.path, self.file)


class RecordedTablesConfig(_Recorded):
    """Table structures of another run."""

    kind: Literal["recorded"] = "recorded"
    file: str = Field(default=PREDICTIONS, description="The file's name; {stem} is the PDF's, without .pdf")
    match: Literal["recorded", "words"] = Field(
        default="recorded", description="words: match the page's words to the recorded tags and boxes"
    )

    def engine(self) -> RecordedTables:
        """The engine; files are read when a document is."""
        return RecordedTables(self.path, self.file, match=self.match)
