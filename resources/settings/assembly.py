"""Resource `assembly`: how documents are put together."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.options import AssemblyOptions

__all__ = ["Assembly"]


class Assembly(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How documents are put together."""

    hierarchy: bool | None = Field(
        default=None,
        description="Nest lists and infer heading levels; false: flat, as docling does. "
        "Default: with docmill's small layout model only, so that docling's gives docling's documents",
    )
    pictures: bool = Field(default=False, description="Crop pictures into the document at 144 dpi")

    def options(self, nested: bool, pictures: bool = False) -> AssemblyOptions:
        """The options; `nested` is what the layout backend makes of documents unless told otherwise.

        The backends whose documents are docling's join lines as docling does, nested or not. With `pictures`
        documents have pictures in them, whatever is set here.
        """
        hierarchy = nested if self.hierarchy is None else self.hierarchy
        return AssemblyOptions(hierarchy=hierarchy, joining=nested, pictures=self.pictures or pictures)
