"""Where the pictures of a document lie that are files beside it, and how it refers to them.

In the store a document has no name: its pictures are in `ARTIFACTS`. Under a name it gets when it is copied
they are in `NAME_artifacts`, as docling has it. Imports nothing of docling's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import quote

__all__ = ["ARTIFACTS", "NAME", "artifacts_folder", "pointed_at"]

NAME = "document"
_SUFFIX = "_artifacts"
ARTIFACTS = f"{NAME}{_SUFFIX}"


def artifacts_folder(name: str) -> str:
    """The folder of the pictures of a document: beside it, `reports/march` has `reports/march_artifacts`."""
    return f"{name}{_SUFFIX}"


def pointed_at(data: bytes, extension: str, pictures: Iterable[str], name: str) -> bytes:
    """A document's bytes with references to where its pictures are under this name.

    JSON has paths, the other formats addresses.
    """
    folder = PurePosixPath(artifacts_folder(name)).name
    shown = json.dumps(folder, ensure_ascii=False)[1:-1] if extension == "json" else quote(folder, safe="")
    for picture in pictures:
        data = data.replace(f"{ARTIFACTS}/{picture}".encode(), f"{shown}/{picture}".encode())
    return data
