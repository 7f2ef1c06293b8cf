"""Stage `tables`: the structure of every table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from docmill.pipeline.convert.types import PageTables
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import Selection, chunked
from docmill.pipeline.stages.shared_options import TRITON_URL
from docmill.pipeline.stages.spec import ModelStage, StageOption, backend_config

if TYPE_CHECKING:
    from docmill.pipeline.convert.engines import TableEngine
    from docmill.resources.settings.tables import Tables

__all__ = ["TablesStage"]


@dataclass(frozen=True)
class TablesStage(ModelStage):
    """Finds rows, columns and spans of each table region, and the words in each cell."""

    engine: TableEngine
    spare: TableEngine | None = None

    name = "tables"
    version = 7
    needs = ("pages", "ocr", "layout")
    work = "docmill.pipeline.stages.work.tables:find_structures"
    resources: ClassVar[Mapping[str, str]] = {
        "tables": "docmill.resources.settings.tables:Tables",
        "triton": "docmill.resources.triton:Triton",
    }
    options = (
        StageOption(
            "--tables",
            "embedded",
            "Table backend: embedded, triton or triton:slanet.",
            lambda chosen: {"tables": backend_config(chosen)},
            choices=("embedded", "triton", "triton:slanet"),
        ),
        TRITON_URL,
    )
    kinds = frozenset({"onnx"})

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """With the backend that is set."""
        tables: Tables = resources["tables"]
        triton = resources["triton"]
        return cls(tables.engine(triton), tables.spare(triton))

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        """The pages on which the layout has tables."""
        return chunked(records["layout"].flagged)

    def failed_page(self, number: int, message: str) -> PageTables:
        """No structure: the regions keep their text."""
        return PageTables(number=number, error=message)
