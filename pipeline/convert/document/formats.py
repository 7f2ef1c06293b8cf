"""What a DoclingDocument is written as: Markdown, HTML, JSON, DocTags and chunks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from docling_core.transforms.serializer.base import SerializationResult
from docling_core.transforms.serializer.doctags import DocTagsDocSerializer, DocTagsParams
from docling_core.types.doc import DocItemLabel, DoclingDocument
from docling_core.types.doc.base import ImageRefMode
from docling_core.types.doc.document import DOCUMENT_TOKENS_EXPORT_LABELS, FloatingItem

from docmill.pipeline.convert.document.assemble import document_json

__all__ = ["export"]


class _DocTagsSerializer(DocTagsDocSerializer):
    """docling-core's, which gives this argument twice where code has a caption."""

    def serialize_captions(self, item: FloatingItem, **kwargs: Any) -> SerializationResult:
        kwargs.pop("is_inline_scope", None)
        return super().serialize_captions(item, **kwargs)


def _images(document: DoclingDocument) -> ImageRefMode:
    embedded = any(picture.image for picture in document.pictures)
    return ImageRefMode.EMBEDDED if embedded else ImageRefMode.PLACEHOLDER


def _markdown(document: DoclingDocument) -> bytes:
    return document.export_to_markdown(image_mode=_images(document)).encode()


def _html(document: DoclingDocument) -> bytes:
    # a formula that no model has read has no LaTeX to draw
    latex = any(item.label == DocItemLabel.FORMULA and item.text for item in document.texts)
    html = document.export_to_html(image_mode=_images(document), formula_to_mathml=latex)
    return html.encode()


def _doctags(document: DoclingDocument) -> bytes:
    parameters = DocTagsParams(labels=DOCUMENT_TOKENS_EXPORT_LABELS)
    text: str = _DocTagsSerializer(doc=document, params=parameters).serialize().text
    return text.encode()


def _chunks(document: DoclingDocument) -> bytes:
    from docmill.pipeline.convert.document.chunks import (
        chunk_lines,  # a second to import, and few want chunks
    )

    return chunk_lines(document)


_WRITERS: Mapping[str, Callable[[DoclingDocument], bytes]] = MappingProxyType(
    {"md": _markdown, "html": _html, "json": document_json, "doctags": _doctags, "chunks": _chunks}
)


def export(document: DoclingDocument, format_: str) -> bytes:
    """A document in one of `FORMATS`. KeyError for another one."""
    return _WRITERS[format_](document)
