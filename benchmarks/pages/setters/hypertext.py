"""A document as HTML with CSS for paged media, for WeasyPrint and Chromium."""

from __future__ import annotations

import html
import json
from random import Random

from benchmarks.pages.flow import (
    Boxed,
    Contents,
    Document,
    Figure,
    Formula,
    Grid,
    GridCell,
    Head,
    Line,
    Listed,
    Listing,
    Piece,
    Referenced,
    Text,
    Titled,
)
from benchmarks.pages.marks import colour_of
from benchmarks.pages.sources.blocks import Runs
from benchmarks.pages.styles import HeadingLook, Style

__all__ = ["to_html"]

_TAGS = {"b": "b", "i": "i", "c": "code"}
_RIGHT_TO_LEFT = ("ar", "fa", "he")
_FALLBACK = "'Noto Sans Arabic','WenQuanYi Micro Hei'"
_FORMULAS = (
    "<i>E</i> = <i>mc</i><sup>2</sup>",
    "<i>f</i>(<i>x</i>) = <i>ax</i> + <i>b</i>",
    "Σ<sub><i>i</i></sub> <i>x<sub>i</sub></i> = <i>n</i> · <i>μ</i>",
    "<i>p</i>(<i>θ</i> | <i>y</i>) ∝ <i>p</i>(<i>y</i> | <i>θ</i>) <i>p</i>(<i>θ</i>)",
    "∫ <i>e</i><sup>−<i>x</i>²</sup> d<i>x</i> = √<i>π</i>",
    "<i>L</i> = − log <i>p</i><sub>θ</sub>(<i>x</i>)",
)
_BOXES = {
    "border": "border:0.6pt solid #777",
    "ground": "background:#eee",
    "bar": "border-left:2.5pt solid #888",
}
_ENUMERATIONS = {
    "1.": ("decimal", ". "), "1)": ("decimal", ") "), "(1)": ("decimal", ") "), "a)": ("lower-alpha", ") "),
    "i.": ("lower-roman", ". "),
}  # fmt: skip


def to_html(document: Document, style: Style, random: Random, *, footnotes: bool) -> str:
    """The page as text; `footnotes` for setters that can set them, which Chromium cannot."""
    body = _Body(style, random, footnotes=footnotes and style.columns == 1).of(document)
    direction = "rtl" if document.language[:2] in _RIGHT_TO_LEFT else "ltr"
    title, language = html.escape(document.title), html.escape(document.language)
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_css(document, style, random)}</style></head><body>{body}</body></html>"
    )


def _colour(mark: int) -> str:
    return "color:rgb({},{},{})".format(*colour_of(mark))


def _text(text: str) -> str:
    return html.escape(text, quote=False)


def _runs(runs: Runs) -> str:
    parts = []
    for run in runs:
        tag = _TAGS.get(run.style)
        parts.append(f"<{tag}>{_text(run.text)}</{tag}>" if tag else _text(run.text))
    return "".join(parts)


# ---- style


