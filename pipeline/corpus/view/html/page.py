"""The file of HTML: it needs no network, runs no script but its own, and escapes what documents say."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from docmill.pipeline.convert.layout.overlay import COLOURS
from docmill.pipeline.corpus.report import in_words
from docmill.pipeline.corpus.view.html.shown import colour_of, milliseconds, money, shown_page
from docmill.pipeline.corpus.view.views import DocumentView

__all__ = ["view_page"]

_HERE = Path(__file__).parent
_OTHER = "#7a7a7a"


def view_page(view: DocumentView, pictures: Mapping[int, bytes | str], notes: Sequence[str] = ()) -> str:
    """The document as one page of HTML.

    `pictures` are pages as WebP by number, or why there is none; `notes` what else is to be said of the
    whole, such as which pages are left out.
    """
    style = _read("view.css") + _colours()
    script = _read("view.js")
    labels = Counter(block.label for page in view.pages for block in page.blocks)
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"milliseconds": milliseconds, "money": money}
    return environment.get_template("view.html").render(
        view=view,
        life=view.life,
        pages=[shown_page(view, page) for page in view.pages],
        pictures={number: _data(found) for number, found in pictures.items() if isinstance(found, bytes)},
        missing={number: found for number, found in pictures.items() if isinstance(found, str)},
        notes=notes,
        labels=[(in_words(label), colour_of(label), count) for label, count in labels.most_common()],
        policy=_policy(style, script),
        style=style,
        script=script,
    )


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


def _colours() -> str:
    known = "".join(f".l-{label}{{--c:{colour}}}" for label, colour in COLOURS.items())
    return f"{known}.l-other{{--c:{_OTHER}}}\n"


def _data(picture: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(picture).decode()}"


def _policy(style: str, script: str) -> str:
    """What a browser may do with the page: show data, with this style and this script, and nothing else."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
