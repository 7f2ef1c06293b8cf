"""Choices that change what a document looks like; light to import, for configuration and fingerprints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

__all__ = ["FORMATS", "AssemblyOptions", "Chunking", "ExportOptions", "Format", "ImageMode"]

#: Export format -> file extension.
FORMATS: Mapping[str, str] = MappingProxyType(
    {"md": "md", "html": "html", "json": "json", "doctags": "doctags.txt", "chunks": "chunks.jsonl"}
)


class Format(StrEnum):
    """What a document can be written as."""

    md = "md"
    html = "html"
    json = "json"
    doctags = "doctags"
    chunks = "chunks"


@dataclass(frozen=True)
class AssemblyOptions:
    """How documents are put together.

    `hierarchy`: nest lists by indentation, infer heading levels from bookmarks and numbering, keep the lines
    of code, read pages of one column from top to bottom, make one table of its parts on several pages, and
    draw boxes in to their pages; without it the document is flat and in order as docling makes it.
    `joining`: lines become text by script and by what hyphens are for; without it docling joins them, with a
    space and without hyphens. `pictures`: crop each picture into the document.
    """

    hierarchy: bool = True
    joining: bool = True
    pictures: bool = False


#: docling's `ImageRefMode`; `auto`: embedded where the document has pictures in it, else placeholders.
ImageMode = Literal["auto", "placeholder", "embedded", "referenced"]


@dataclass(frozen=True)
class Chunking:
    """How chunks are made: of at most `tokens` tokens (0: what the tokenizer says of itself).

    `tokenizer` is a folder or the name of one of Hugging Face's; without one a chunk is as long as the text
    that it is made of.
    """

    tokenizer: str = ""
    tokens: int = 0


@dataclass(frozen=True)
class ExportOptions:
    """What documents look like in the formats that they are written in."""

    images: ImageMode = "auto"
    chunking: Chunking = Chunking()
