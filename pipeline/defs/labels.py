"""Whose the assets are, and the tags by which they are found in Dagster's UI."""

from __future__ import annotations

from typing import Literal

__all__ = ["GROUPS", "OWNERS", "Unit", "asset_tags"]

#: Whose they are unless the definitions say otherwise: `team:NAME`, or an address.
OWNERS = ("team:document-ingestion",)
#: The groups of the assets, in the order of their work.
GROUPS = ("intake", "convert", "report")

#: What an asset is made of at a time.
Unit = Literal["file", "page", "document", "corpus"]


def asset_tags(unit: Unit, compute: str) -> dict[str, str]:
    """The tags of an asset: `tag:docmill/unit=page` selects all that is done by pages.

    `compute` is what computes it: the `step` itself, its `workers`, or a server (`triton`, `vllm`).
    """
    return {"docmill/unit": unit, "docmill/compute": compute}
