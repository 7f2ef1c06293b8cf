"""Resource `understanding`: which pages and pictures a vision-language model is asked about, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.understanding.choosing import Choice, UnderstandingMode
from docmill.pipeline.convert.understanding.profiles import PROFILES, picture_profile
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.vllm import Vllm

__all__ = ["Understanding"]


class Understanding(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The vision-language model's part; off by default."""

    mode: UnderstandingMode = Field(
        default="off",
        description="fallback: pages that the classic path does badly; doubts: those where a layout model "
        "may see more than text and drawings tell; all: every page; pictures: a description of each picture",
    )
    profile: Literal["granite-docling", "markdown"] = Field(
        default="granite-docling",
        description="How pages are asked for: granite-docling answers in DocTags, markdown suits any model "
        "that follows instructions",
    )
    prompt: str = Field(default="", description="Asks for a page. Default: the profile's own")
    picture_prompt: str = Field(default="", description="Asks for a picture's description")
    max_tokens: int = Field(default=0, ge=0, description="Tokens of one page's answer. 0: the profile's own")
    scale: float = Field(default=2.0, gt=0, le=8, description="Pixels per point of page images; 1 is 72 dpi")
    min_confidence: float = Field(
        default=0.5, ge=0, le=1, description="fallback: pages whose layout is less sure are asked about"
    )
    scanned: bool = Field(default=True, description="fallback: scanned pages are asked about")
    min_picture: float = Field(
        default=0.01, ge=0, le=1, description="pictures: smaller ones, as a share of the page, are not"
    )
    error_budget: int = Field(
        default=8, ge=1, description="Pages of a document that may fail before the others are not sent"
    )

    def engine(self, vllm: Vllm) -> VlmEngine | None:
        """What asks the server `vllm`; None when the mode is off.

        Raises `BackendConfigError` for a malformed address.
        """
        if self.mode == "off":
            return None
        own = PROFILES[self.profile]
        page = replace(
            own,
            prompt=self.prompt or own.prompt,
            max_tokens=self.max_tokens or own.max_tokens,
            scale=self.scale,
        )
        return VlmEngine(
            server=vllm.server(),
            page=page,
            picture=picture_profile(self.picture_prompt),
            choice=Choice(self.mode, self.min_confidence, self.scanned, self.min_picture),
            model_version=vllm.model_version,
            concurrency=vllm.concurrency,
            error_budget=self.error_budget,
        )
