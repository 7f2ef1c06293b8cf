"""Resource `exports`: what documents are written as, and where to."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.extras import need
from docmill.pipeline.convert.options import FORMATS

__all__ = ["Exports"]


class Exports(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What documents are written as, and where to."""

    formats: list[str] = Field(
        default=["md", "html", "json"],
        description=f"Any of {', '.join(FORMATS)}; chunks needs docmill[chunks]",
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

    def checked_formats(self) -> list[str]:
        """The formats, each once.

        Raises `BackendConfigError` for an unknown one, `MissingExtraError` for one that needs an extra.
        """
        unknown = sorted(set(self.formats) - set(FORMATS))
        if unknown:
            known = ", ".join(FORMATS)
            raise BackendConfigError(f"unknown format {', '.join(unknown)}; choose from {known}")
        if "chunks" in self.formats:
            need("chunks", "the format chunks")
        return sorted(set(self.formats))
