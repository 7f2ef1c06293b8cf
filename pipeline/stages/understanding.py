"""Stage `understanding`: pages and pictures as a vision-language model reads them; optional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from docmill.pipeline.convert.types import PageUnderstanding
from docmill.pipeline.stages.pages import readable_pages
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import CHUNK_PAGES, Selection
from docmill.pipeline.stages.spec import ModelStage, StageOption, TimeLimits

if TYPE_CHECKING:
    from docmill.resources.clients.vllm.engine import VlmEngine
    from docmill.resources.settings.understanding import Understanding

__all__ = ["UnderstandingStage"]


@dataclass(frozen=True)
class UnderstandingStage(ModelStage):
    """Asks a vision-language model about pages or pictures, as its mode says; by default about none."""

    #: None: the mode is off, and the conversion goes without.
    engine: VlmEngine | None = None

    name = "understanding"
    version = 2
    needs = ("pages", "ocr", "layout")
    work = "docmill.pipeline.stages.work.understanding:understand"
    resources: ClassVar[Mapping[str, str]] = {
        "understanding": "docmill.resources.settings.understanding:Understanding",
        "vllm": "docmill.resources.vllm:Vllm",
    }
    options = (
        StageOption(
            "--understanding",
            "off",
            "Ask a vision-language model: off, fallback (pages that the classic path does badly), doubts "
            "(those that are more than text), all, or pictures (a description of each).",
            lambda chosen: {"understanding": {"mode": chosen}},
            choices=("off", "fallback", "doubts", "all", "pictures"),
        ),
        StageOption(
            "--vlm-url",
            "http://localhost:8000",
            "The vision-language model's OpenAI-compatible server.",
            lambda chosen: {"vllm": {"url": chosen}},
            metavar="URL",
        ),
        StageOption(
            "--vlm-model",
            "ibm-granite/granite-docling-258M",
            "The model's name on that server.",
            lambda chosen: {"vllm": {"model": chosen}},
        ),
        StageOption(
            "--vlm-profile",
            "granite-docling",
            "How it is asked: granite-docling (DocTags) or markdown.",
            lambda chosen: {"understanding": {"profile": chosen}},
        ),
    )

    #: The server bounds it, and `concurrency` bounds the requests of one step.
    mapped = False
    #: It waits for answers most of the time.
    worker_cpus = 0.25

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """With the mode, the model and the server that are set."""
        understanding: Understanding = resources["understanding"]
        return cls(understanding.engine(resources["vllm"]))

    @property
    def active(self) -> bool:
        """Not with the mode `off`."""
        return self.engine is not None

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        """All pages that could be read; the work chooses among them."""
        return readable_pages(records)

    def failed_page(self, number: int, message: str) -> PageUnderstanding:
        """Nothing was said of it."""
        return PageUnderstanding(number=number, error=message)

    def prepare_step(self) -> None:
        """Wait for a server that is about to come back: the step may be another try after it went away."""
        if self.engine:
            self.engine.prepare(patience_s=self.engine.server.patience_s)

    def workers(self, most: int) -> int:
        """No more than there may be requests in flight: each worker has at least one."""
        return min(most, self.engine.concurrency) if self.engine else most

    def time_limit_s(self, limits: TimeLimits, workers: int) -> float:
        """What the server may take when everything goes wrong that is borne with, if that is longer."""
        if self.engine is None:
            return limits.task_s
        return max(limits.task_s, self.engine.shared_by(workers).time_limit_s(CHUNK_PAGES))

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> VlmEngine | None:
        """A worker's share of the requests that may be in flight."""
        return self.engine.shared_by(workers) if self.engine else None

    def facts(self) -> dict[str, Any]:
        """Which pages the model is asked about."""
        return {"mode": self.engine.choice.mode if self.engine else "off"}
