"""The vision-language model and its server."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.understanding.choosing import Choice, UnderstandingMode
from docmill.pipeline.convert.understanding.profiles import PROFILES, picture_profile
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.clients.vllm.server import VlmServer

__all__ = ["Understanding"]


class Understanding(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The vision-language model's part; off by default. Works with any OpenAI-compatible server."""

    mode: UnderstandingMode = Field(
        default="off",
        description="fallback: pages that the classic path does badly; all: every page; pictures: a "
        "description of each picture",
    )
    url: str = Field(default="http://localhost:8000", description="Address of the server")
    model: str = Field(
        default="ibm-granite/granite-docling-258M", description="The model's name on the server"
    )
    model_version: str = Field(default="", description="Raise it when other weights have the same name")
    api_key: str = Field(default="", description="Sent to the server. Use an environment variable.")
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
    concurrency: int = Field(default=16, ge=1, description="Requests in flight, over all workers of a step")
    deadline_s: float = Field(default=120.0, gt=0, description="Seconds for one request")
    patience_s: float = Field(
        default=180.0, ge=0, description="Seconds that a server which is away or overloaded is waited for"
    )
    retries: int = Field(default=3, ge=0, description="Further attempts at a page that the server fails on")
    stream: bool = Field(
        default=False, description="Answers piece by piece: those that repeat themselves are cut off early"
    )
    error_budget: int = Field(
        default=8, ge=1, description="Pages of a document that may fail before the others are not sent"
    )

    def engine(self) -> VlmEngine | None:
        """What asks; None when the mode is off. Raises `BackendConfigError` for a malformed address."""
        if self.mode == "off":
            return None
        own = PROFILES[self.profile]
        page = replace(
            own,
            prompt=self.prompt or own.prompt,
            max_tokens=self.max_tokens or own.max_tokens,
            scale=self.scale,
        )
        server = VlmServer(
            url=self.url,
            model=self.model,
            api_key=self.api_key,
            deadline_s=self.deadline_s,
            patience_s=self.patience_s,
            retries=self.retries,
            stream=self.stream,
        )
        return VlmEngine(
            server=server,
            page=page,
            picture=picture_profile(self.picture_prompt),
            choice=Choice(self.mode, self.min_confidence, self.scanned, self.min_picture),
            model_version=self.model_version,
            concurrency=self.concurrency,
            error_budget=self.error_budget,
        )
