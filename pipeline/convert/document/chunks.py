"""docling's chunks of a document: by its structure, and by tokens where a tokenizer counts them."""

from __future__ import annotations

import json
from functools import cache

from docling_core.transforms.chunker.base import BaseChunker
from docling_core.transforms.chunker.hierarchical_chunker import DocMeta, HierarchicalChunker
from docling_core.transforms.chunker.hybrid_chunker import HybridChunker
from docling_core.transforms.chunker.tokenizer.huggingface import HuggingFaceTokenizer
from docling_core.types.doc import DoclingDocument
from transformers import AutoTokenizer

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.options import Chunking

__all__ = ["chunk_lines"]


_BY_STRUCTURE = Chunking()
#: What a tokenizer without a limit says is beyond this.
_NO_LIMIT = 1 << 30


def chunk_lines(document: DoclingDocument, chunking: Chunking = _BY_STRUCTURE) -> bytes:
    """The chunks, a JSON object a line: text, headings above it, where it stands.

    Raises `BackendConfigError` for a tokenizer that cannot be had.
    """
    chunker = _chunker(chunking)
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


@cache
def _chunker(chunking: Chunking) -> BaseChunker:
    """A worker keeps it: a tokenizer takes a second to load."""
    if not chunking.tokenizer:
        return HierarchicalChunker()
    try:
        tokenizer = _tokenizer(chunking)
    except (OSError, ValueError, RuntimeError) as error:
        raise BackendConfigError(f"the tokenizer {chunking.tokenizer} cannot be used: {error}") from error
    return HybridChunker(tokenizer=tokenizer)


def _tokenizer(chunking: Chunking) -> HuggingFaceTokenizer:
    if chunking.tokens:
        return HuggingFaceTokenizer.from_pretrained(chunking.tokenizer, chunking.tokens)
    try:
        return HuggingFaceTokenizer.from_pretrained(chunking.tokenizer)
    except RuntimeError:  # docling asks the model's configuration first, which a folder may not have
        loaded = AutoTokenizer.from_pretrained(chunking.tokenizer)
        if loaded.model_max_length >= _NO_LIMIT:
            raise ValueError("it does not say how many tokens are the most: set chunk_tokens") from None
        return HuggingFaceTokenizer(tokenizer=loaded, max_tokens=loaded.model_max_length)
