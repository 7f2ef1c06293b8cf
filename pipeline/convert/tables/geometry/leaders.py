"""Dots that lead the eye from the text of a cell to the next one."""

from __future__ import annotations

__all__ = ["without_leader"]

_DOTS = ".·․‥…"
#: Three are an ellipsis.
_LEAST = 4


def without_leader(text: str) -> str:
    """The text of a cell without the dots that it ends with, unless they are all of it."""
    bare = text.rstrip(_DOTS + " ")
    dots = sum(2 if char == "‥" else 3 if char == "…" else char != " " for char in text[len(bare) :])
    return bare if bare and dots >= _LEAST else text
