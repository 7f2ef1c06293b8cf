"""Resource `store`: where manifests, artifacts and documents live."""

from __future__ import annotations

from typing import Any

import dagster as dg
from pydantic import Field

from docmill.resources.clients.files.document_store import DocumentStore, default_store
from docmill.resources.clients.files.sources import SourceCache
from docmill.resources.home import default_home
from docmill.resources.secrets import resolved

__all__ = ["Store"]


class Store(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where manifests, artifacts and documents live."""

    url: str = Field(
        default="",
        description="A folder or s3://bucket/prefix. Default: $DOCMILL_STORE, or $DOCMILL_HOME/store",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="fsspec options of the store, e.g. endpoint_url, key, secret"
    )
    source_options: dict[str, Any] = Field(
        default_factory=dict, description="fsspec options to read source files that are not local"
    )
    source_headers: dict[str, Any] = Field(
        default_factory=dict,
        description="Headers of requests for https:// source files, to the host of the address alone. Values "
        'as { env = "NAME" } or { file = "PATH" }',
    )

    def open(self) -> DocumentStore:
        """The store itself."""
        return DocumentStore(self.url or default_store(), resolved(self.options))

    def sources(self, max_bytes: int = 1 << 30) -> SourceCache:
        """Reads source files; remote ones are kept below docmill's home, larger ones on the web refused."""
        options, headers = resolved(self.source_options), resolved(self.source_headers)
        return SourceCache(default_home() / "sources", options, headers, max_bytes)
