"""Stage `exports`: each document in the formats asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec

from docmill.pipeline.convert.options import FORMATS
from docmill.pipeline.stages.checks import ANY_CONVERTED, BatchCheck, Finding, StageBatch, finding
from docmill.pipeline.stages.spec import DocumentStage, ResourceConfig, StageOption

if TYPE_CHECKING:
    from docmill.resources.settings.exports import Exports

__all__ = ["ExportsExtra", "ExportsStage"]

#: What only some formats need: a second of every process.
_PRELOAD = MappingProxyType({"chunks": "docmill.pipeline.convert.document.chunks"})


#: What Dagster's UI calls a format, where that is another name.
_KINDS = MappingProxyType({"md": "markdown"})


class ExportsExtra(msgspec.Struct):
    """What the record of the stage says besides: the files in the store, by extension."""

    files: dict[str, str] = {}


def _formats(chosen: str) -> ResourceConfig:
    return {"exports": {"formats": [name.strip() for name in chosen.split(",") if name.strip()]}}


def _all_formats(batch: StageBatch) -> Finding:
    stage, usable = batch.stage, batch.usable
    assert isinstance(stage, ExportsStage)
    wanted = {FORMATS[name] for name in stage.formats}
    files = [record.extra_as(ExportsExtra).files for record in usable]
    short = [record for record, made in zip(usable, files, strict=True) if wanted - made.keys()]
    formats = ", ".join(sorted(wanted)) or "no format"
    made_in_all = float(sum(len(made) for made in files))
    return finding(short, usable, f"are not in all of {formats}", files=made_in_all)


_ALL_FORMATS = BatchCheck(
    name="all_formats",
    description="Every document that was converted is in the store in each format asked for. Anything else "
    "is an error of docmill's.",
    judge=_all_formats,
)


@dataclass(frozen=True)
class ExportsStage(DocumentStage):
    """Writes each document in the formats asked for, and copies them to `out` under the file's own name.

    Then the ledger says what became of every document of the batch.
    """

    formats: Sequence[str] = ()

    name = "exports"
    version = 1
    needs = ("documents",)
    work = "docmill.pipeline.stages.work.exports:write_exports"
    resources: ClassVar[Mapping[str, str]] = {"exports": "docmill.resources.settings.exports:Exports"}
    options = (
        StageOption(
            "--format",
            "md,html,json",
            "Any of md,html,json,doctags,chunks; chunks needs docmill[chunks].",
            _formats,
            short="-f",
        ),
    )
    checks = (_ALL_FORMATS, ANY_CONVERTED)

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """The formats that are set. Raises as `Exports.checked_formats` does."""
        exports: Exports = resources["exports"]
        return cls(exports.checked_formats())

    def identity(self) -> dict[str, Any]:
        """The formats."""
        return {"formats": list(self.formats)}

    @property
    def kinds(self) -> frozenset[str]:
        """The formats, of which Dagster takes three."""
        return frozenset(sorted(_KINDS.get(name, name) for name in self.formats)[:3])

    @property
    def preload(self) -> tuple[str, ...]:
        """What the formats need."""
        return tuple(_PRELOAD[name] for name in self.formats if name in _PRELOAD)

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The formats."""
        return list(self.formats)
