"""How documents are put together, and what they are written as."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.options import FORMATS, AssemblyOptions

__all__ = ["Assembly", "Exports"]


class Assembly(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How documents are put together."""

    hierarchy: bool | None = Field(
        default=None,
        description="Nest lists and infer heading levels; false: flat, as docling does. "
        "Default: with docmill's small layout model only, so that docling's gives docling's documents",
    )
    pictures: bool = Field(default=False, description="Crop pictures into the document at 144 dpi")

    def options(self, nested: bool) -> AssemblyOptions:
        """The options; `nested` is what the layout backend makes of documents unless told otherwise."""
        hierarchy = nested if self.hierarchy is None else self.hierarchy
        return AssemblyOptions(hierarchy=hierarchy, pictures=self.pictures)


class Exports(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What documents are written as, and where to."""

    formats: list[str] = Field(default=["md", "html", "json"], description=f"Any of {', '.join(FORMATS)}")
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
        """The formats, each once; raises `BackendConfigError` for an unknown one."""
        unknown = sorted(set(self.formats) - set(FORMATS))
        if unknown:
            known = ", ".join(FORMATS)
            raise BackendConfigError(f"unknown format {', '.join(unknown)}; choose from {known}")
        return sorted(set(self.formats))
