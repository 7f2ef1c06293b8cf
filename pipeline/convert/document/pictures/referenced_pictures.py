"""Pictures as files beside the documents that refer to them, as docling saves them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.base import ImageRefMode

from docmill.pipeline.convert.document.pictures.picture_names import ARTIFACTS, NAME

__all__ = ["with_references"]


def with_references(document: DoclingDocument) -> tuple[DoclingDocument, dict[str, bytes]]:
    """The document with pictures that refer to files in `ARTIFACTS`, and these files by name."""
    with TemporaryDirectory() as folder:
        saved = Path(folder) / f"{NAME}.json"
        document.save_as_json(saved, Path(ARTIFACTS), ImageRefMode.REFERENCED)
        files = {each.name: each.read_bytes() for each in sorted((Path(folder) / ARTIFACTS).iterdir())}
        return DoclingDocument.load_from_json(saved), files
