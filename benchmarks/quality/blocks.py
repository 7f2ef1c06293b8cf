"""The blocks of a Markdown text, in order: what a person sees as one heading, paragraph, table or listing."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec
from markdown_it import MarkdownIt

from benchmarks.metrics.text import strip_markdown

__all__ = ["Block", "BlockKind", "blocks"]


class BlockKind(StrEnum):
    """What a block is; an item of a list is text."""

    HEADING = "heading"
    TEXT = "text"
    CODE = "code"
    TABLE = "table"


class Block(msgspec.Struct, frozen=True):
    """A block without the marks of Markdown; a table has rows of cells, the others lines of text."""

    kind: BlockKind
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        """The lines as one text."""
        return " ".join(self.lines)


def blocks(markdown: str) -> list[Block]:
    """The blocks of a text, without comments and images."""
    return list(_blocks(markdown))


def _blocks(markdown: str) -> Iterator[Block]:
    rows: list[list[str]] | None = None
    heading = False
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        match token.type:
            case "heading_open" | "heading_close":
                heading = token.type == "heading_open"
            case "table_open":
                rows = []
            case "table_close" if rows is not None:
                yield Block(BlockKind.TABLE, rows=tuple(map(tuple, rows)))
                rows = None
            case "tr_open" if rows is not None:
                rows.append([])
            case "inline" if rows:
                rows[-1].append(strip_markdown(token.content))
            case "inline":
                lines = _lines(token.content)
                if lines:
                    yield Block(BlockKind.HEADING if heading else BlockKind.TEXT, lines)
            case "fence" | "code_block":
                yield Block(BlockKind.CODE, _lines(token.content))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(stripped for line in text.splitlines() if (stripped := strip_markdown(line)))
