"""`--output-file`: one document in one format, in a file or on standard output."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from docmill.pipeline.convert.document.pictures.picture_names import artifacts_folder, pointed_at
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.options import FORMATS

if TYPE_CHECKING:
    from docmill.pipeline.stages.results.records import StageRecord
    from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["OutputFile"]

_STDOUT = "-"


@dataclass(frozen=True)
class OutputFile:
    """A folder or prefix, the name of a file in it, and the format; no folder: standard output."""

    folder: str
    name: str
    format: str

    @classmethod
    def of(cls, file: str, formats: str | None) -> Self:
        """The file that was named; its format is that of `--format`, else of its name.

        Raises `BackendConfigError` for several formats, or a name that says none.
        """
        chosen = [name.strip() for name in formats.split(",")] if formats else _said_by(file)
        if len(chosen) != 1:
            raise BackendConfigError(f"--output-file is of one format, not of {', '.join(chosen)}")
        if file == _STDOUT:
            return cls("", _STDOUT, chosen[0])
        if "://" in file:
            folder, _, name = file.rpartition("/")
            return cls(folder, name, chosen[0])
        path = Path(file).expanduser().resolve()
        return cls(str(path.parent), path.name, chosen[0])

    @property
    def is_stdout(self) -> bool:
        """Whether it is no file at all."""
        return not self.folder

    @property
    def shown(self) -> str:
        """What people call it."""
        return "standard output" if self.is_stdout else f"{self.folder.rstrip('/')}/{self.name}"

    def write(self, store: DocumentStore, record: StageRecord) -> list[str]:
        """Write what was made of a document: its pictures first, then itself; the addresses of the files."""
        from docmill.pipeline.corpus.publish import OUTPUT
        from docmill.pipeline.stages.exports import ExportsExtra
        from docmill.resources.clients.files.document_store import DocumentStore

        made = record.extra_as(ExportsExtra)
        extension = FORMATS[self.format]
        data = store.read(made.files[extension])
        if self.is_stdout:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return []
        stem = self.name.removesuffix(f".{extension}")
        target = DocumentStore(self.folder, what=OUTPUT)
        for name, path in made.images.items():
            target.write(f"{artifacts_folder(stem)}/{name}", store.read(path))
        target.write(self.name, pointed_at(data, extension, made.images, stem))
        return [target.full_path(self.name)]


def _said_by(file: str) -> list[str]:
    """The format that a name says by its extension; Markdown on standard output."""
    if file == _STDOUT:
        return ["md"]
    for format_, extension in FORMATS.items():
        if file.lower().endswith(f".{extension}"):
            return [format_]
    endings = ", ".join(f".{extension}" for extension in FORMATS.values())
    raise BackendConfigError(f"say --format: {file} ends with none of {endings}")
