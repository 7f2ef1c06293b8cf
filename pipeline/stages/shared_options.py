"""An option of the command line that several stages have."""

from __future__ import annotations

from docmill.pipeline.stages.spec import StageOption

__all__ = ["TRITON_URL"]

TRITON_URL = StageOption(
    "--triton-url",
    "localhost:8001",
    "The Triton server's gRPC address.",
    lambda chosen: {"triton": {"url": chosen}},
    metavar="HOST:PORT",
)
