"""Stage `exports`: each document in the formats asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.options import FORMATS, ExportOptions, Format
from docmill.pipeline.stages.checks import ANY_CONVERTED, BatchCheck, Finding, StageBatch, finding
from docmill.pipeline.stages.spec import DocumentStage, ResourceConfig, StageOption

if TYPE_CHECKING:
    from docmill.resources.settings.exports import Exports

__all__ = ["ExportsExtra", "ExportsStage", "modules_of_formats"]

#: What only some formats need: a second of every process.
_PRELOAD = MappingProxyType({"chunks": "docmill.pipeline.convert.document.chunks"})


#: What a folder with a tokenizer holds.
_TOKENIZER = "tokenizer.json"
#: What Dagster's UI calls a format, where that is another name.
_KINDS = MappingProxyType({"md": "markdown"})


class ExportsExtra(msgspec.Struct):
    """What the record of the stage says besides: the files in the store, by extension.

    `images` are the pictures that they refer to, by name.
    """

    files: dict[str, str] = {}
    images: dict[str, str] = {}


def modules_of_formats(formats: Iterable[str]) -> tuple[str, ...]:
    """What is to be imported for these formats, and for no other reason."""
    return tuple(_PRELOAD[name] for name in formats if name in _PRELOAD)


def _formats(chosen: str) -> ResourceConfig:
    names = [name.strip() for name in chosen.split(",") if name.strip()]
    if unknown := sorted(set(names) - set(Format)):
        raise BackendConfigError(f"unknown format {', '.join(unknown)}; choose from {', '.join(Format)}")
    return {"exports": {"formats": names}}


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
    written: ExportOptions = field(default_factory=ExportOptions)

    name = "exports"
    version = 2
    needs = ("documents",)
    work = "docmill.pipeline.stages.work.exports:write_exports"
    resources: ClassVar[Mapping[str, str]] = {"exports": "docmill.resources.settings.exports:Exports"}
    options = (
        StageOption(
            "--format",
            "md,html,json",
            "Any of md,html,json,doctags,chunks; chunks needs docmill[chunks].",
            _formats,
            metavar="FORMAT,...",
            choices=tuple(FORMATS),
            several=True,
            short="-f",
        ),
        StageOption(
            "--image-export-mode",
            "placeholder",
            "Pictures in the documents: placeholder, embedded, or referenced (files in OUT/NAME_artifacts).",
            lambda chosen: {"exports": {"image_export_mode": chosen}},
            choices=("placeholder", "embedded", "referenced"),
        ),
        StageOption(
            "--chunk-tokenizer",
            "",
            "Format chunks: a folder or name of a Hugging Face tokenizer that cuts and joins chunks.",
            lambda chosen: {"exports": {"chunk_tokenizer": _place(chosen)}},
            metavar="DIR|NAME",
        ),
        StageOption(
            "--chunk-tokens",
            0,
            "Format chunks: the most tokens of one. Default: what the tokenizer says.",
            lambda chosen: {"exports": {"chunk_tokens": chosen}},
            metavar="N",
        ),
    )
    checks = (_ALL_FORMATS, ANY_CONVERTED)

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """The formats and options that are set. Raises as `Exports` does."""
        exports: Exports = resources["exports"]
        return cls(exports.checked_formats(), exports.options())

    def identity(self) -> dict[str, Any]:
        """The formats, and those options that change what they are."""
        images, chunking = self.written.images, self.written.chunking
        return (
            {"formats": list(self.formats)}
            | ({"images": images} if images != "auto" else {})
            | (
                {"chunking": asdict(chunking) | _digest(chunking.tokenizer)}
                if chunking.tokenizer and "chunks" in self.formats
                else {}
            )
        )

    @property
    def kinds(self) -> frozenset[str]:
        """The formats, of which Dagster takes three."""
        return frozenset(sorted(_KINDS.get(name, name) for name in self.formats)[:3])

    @property
    def preload(self) -> tuple[str, ...]:
        """What the formats need."""
        return modules_of_formats(self.formats)

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> Self:
        """The stage itself: the formats and options."""
        return self


def _place(tokenizer: str) -> str:
    """A folder by its whole path: runs start where they like."""
    return str(Path(tokenizer).resolve()) if Path(tokenizer).is_dir() else tokenizer


def _digest(tokenizer: str) -> dict[str, str]:
    """Of a folder what is in it: another tokenizer may come to stand there."""
    file = Path(tokenizer) / _TOKENIZER
    return {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()} if file.is_file() else {}
