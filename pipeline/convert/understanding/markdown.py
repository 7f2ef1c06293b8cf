"""From the Markdown of one page to a document of that page. Markdown says nothing of places: no boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docling_core.types.doc import DocItemLabel, DoclingDocument, Size, TableCell, TableData
from docling_core.types.doc.document import ListGroup, NodeItem
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

__all__ = ["markdown_document"]

#: Models like to wrap a whole page into a fence.
_FENCE = re.compile(r"\A\s*```(?:markdown|md)?(?>\s*\n)(.*?)\n?```\s*\Z", re.DOTALL)


def markdown_document(text: str, width: float, height: float) -> DoclingDocument:
    """A document of one page, number 1, of `width` x `height` points."""
    fenced = _FENCE.match(text)
    tokens = MarkdownIt("commonmark").enable("table").parse(fenced[1] if fenced else text)
    document = DoclingDocument(name="page")
    document.add_page(page_no=1, size=Size(width=width, height=height))
    _add_blocks(document, SyntaxTreeNode(tokens).children, None)
    return document


def _add_blocks(document: DoclingDocument, blocks: Sequence[SyntaxTreeNode], parent: NodeItem | None) -> None:
    for block in blocks:
        match block.type:
            case "heading":
                document.add_heading(_words(block), level=int(block.tag[1:]), parent=parent)
            case "paragraph":
                _add_paragraph(document, block, parent)
            case "bullet_list" | "ordered_list":
                _add_list(document, block, parent)
            case "fence" | "code_block":
                document.add_code(block.content.rstrip("\n"), parent=parent)
            case "table":
                document.add_table(_table(block), parent=parent)
            case "blockquote":
                _add_blocks(document, block.children, parent)
            case _:
                pass  # rules and raw HTML say nothing of the page


def _add_paragraph(document: DoclingDocument, block: SyntaxTreeNode, parent: NodeItem | None) -> None:
    inline = block.children[0].children if block.children else []
    if inline and all(node.type == "image" or not _plain(node).strip() for node in inline):
        for _ in (node for node in inline if node.type == "image"):
            document.add_picture(parent=parent)
    elif words := _words(block):
        document.add_text(DocItemLabel.TEXT, words, parent=parent)


def _add_list(document: DoclingDocument, block: SyntaxTreeNode, parent: NodeItem | None) -> None:
    group: ListGroup = document.add_list_group(parent=parent)
    ordered = block.type == "ordered_list"
    for number, item in enumerate(block.children, int(block.attrGet("start") or 1)):
        leading = item.children[:1] if item.children and item.children[0].type == "paragraph" else []
        added = document.add_list_item(
            " ".join(_words(paragraph) for paragraph in leading),
            enumerated=ordered,
            marker=f"{number}." if ordered else "-",
            parent=group,
        )
        _add_blocks(document, item.children[len(leading) :], added)


def _table(block: SyntaxTreeNode) -> TableData:
    rows = [row for section in block.children for row in section.children]
    cells = [
        TableCell(
            text=_words(cell),
            start_row_offset_idx=row,
            end_row_offset_idx=row + 1,
            start_col_offset_idx=column,
            end_col_offset_idx=column + 1,
            column_header=cell.type == "th",
        )
        for row, node in enumerate(rows)
        for column, cell in enumerate(node.children)
    ]
    width = max((len(row.children) for row in rows), default=0)
    return TableData(num_rows=len(rows), num_cols=width, table_cells=cells)


def _words(block: SyntaxTreeNode) -> str:
    return " ".join(_plain(block).split())


def _plain(node: SyntaxTreeNode) -> str:
    """The text without its markup."""
    if node.type in ("softbreak", "hardbreak"):
        return " "
    if node.type in ("text", "code_inline"):
        return node.content
    return "".join(_plain(child) for child in node.children)