def _css(document: Document, style: Style, random: Random) -> str:
    top, right, bottom, left = style.margins
    if document.side:
        left = 165
    body = f"'{style.body}',{_FALLBACK},serif"
    rules = [
        f"@page{{size:{style.paper};margin:{top}pt {right}pt {bottom}pt {left}pt;{_margin_boxes(document, style, random)}}}",
        "html{-webkit-print-color-adjust:exact;print-color-adjust:exact}",
        f"body{{margin:0;font:{style.size}pt/{style.leading} {body};hyphens:{'auto' if style.hyphens else 'manual'};"
        f"text-align:{'justify' if style.justified else 'start'}}}",
        f"p{{margin:0 0 {style.paragraph_space}em;text-indent:{1.5 if style.indented else 0}em;orphans:2;widows:2}}",
        ".first,.plain,.front,.abstract,.cap,.nt{text-indent:0}",
        "blockquote{margin:.5em 2em}",
    ]
    if style.first_page_bare:
        edges = "".join(f"@top-{side}{{content:none;border:none}}" for side in ("left", "center", "right"))
        rules.append(f"@page:first{{{edges}}}")
    if style.columns > 1:
        gap = random.choice((12, 16, 20, 24))
        rules.append(f".columns{{column-count:{style.columns};column-gap:{gap}pt}}")
    rules += [_heading_rule(f"h{level}", look, style) for level, look in enumerate(style.headings, 1)]
    rules.append(_heading_rule(".title", style.title, style))
    if style.heading_rule:
        rules.append("h1{border-bottom:0.7pt solid #444}")
    side = "center" if style.title.centred else "start"
    rules.append(
        f".front{{text-align:{side};margin:0 0 .3em;font-size:{random.choice((0.9, 1, 1.1, 1.25))}em;"
        f"font-weight:{random.choice(('normal', 'normal', 'bold'))}}}"
        f".abstract{{margin:0 {random.choice((0, 2, 3))}em 1em;font-size:{random.choice((0.9, 1))}em}}"
    )
    rules += [*_list_rules(style, random), _code_rules(style), *_table_rules(style), *_note_rules(style)]
    size, slant = style.caption_size, "italic" if style.caption_italic else "normal"
    rules.append(
        f".cap{{font-size:{size}em;font-style:{slant};margin:.4em 0;text-align:{'center' if style.caption_centred else 'start'}}}"
        "figure{margin:.8em 0;break-inside:avoid}figure svg{display:block;margin:0 auto}"
        f".box{{margin:.7em 0;padding:5pt 8pt;font-size:{random.choice((0.9, 1))}em}}"
        + "".join(f".{look}{{{css}}}" for look, css in _BOXES.items())
    )
    rules.append(
        ".toc p{margin:0;text-align:start;display:flex;justify-content:space-between;text-indent:0}"
        f".refs p{{text-indent:-1.5em;padding-left:1.5em;margin:0 0 {random.choice((0, 0.3))}em;"
        f"font-size:{random.choice((0.85, 0.9, 1))}em}}"
        ".formula{text-align:center;text-indent:0;margin:.7em 0}.formula span{float:right}"
        ".side{position:absolute;left:-120pt;top:90pt;width:100pt;text-align:left;font-size:.8em}.side p{margin:0 0 1em}"
    )
    return "".join(rules)


def _heading_rule(selector: str, look: HeadingLook, style: Style) -> str:
    slant, weight = "italic" if look.italic else "normal", "bold" if look.bold else "normal"
    small = "small-caps " if look.small_capitals else ""
    return (
        f"{selector}{{font:{slant} {small}{weight} {look.size * style.size:.1f}pt/1.2 '{style.head}',{_FALLBACK},sans-serif;"
        f"text-align:{'center' if look.centred else 'start'};margin:{look.before}em 0 {look.after}em;text-indent:0;"
        "break-after:avoid;hyphens:manual}"
    )


def _margin_boxes(document: Document, style: Style, random: Random) -> str:
    running = document.running
    size = f"font:{max(6.5, style.size - random.choice((0, 1, 2)))}pt '{style.body}',{_FALLBACK}"
    size += ";font-style:italic" if random.random() < 0.3 else ""
    boxes: dict[str, str] = {}
    if running.head.text:
        rule = ";border-bottom:0.5pt solid;width:100%" if style.head_rule else ""
        content = json.dumps(running.head.text, ensure_ascii=False)
        boxes[f"top-{style.running_head}"] = f"content:{content};{_colour(running.head.mark)};{size}{rule}"
    if running.foot.text:
        content = json.dumps(running.foot.text, ensure_ascii=False)
        boxes["bottom-left"] = f"content:{content};{_colour(running.foot.mark)};{size}"
    if style.folio:
        where = {"foot-center": "bottom-center", "head-right": "top-right"}.get(style.folio, "bottom-right")
        content = (
            '"Page " counter(page) " of " counter(pages)' if style.folio == "foot-of" else "counter(page)"
        )
        boxes.setdefault(where, f"content:{content};{_colour(running.folio)};{size}")
    return "".join(f"@{where}{{{css}}}" for where, css in boxes.items())


def _list_rules(style: Style, random: Random) -> list[str]:
    kind, after = _ENUMERATIONS[style.enumeration]
    before = "(" if style.enumeration == "(1)" else ""
    return [
        f"@counter-style own{{system:extends {kind};prefix:'{before}';suffix:'{after}'}}",
        f"ul,ol{{margin:0 0 {style.paragraph_space or 0.3}em;padding-inline-start:{style.list_indent}em}}"
        f"li{{margin-bottom:{0 if style.tight_lists else 0.5}em}}li>ul,li>ol{{margin-bottom:0}}"
        f"ul{{list-style-type:'{style.bullet}\\00a0\\00a0'}}ol{{list-style-type:own}}",
        f".term{{margin:0;text-indent:0;font-weight:{random.choice(('bold', 'normal'))};break-after:avoid}}"
        f".definition{{text-indent:0;margin-inline-start:{random.choice((1, 2, 3))}em;margin-top:0}}",
    ]


