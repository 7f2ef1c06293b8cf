"""A document as typst markup."""

from __future__ import annotations

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

__all__ = ["to_typst"]

_PAPERS = {"A4": "a4", "Letter": "us-letter", "A5": "a5", "B5": "iso-b5"}
_FALLBACK = '"Noto Sans Arabic", "WenQuanYi Micro Hei", "Libertinus Serif"'
_FORMULAS = (
    "E = m c^2",
    "sum_(i=1)^n x_i = n overline(x)",
    "integral_0^infinity e^(-x^2) dif x = sqrt(pi)/2",
    "f(x) = (a x + b)/(c x + d)",
    "p(theta | y) prop p(y | theta) p(theta)",
    "A = mat(1, 2; 3, 4)",
)
_BOXES = {"border": "stroke: 0.6pt", "ground": "fill: luma(238)", "bar": "stroke: (left: 2.5pt)"}
_CODE_BOXES = {
    "": "",
    "ground": "fill: luma(235), inset: 4pt, width: 100%, ",
    "border": "stroke: 0.5pt, inset: 4pt, width: 100%, ",
    "bar": "stroke: (left: 2pt), inset: (left: 6pt), width: 100%, ",
}


def to_typst(document: Document, style: Style, random: Random) -> str:
    """The whole file."""
    markup = _Markup(style, random)
    pieces = list(document.pieces)
    opening = ""
    if isinstance(pieces[0], Titled):
        opening = markup.piece(pieces.pop(0))
        if style.columns > 1:
            opening = f'#place(top, scope: "parent", float: true, clearance: 1.5em)[{opening}]\n'
    side = ""
    if document.side:
        lines = " #parbreak() ".join(_text(line) for line in document.side.text.split("\n"))
        inner = _coloured(document.side.mark, lines)
        side = f"#place(dx: -120pt, dy: 90pt)[#box(width: 100pt)[#set par(justify: false, first-line-indent: 0em); #set text(size: 0.8em); {inner}]]\n"
    return "\n".join([*_settings(document, style, random), opening + side, *map(markup.piece, pieces)])


def _text(text: str) -> str:
    """A string in markup: typst reads the escapes of JSON that occur here."""
    return "#" + _string(text)


def _string(text: str) -> str:
    return json.dumps("".join(c for c in text if c >= " " or c == "\n"), ensure_ascii=False)


def _coloured(mark: int, body: str) -> str:
    return "#text(fill: rgb({}, {}, {}))[{}]".format(*colour_of(mark), body)


def _runs(runs: Runs) -> str:
    how = {"": "#{}", "b": "#strong({})", "i": "#emph({})", "c": "#raw({})"}
    return "".join(how[run.style].format(_string(run.text)) for run in runs)


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _settings(document: Document, style: Style, random: Random) -> list[str]:
    top, right, bottom, left = style.margins
    left = 165 if document.side else left
    small = max(6.5, style.size - random.choice((0, 1, 2)))
    head, foot = _running(document, style)
    rule = " #v(-0.6em) #line(length: 100%, stroke: 0.5pt)" if style.head_rule and head else ""
    bare = "if counter(page).get().first() > 1 " if style.first_page_bare else ""
    leading = max(0.35, style.leading - 0.7)
    indent = ", first-line-indent: 1.5em" if style.indented else ""
    numbering = {"1.": "1.", "1)": "1)", "(1)": "(1)", "a)": "a)", "i.": "i."}[style.enumeration]
    note = {"1": "1", "1.": "1", "*": "*", "[1]": "[1]"}[style.note_mark]
    number = document.line_numbers
    mark = _coloured(number, "#n") if number else ""
    language = document.language[:2].lower() or "en"
    return [
        f'#set page(paper: "{_PAPERS[style.paper]}", columns: {style.columns}, '
        f"margin: (top: {top}pt, right: {right}pt, bottom: {bottom}pt, left: {left}pt), "
        f"header: context {bare}{{[#set text(size: {small}pt); {head}{rule}]}}, "
        f"footer: context [#set text(size: {small}pt); {foot}])",
        f'#set text(font: ("{style.body}", {_FALLBACK}), size: {style.size}pt, lang: "{language}", '
        f"hyphenate: {_yes(style.hyphens)})",
        f"#set par(justify: {_yes(style.justified)}, leading: {leading:.2f}em, "
        f"spacing: {leading + style.paragraph_space:.2f}em{indent})",
        f'#show raw: set text(font: ("{style.mono}", "DejaVu Sans Mono", {_FALLBACK}))',
        f"#set list(marker: [{_text(style.bullet)}], indent: {style.list_indent - 1}em, tight: {_yes(style.tight_lists)})",
        f'#set enum(numbering: "{numbering}", tight: {_yes(style.tight_lists)})',
        f'#set footnote(numbering: "{note}")',
        "" if style.note_rule else "#set footnote.entry(separator: none)",
        f"#set par.line(numbering: n => [{mark}])" if mark else "",
        *(
            f"#show heading.where(level: {level}): it => block(above: {0.6 + look.before}em, "
            f"below: {0.5 + look.after}em, sticky: true, width: 100%)[{_look(look, style)} "
            f"#{'smallcaps(it.body)' if look.small_capitals else 'it.body'}]"
            for level, look in enumerate(style.headings, 1)
        ),
    ]


