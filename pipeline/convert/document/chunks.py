"""docling's hierarchical chunks of a document."""

from __future__ import annotations

import json

from docling_core.transforms.chunker.hierarchical_chunker import DocMeta, HierarchicalChunker
from docling_core.types.doc import DoclingDocument

__all__ = ["chunk_lines"]


def chunk_lines(document: DoclingDocument) -> bytes:
    """The chunks, a JSON object a line: text, headings above it, where it stands."""
    chunker = HierarchicalChunker()
    lines = []
    for chunk in chunker.chunk(document):
        meta = DocMeta.model_validate(chunk.meta)
        items = meta.doc_items
        line = {
            "text": chunk.text,
            "contextualized": chunker.contextualize(chunk),
            "headings": meta.headings or [],
            "pages": sorted({prov.page_no for item in items for prov in item.prov}),
            "items": [item.self_ref for item in items],
        }
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    return "".join(lines).encode()