def _code_rules(style: Style) -> str:
    box = {
        "": "",
        "ground": "background:#eee;padding:4pt",
        "border": "border:0.5pt solid #888;padding:4pt",
        "bar": "border-left:2pt solid #888;padding-left:6pt",
    }[style.code_box]
    return (
        f"code,pre{{font-family:'{style.mono}',monospace}}code{{font-size:.9em}}"
        f"pre{{font-size:{style.code_size * style.size:.1f}pt;line-height:{style.code_leading};white-space:pre-wrap;"
        f"text-align:left;direction:ltr;hyphens:manual;margin:.5em 0 .5em {style.code_indent}em;{box}}}"
    )


def _table_rules(style: Style) -> list[str]:
    edges = {"grid": "border:0.5pt solid", "lines": "border-bottom:0.5pt solid"}.get(style.table, "")
    above, beside = style.table_padding
    rules = [
        f"table{{border-collapse:collapse;margin:.7em {'auto' if style.table_centred else '0'};hyphens:manual;"
        f"font-size:{style.table_size}em;text-align:start;{'width:100%' if style.table_wide else ''}}}",
        f"td,th{{padding:{above}pt {beside}pt;vertical-align:top;{edges}}}.num{{text-align:right}}.over{{text-align:center}}",
    ]
    if style.table == "booktabs":
        rules.append(
            "table{border-top:1pt solid;border-bottom:1pt solid}.lasthead th{border-bottom:.6pt solid}"
        )
    elif style.table == "zebra":
        rules.append("tr:nth-child(even){background:#e8e8e8}")
    elif style.table == "head":
        rules.append(".lasthead th{border-bottom:.8pt solid}")
    return rules


def _note_rules(style: Style) -> list[str]:
    mark = {
        "1": "counter(footnote)", "1.": "counter(footnote) '. '", "*": "counter(footnote, symbols)",
        "[1]": "'[' counter(footnote) '] '",
    }[style.note_mark]  # fmt: skip
    line = "border-top:0.5pt solid" if style.note_rule else "border-top:none"
    return [
        "@counter-style symbols{system:symbolic;symbols:'*' '†' '‡' '§';suffix:' '}",
        f".fn{{float:footnote;font-size:{style.size * 0.8:.1f}pt;text-indent:0;text-align:start;font-weight:normal}}",
        f".fn::footnote-call{{color:var(--call);content:{mark};vertical-align:super;font-size:70%}}",
        f".fn::footnote-marker{{content:{mark} ' '}}@page{{@footnote{{{line};padding-top:3pt;margin-top:6pt}}}}",
    ]


# ---- pieces