def _look(look: HeadingLook, style: Style) -> str:
    weight, slant = "bold" if look.bold else "regular", "italic" if look.italic else "normal"
    return (
        f"#set align({'center' if look.centred else 'start'}); #set par(first-line-indent: 0em, justify: false); "
        f'#set text(font: ("{style.head}", {_FALLBACK}), size: {look.size * style.size:.1f}pt, weight: "{weight}", '
        f'style: "{slant}", hyphenate: false);'
    )


def _running(document: Document, style: Style) -> tuple[str, str]:
    running = document.running
    head = _coloured(running.head.mark, _text(running.head.text)) if running.head.text else ""
    if head:
        head = f"#align({style.running_head})[{head}]" if style.folio != "head-right" else head
    foot = _coloured(running.foot.mark, _text(running.foot.text)) if running.foot.text else ""
    number = '#counter(page).display("1")'
    if style.folio == "foot-of":
        number = 'Page #counter(page).display("1 of 1", both: true)'
    folio = _coloured(running.folio, number) if style.folio else ""
    if style.folio == "head-right":
        head = f"{head} #h(1fr) {folio}"
    elif style.folio == "foot-center" and not foot:
        foot = f"#align(center)[{folio}]"
    elif folio:
        foot = f"{foot} #h(1fr) {folio}"
    return head, foot


