"""What several stages have in common: an option of the command line, and which pages they have work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import Selection, chunked
from docmill.pipeline.stages.spec import StageOption

__all__ = ["TRITON_URL", "readable_pages"]

TRITON_URL = StageOption(
    "--triton-url",
    "localhost:8001",
    "The Triton server's gRPC address.",
    lambda chosen: {"triton": {"url": chosen}},
    metavar="HOST:PORT",
)


def readable_pages(records: Mapping[str, StageRecord]) -> Sequence[Selection]:
    """All pages that the stage `pages` could read."""
    unreadable = {issue.page for issue in records["pages"].issues if issue.stage == "pages"}
    return chunked([page for page in records["pages"].pages if page not in unreadable])
