"""Resource `checks`: when something is so wrong that a batch should not go on, or somebody should look."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

__all__ = ["Checks"]


class Checks(dg.ConfigurableResource):  # type: ignore[type-arg]
    """When something is so wrong that a batch should not go on, or somebody should look at it."""

    max_failed_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="More documents than this share not readable stop a batch; 1: never",
    )
    max_partial_share: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="More documents than this share without something of a page are a warning; 1: never",
    )
    min_documents: int = Field(
        default=8, ge=1, description="Of fewer documents a share says nothing: no batch is stopped for it"
    )
