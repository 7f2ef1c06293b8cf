"""The worst pages as pictures: what docmill made of them, and the lines that it took for something else."""

from __future__ import annotations

import html
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
from docling_core.types.doc import DoclingDocument
from PIL import Image, ImageDraw, ImageFont

from benchmarks.pages.report import Report
from benchmarks.pages.scoring.document import DocumentScore, LineOutcome
from benchmarks.pages.scoring.outcome import items_of
from docmill.pipeline.convert.layout.overlay import COLOURS

__all__ = ["write_pictures"]

_SCALE = 1.4
_MOST_PAGES = 2  # a document
_WRONG = "#d00000"
_LABELS = {
    "heading": "section_header",
    "paragraph": "text",
    "furniture": "page_header",
    "contents": "document_index",
}


def write_pictures(report: Report, pdfs: Path, documents: dict[str, Path], folder: Path, count: int) -> Path:
    """`index.html` in `folder`, with the pages of the `count` worst documents that have most wrong lines."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for score in [score for score in report.documents if score.wrong and score.name in documents][:count]:
        document = DoclingDocument.model_validate_json(documents[score.name].read_bytes())
        parts.append(f"<h2>{html.escape(score.name)} · {html.escape(score.source)} · {score.whole:.3f}</h2>")
        for page, _ in Counter(line.page for line in score.wrong).most_common(_MOST_PAGES):
            name = f"{score.name}-{page}.jpg"
            picture = _picture(pdfs / f"{score.name}.pdf", page, document, score)
            (folder / name).write_bytes(picture)
            parts.append(f'<img src="{name}" alt="page {page}">')
    index = folder / "index.html"
    style = "body{font:14px sans-serif}img{max-width:48%;border:1px solid #ccc;vertical-align:top;margin:2px}"
    index.write_text(
        f'<!doctype html><meta charset="utf-8"><title>Worst pages</title><style>{style}</style>'
        f"<p>Boxes are docmill's items; red lines were taken for something else."
        f"</p>{''.join(parts)}"
    )
    return index


def _picture(pdf: Path, page: int, document: DoclingDocument, score: DocumentScore) -> bytes:
    source = pdfium.PdfDocument(pdf)
    try:
        image: Image.Image = source[page - 1].render(scale=_SCALE).to_pil().convert("RGB")
    finally:
        source.close()
    draw, font = ImageDraw.Draw(image, "RGBA"), ImageFont.load_default(size=10)
    for item in items_of(document):
        colour = COLOURS.get(_LABELS.get(item.role, item.role), "#333333")
        for number, box in item.places:
            if number == page:
                draw.rectangle(
                    [edge * _SCALE for edge in (box.l, box.t, box.r, box.b)],
                    outline=colour,
                    fill=f"{colour}18",
                )
    _wrong(draw, [line for line in score.wrong if line.page == page], font)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=70, optimize=True)
    return buffer.getvalue()


def _wrong(
    draw: ImageDraw.ImageDraw,
    lines: Sequence[LineOutcome],
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    for line in lines:
        left, top, right, bottom = (edge * _SCALE for edge in line.box)
        draw.rectangle((left, top, right, bottom), outline=_WRONG, width=1)
        words = f"{line.truth} → {line.outcome}"
        box = draw.textbbox((left, top), words, font=font, anchor="rt")
        draw.rectangle(box, fill="#ffffffc0")
        draw.text((left, top), words, fill=_WRONG, font=font, anchor="rt")
