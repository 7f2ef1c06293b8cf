"""What is asked about one page, or about one picture of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from docmill.pipeline.convert.understanding.profiles import Profile
from docmill.resources.clients.vllm.images import data_uri

__all__ = ["Question"]


@dataclass(frozen=True)
class Question:
    """A question and how to draw what it is about. `key` is its name among those of a document.

    `draw(scale)` gives RGB pixels, scale 1 being 72 dpi; `accept(text)` raises a `NotUnderstoodError` for an
    answer of which nothing can be made.
    """

    key: str
    page: int
    profile: Profile
    draw: Callable[[float], NDArray[Any]]
    accept: Callable[[str], None] = lambda _: None

    async def image(self, shrink: float) -> str:
        """A data URI, drawn at the profile's scale times `shrink`. Raises `PageError`.

        PDFium must be used from this thread; compression need not be.
        """
        return await asyncio.to_thread(data_uri, self.draw(self.profile.scale * shrink))