class _Markup:
    def __init__(self, style: Style, random: Random) -> None:
        self.style, self.random = style, random
        self.term_bold = random.random() < 0.5

    def piece(self, piece: Piece) -> str:
        style = self.style
        if isinstance(piece, Titled):
            align = "center" if style.title.centred else "start"
            title = _coloured(piece.title.mark, _text(piece.title.text))
            front = "".join(
                f"#block(above: 0.6em)[#align({align})[{_coloured(line.mark, _text(line.text))}]]\n"
                for line in piece.front
            )
            return f"#block(width: 100%, below: 1em)[{_look(style.title, style)} {title}]\n{front}#v(0.8em)\n"
        if isinstance(piece, Head):
            return _coloured(piece.mark, f"#heading(level: {piece.level})[{_text(piece.text)}]") + "\n"
        if isinstance(piece, Text):
            return self._paragraph(piece)
        if isinstance(piece, Listed):
            return f"{_list(piece)}\n"
        if isinstance(piece, Listing):
            raw = _coloured(piece.mark, f"#raw({_string(piece.text)}, block: true)")
            size, leading = style.code_size * style.size, style.code_leading - 0.7
            inner = f"#set text(size: {size / 0.8:.1f}pt); #set par(justify: false, leading: {leading:.2f}em); {raw}"
            return f"#pad(left: {style.code_indent}em)[#block({_CODE_BOXES[style.code_box]})[{inner}]]\n"
        if isinstance(piece, Grid):
            return self._table(piece)
        if isinstance(piece, Figure):
            return self._figure(piece)
        if isinstance(piece, Formula):
            number = f"#place(right)[{_text(piece.number)}]" if piece.number else ""
            return _coloured(piece.mark, f"{number}$ {_FORMULAS[piece.which]} $") + "\n"
        if isinstance(piece, Boxed):
            inner = "\n".join(map(self.piece, piece.pieces))
            return f"#block(width: 100%, inset: 6pt, {_BOXES[piece.look]})[\n{inner}\n]\n"
        if isinstance(piece, Contents):
            rows = "".join(
                f"#block(above: 0.5em)[#h({(level - 1) * 1.2}em) {_text(text)} #box(width: 1fr, repeat[.]) {page}]"
                for level, text, page in piece.entries
            )
            return f"#block(width: 100%)[#set par(first-line-indent: 0em, justify: false); {_coloured(piece.mark, rows)}]\n"
        return self._references(piece)

    def _paragraph(self, piece: Text) -> str:
        note = f"#footnote[{_coloured(piece.note.mark, _text(piece.note.text))}]" if piece.note else ""
        text = _coloured(piece.mark, _runs(piece.runs) + note)
        if piece.how == "quote":
            return f"#pad(x: 2em)[{text}]\n"
        if piece.how == "abstract":
            return f"#pad(x: 1.5em)[#set text(size: 0.95em); {text}]\n"
        if piece.how == "term":
            return f"#block(sticky: true, below: {self.style.leading - 0.7:.2f}em)[{f'#strong[{text}]' if self.term_bold else text}]\n"
        if piece.how == "definition":
            return f"#pad(left: 2em)[{text}]\n"
        return f"{text}\n"

    def _table(self, piece: Grid) -> str:
        style = self.style
        above, beside = style.table_padding
        stroke = {"grid": "0.5pt", "lines": "(bottom: 0.5pt)"}.get(style.table, "none")
        fill = "fill: (x, y) => if calc.odd(y) {luma(230)}, " if style.table == "zebra" else ""
        edge = "table.hline(), " if style.table == "booktabs" else ""
        below_head = edge or ("table.hline(), " if style.table == "head" else "")
        head = ", ".join(_cell(cell, head=True) for row in piece.rows[: piece.heads] for cell in row)
        body = ", ".join(_cell(cell, head=False) for row in piece.rows[piece.heads :] for cell in row)
        widths = f"({'1fr, ' * piece.width})" if style.table_wide else str(piece.width)
        grid = (
            f"#table(columns: {widths}, stroke: {stroke}, {fill}inset: (x: {beside}pt, y: {above + 1}pt), align: left, "
            f"{edge}table.header({head}), {below_head}{body}{', ' + edge if edge else ''})"
        )
        align = "center" if style.table_centred else "start"
        made = f"#align({align})[#block[#set text(size: {style.table_size}em); #set par(justify: false, first-line-indent: 0em); {grid}]]"
        if piece.caption is None:
            return f"{made}\n"
        caption = self._caption(piece.caption)
        return f"{caption}\n{made}\n" if style.caption_above else f"{made}\n{caption}\n"

    def _caption(self, line: Line) -> str:
        style = self.style
        text = _text(line.text)
        if style.caption_bold_label:
            first, second, rest = (*line.text.split(" ", 2), "", "")[:3]
            text = f"#strong({_string(f'{first} {second}')}) {_text(rest)}"
        slant = "italic" if style.caption_italic else "normal"
        align = "center" if style.caption_centred else "start"
        return (
            f"#block(width: 100%)[#set par(first-line-indent: 0em); #align({align})[#text(size: {style.caption_size}em, "
            f'style: "{slant}")[{_coloured(line.mark, text)}]]]'
        )

    def _figure(self, piece: Figure) -> str:
        draw = Random(piece.seed)
        shapes = "".join(
            f"#place(dx: {draw.randint(0, 120)}pt, dy: {draw.randint(0, piece.tall - 20)}pt)[#rect(width: {draw.randint(10, 40)}pt, "
            f"height: {draw.randint(8, 20)}pt, fill: color.hsl({draw.randint(0, 359)}deg, 60%, 60%))]"
            for _ in range(draw.randint(4, 10))
        )
        words = "".join(
            f"#place(dx: {draw.randint(2, 120)}pt, dy: {draw.randint(2, piece.tall - 12)}pt)"
            f"[#text(size: 7pt)[{_coloured(word.mark, _text(word.text))}]]"
            for word in piece.words
        )
        picture = (
            f"#align(center)[#box(width: 170pt, height: {piece.tall}pt)[#align(left + top)[{shapes}{words}]]]"
        )
        return f"#block(breakable: false, width: 100%)[{picture}\n{self._caption(piece.caption)}]\n"

    def _references(self, piece: Referenced) -> str:
        return "".join(
            f"#par(hanging-indent: 1.5em, first-line-indent: 0em)["
            f"{_coloured(line.mark, _text((f'[{number}] ' if piece.numbered else '') + line.text))}]\n"
            for number, line in enumerate(piece.entries, 1)
        )


def _list(piece: Listed) -> str:
    items = ", ".join(
        f"[{_coloured(item.mark, _runs(item.runs))}{_list(item.inner) if item.inner else ''}]"
        for item in piece.items
    )
    return f"#{'enum' if piece.ordered else 'list'}({items})"


def _cell(cell: GridCell, *, head: bool) -> str:
    inner = _coloured(cell.mark, f"#strong({_string(cell.text)})" if head else _text(cell.text))
    settings = [f"colspan: {cell.columns}"] if cell.columns > 1 else []
    if cell.columns > 1 or cell.number:
        settings.append("align: center" if cell.columns > 1 else "align: right")
    return f"table.cell({', '.join(settings)})[{inner}]" if settings else f"[{inner}]"
