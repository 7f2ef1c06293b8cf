"""Resource `exports`: what documents are written as, and where to."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.extras import need
from docmill.pipeline.convert.options import Chunking, ExportOptions, Format, ImageMode

__all__ = ["Exports"]


class Exports(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What documents are written as, and where to."""

    formats: list[Format] = Field(
        default=["md", "html", "json"],  # type: ignore[list-item]  # Dagster keeps no members of an enum
        description=f"Any of {', '.join(Format)}; chunks needs docmill[chunks]",
    )
    out: str = Field(default="", description="A folder or prefix that gets a copy under the file's own name")
    index: bool = Field(
        default=True,
        description="Also write below `out` what was made, as Parquet: _docmill/index/BATCH.parquet",
    )
    keep_quarantined: bool = Field(
        default=False,
        description="Copy files that cannot be converted into the store, so that they can be tried again "
        "when they are gone from where they were",
    )

    image_export_mode: ImageMode = Field(
        default="auto",
        description="Pictures in Markdown and HTML, and in JSON where they are referenced, as in docling: "
        "placeholder, embedded, or referenced as files in NAME_artifacts. auto: embedded with "
        "assembly.pictures, else placeholder",
    )
    chunk_tokenizer: str = Field(
        default="",
        description="chunks: a folder or the name of a tokenizer of Hugging Face's, by which chunks are cut "
        "and joined. Default: a chunk is as long as the text that it is made of",
    )
    chunk_tokens: int = Field(
        default=0, ge=0, description="chunks: the most tokens of one. Default: what the tokenizer says"
    )

    @property
    def needs_pictures(self) -> bool:
        """Whether documents are to have their pictures in them, whatever `assembly` says."""
        return self.image_export_mode in ("embedded", "referenced")

    def options(self) -> ExportOptions:
        """The options. Raises `BackendConfigError` for a size of chunks that nothing measures."""
        named = self.chunk_tokenizer
        if named.startswith((".", "/", "~")) and not Path(named).expanduser().is_dir():
            raise BackendConfigError(f"there is no folder {named} with a tokenizer for chunks")
        if self.chunk_tokens and not self.chunk_tokenizer:
            raise BackendConfigError("chunk_tokens needs chunk_tokenizer: something has to count tokens")
        return ExportOptions(self.image_export_mode, Chunking(self.chunk_tokenizer, self.chunk_tokens))

    def checked_formats(self) -> list[str]:
        """The formats, each once. Raises `MissingExtraError` for one that needs an extra."""
        if Format.chunks in self.formats:
            need("chunks", "the format chunks")
        return sorted({str(each) for each in self.formats})
