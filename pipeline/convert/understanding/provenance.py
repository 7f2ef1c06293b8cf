"""Which model made each item of a document that has several authors."""

from __future__ import annotations

from collections.abc import Mapping

from docling_core.types.doc import DoclingDocument

__all__ = ["made_by"]


def made_by(document: DoclingDocument, models: Mapping[int, str], classic: str) -> dict[str, str]:
    """The author of each item by its reference, `#/texts/3` for example.

    `models` names the model of each page that one has understood; `classic` is the author of all others. A
    paragraph that runs over pages of two authors names both. A picture's description names its own.
    """
    authors = {}
    for item in (*document.texts, *document.tables, *document.pictures, *document.key_value_items):
        pages = dict.fromkeys(prov.page_no for prov in item.prov)
        authors[item.self_ref] = " + ".join(dict.fromkeys(models.get(page, classic) for page in pages))
    return authors