class _Body:
    def __init__(self, style: Style, random: Random, *, footnotes: bool) -> None:
        self.style, self.random, self.footnotes = style, random, footnotes

    def of(self, document: Document) -> str:
        pieces = list(document.pieces)
        wide = "".join(self._piece(pieces.pop(0)) for _ in range(1) if isinstance(pieces[0], Titled))
        rest = "".join(map(self._piece, pieces))
        if self.style.columns > 1:
            rest = f'<div class="columns">{rest}</div>'
        side = ""
        if document.side:
            lines = "".join(f"<p class=plain>{_text(line)}</p>" for line in document.side.text.split("\n"))
            side = f'<div class="side" style="{_colour(document.side.mark)}">{lines}</div>'
        return f'<div style="position:relative">{side}</div>{wide}{rest}' if side else wide + rest

    def _piece(self, piece: Piece) -> str:
        if isinstance(piece, Titled):
            lines = "".join(_marked("p", line.mark, _text(line.text), "front") for line in piece.front)
            return _marked("p", piece.title.mark, _text(piece.title.text), "title") + lines
        if isinstance(piece, Head):
            return _marked(f"h{piece.level}", piece.mark, _text(piece.text))
        if isinstance(piece, Text):
            return self._paragraph(piece)
        if isinstance(piece, Listed):
            return _list(piece)
        if isinstance(piece, Listing):
            return _marked("pre", piece.mark, _text(piece.text))
        if isinstance(piece, Grid):
            return self._table(piece)
        if isinstance(piece, Figure):
            return self._figure(piece)
        if isinstance(piece, Formula):
            number = f"<span>{piece.number}</span>" if piece.number else ""
            return _marked("p", piece.mark, number + _FORMULAS[piece.which], "formula")
        if isinstance(piece, Boxed):
            return f'<div class="box {piece.look}">{"".join(map(self._piece, piece.pieces))}</div>'
        if isinstance(piece, Contents):
            return _contents(piece)
        return _references(piece)

    def _paragraph(self, piece: Text) -> str:
        note = ""
        if piece.note and self.footnotes:
            note = _marked("span", piece.note.mark, _text(piece.note.text), "fn")
        made = _marked("p", piece.mark, _runs(piece.runs) + note, "" if piece.how == "quote" else piece.how)
        if note:  # the mark in the text is the paragraph's
            made = made.replace('style="', f'style="--call:{_colour(piece.mark).removeprefix("color:")};', 1)
        return f"<blockquote>{made}</blockquote>" if piece.how == "quote" else made

    def _table(self, piece: Grid) -> str:
        rows = []
        for number, row in enumerate(piece.rows):
            tag = "th" if number < piece.heads else "td"
            kind = ' class="lasthead"' if number == piece.heads - 1 else ""
            rows.append(f"<tr{kind}>{''.join(_cell(tag, cell) for cell in row)}</tr>")
        head, body = "".join(rows[: piece.heads]), "".join(rows[piece.heads :])
        table = f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
        if piece.caption is None:
            return table
        caption = self._caption(piece.caption, "p")
        return caption + table if self.style.caption_above else table + caption

    def _figure(self, piece: Figure) -> str:
        draw = Random(piece.seed)
        shapes = "".join(
            f'<rect x="{draw.randint(0, 150)}" y="{draw.randint(0, piece.tall - 20)}" width="{draw.randint(10, 40)}" '
            f'height="{draw.randint(10, 20)}" fill="hsl({draw.randint(0, 359)},60%,60%)"/>'
            for _ in range(draw.randint(4, 10))
        )
        words = "".join(
            f'<text x="{draw.randint(5, 150)}" y="{draw.randint(10, piece.tall)}" font-size="7" '
            f'fill="rgb{colour_of(word.mark)}">{_text(word.text)}</text>'
            for word in piece.words
        )
        picture = (
            f'<svg width="200" height="{piece.tall}" viewBox="0 0 200 {piece.tall}">{shapes}{words}</svg>'
        )
        return f"<figure>{picture}{self._caption(piece.caption, 'figcaption')}</figure>"

    def _caption(self, line: Line, tag: str) -> str:
        text = _text(line.text)
        if self.style.caption_bold_label:
            first, second, rest = (*line.text.split(" ", 2), "", "")[:3]
            text = f"<b>{_text(first)} {_text(second)}</b> {_text(rest)}"
        return _marked(tag, line.mark, text, "cap")


def _marked(tag: str, mark: int, inner: str, kind: str = "") -> str:
    return f'<{tag} class="{kind}" style="{_colour(mark)}">{inner}</{tag}>'


def _list(piece: Listed) -> str:
    tag = "ol" if piece.ordered else "ul"
    items = "".join(
        f'<li style="{_colour(item.mark)}">{_runs(item.runs)}{_list(item.inner) if item.inner else ""}</li>'
        for item in piece.items
    )
    return f"<{tag}>{items}</{tag}>"


def _cell(tag: str, cell: GridCell) -> str:
    kind = "over" if cell.columns > 1 else "num" if cell.number else ""
    span = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    return f'<{tag}{span} class="{kind}" style="{_colour(cell.mark)}">{_text(cell.text)}</{tag}>'


def _contents(piece: Contents) -> str:
    rows = "".join(
        f'<p style="{_colour(piece.mark)};padding-inline-start:{(level - 1) * 1.2}em"><span>{_text(text)}</span>'
        f"<span>{page}</span></p>"
        for level, text, page in piece.entries
    )
    return f'<div class="toc">{rows}</div>'


def _references(piece: Referenced) -> str:
    entries = "".join(
        _marked("p", line.mark, (f"[{number}] " if piece.numbered else "") + _text(line.text))
        for number, line in enumerate(piece.entries, 1)
    )
    return f'<div class="refs">{entries}</div>'
