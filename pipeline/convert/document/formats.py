"""What a DoclingDocument is written as: Markdown, HTML, JSON, DocTags and chunks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from docling_core.transforms.serializer.base import SerializationResult
from docling_core.transforms.serializer.doctags import DocTagsDocSerializer, DocTagsParams
from docling_core.transforms.serializer.markdown import (
    MarkdownDocSerializer,
    MarkdownParams,
    MarkdownTextSerializer,
)
from docling_core.types.doc import DocItemLabel, DoclingDocument
from docling_core.types.doc.base import ImageRefMode
from docling_core.types.doc.document import DOCUMENT_TOKENS_EXPORT_LABELS, FloatingItem, FormulaItem, TextItem

from docmill.pipeline.convert.document.assemble import document_json
from docmill.pipeline.convert.options import ExportOptions

__all__ = ["export"]


class _DocTagsSerializer(DocTagsDocSerializer):
    """docling-core's, which gives this argument twice where code has a caption."""

    def serialize_captions(self, item: FloatingItem, **kwargs: Any) -> SerializationResult:
        kwargs.pop("is_inline_scope", None)
        return super().serialize_captions(item, **kwargs)


class _MarkdownTexts(MarkdownTextSerializer):
    """docling-core's, which leaves out the symbols of a formula whose notation is not known."""

    def serialize(self, *, item: TextItem, **kwargs: Any) -> SerializationResult:
        if isinstance(item, FormulaItem) and not item.text:
            item = TextItem(self_ref=item.self_ref, label=DocItemLabel.TEXT, text=item.orig, orig=item.orig)
        return super().serialize(item=item, **kwargs)


def _images(document: DoclingDocument, options: ExportOptions) -> ImageRefMode:
    if options.images != "auto":
        return ImageRefMode(options.images)
    embedded = any(picture.image for picture in document.pictures)
    return ImageRefMode.EMBEDDED if embedded else ImageRefMode.PLACEHOLDER


def _markdown(document: DoclingDocument, options: ExportOptions) -> bytes:
    parameters = MarkdownParams(labels=DOCUMENT_TOKENS_EXPORT_LABELS, image_mode=_images(document, options))
    serializer = MarkdownDocSerializer(doc=document, params=parameters, text_serializer=_MarkdownTexts())
    text: str = serializer.serialize().text
    return text.encode()


def _json(document: DoclingDocument, _: ExportOptions) -> bytes:
    return document_json(document)


def _html(document: DoclingDocument, options: ExportOptions) -> bytes:
    # a formula that no model has read has no LaTeX to draw
    latex = any(item.label == DocItemLabel.FORMULA and item.text for item in document.texts)
    html = document.export_to_html(image_mode=_images(document, options), formula_to_mathml=latex)
    return html.encode()


def _doctags(document: DoclingDocument, _: ExportOptions) -> bytes:
    parameters = DocTagsParams(labels=DOCUMENT_TOKENS_EXPORT_LABELS)
    text: str = _DocTagsSerializer(doc=document, params=parameters).serialize().text
    return text.encode()


def _chunks(document: DoclingDocument, options: ExportOptions) -> bytes:
    from docmill.pipeline.convert.document.chunks import (
        chunk_lines,  # a second to import, and few want chunks
    )

    return chunk_lines(document, options.chunking)


_WRITERS: Mapping[str, Callable[[DoclingDocument, ExportOptions], bytes]] = MappingProxyType(
    {"md": _markdown, "html": _html, "json": _json, "doctags": _doctags, "chunks": _chunks}
)


_AS_EVER = ExportOptions()


def export(document: DoclingDocument, format_: str, options: ExportOptions = _AS_EVER) -> bytes:
    """A document in one of `FORMATS`. KeyError for another one.

    References to pictures are written as the document has them (`referenced_pictures`).
    """
    return _WRITERS[format_](document, options)
