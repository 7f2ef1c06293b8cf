"""Stage `documents`: one DoclingDocument of each PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Self

from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.stages.spec import DocumentStage, StageOption

if TYPE_CHECKING:
    from docmill.resources.settings.assembly import Assembly
    from docmill.resources.settings.layout import Layout

__all__ = ["AssemblyEngine", "DocumentsStage"]

#: What a document's metadata says it was made with.
_PACKAGES = ("docmill", "docling-slim", "docling-core", "pypdfium2")


@dataclass(frozen=True)
class AssemblyEngine:
    """What a worker needs to know: the options, and what computed all before."""

    options: AssemblyOptions
    identities: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]


@dataclass(frozen=True)
class DocumentsStage(DocumentStage):
    """docling's page assembly and reading order put the pages together; metadata says what made them."""

    assembly: AssemblyOptions = field(default_factory=AssemblyOptions)

    name = "documents"
    version = 1
    needs = ("pages", "ocr", "layout", "tables", "understanding")
    work = "docmill.pipeline.stages.work.documents:make_document"
    resources: ClassVar[Mapping[str, str]] = {
        "assembly": "docmill.resources.settings.assembly:Assembly",
        "layout": "docmill.resources.settings.layout:Layout",
    }
    options = (
        StageOption(
            "--pictures",
            False,
            "Crop pictures into the documents.",
            lambda chosen: {"assembly": {"pictures": chosen}},
        ),
        StageOption(
            "--flat/--nested",
            None,
            "Flat as docling's documents, or with nested lists and heading levels. "
            "Default: nested with docmill's small layout model, flat with docling's models.",
            lambda chosen: {} if chosen is None else {"assembly": {"hierarchy": not chosen}},
        ),
    )
    kinds = frozenset({"docling"})

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """Nested as the layout backend's documents are, unless it is set."""
        assembly: Assembly = resources["assembly"]
        layout: Layout = resources["layout"]
        return cls(assembly.options(layout.backend.nested))

    def identity(self) -> dict[str, Any]:
        """The options."""
        return asdict(self.assembly)

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> AssemblyEngine:
        """The options, and what a document's metadata says."""
        return AssemblyEngine(self.assembly, identities, {name: version(name) for name in _PACKAGES})
