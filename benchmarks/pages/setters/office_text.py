"""A document as a flat OpenDocument text, for LibreOffice."""

from __future__ import annotations

import re
from random import Random
from xml.sax.saxutils import escape

from benchmarks.pages.flow import (
    Boxed,
    Contents,
    Document,
    Figure,
    Footnote,
    Formula,
    Grid,
    Head,
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

__all__ = ["to_office"]

_PAPERS = {"A4": (595, 842), "Letter": (612, 792), "A5": (420, 595), "B5": (499, 709)}
_NAMES = {
    **{"office": "office", "style": "style", "text": "text", "table": "table", "draw": "drawing"},
    **{"fo": "xsl-fo-compatible", "svg": "svg-compatible"},
}
_FORMULAS = (
    "E = mc²",
    "f(x) = ax + b",
    "Σ xᵢ = n · μ",
    "p(θ | y) ∝ p(y | θ) p(θ)",
    "∫ e⁻ˣ dx = √π",
    "L = − log p(x)",
)
_ENUMERATIONS = {"1.": ("1", "", "."), "1)": ("1", "", ")"), "(1)": ("1", "(", ")"), "a)": ("a", "", ")"),
                 "i.": ("i", "", ".")}  # fmt: skip
#: What XML cannot hold.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_WIDTHS = {"grid": "0.5pt solid #000000", "lines": "0.5pt solid #555555"}


def to_office(document: Document, style: Style, random: Random) -> str:
    """The whole file."""
    markup = _Markup(style, random)
    pieces = list(document.pieces)
    opening = markup.piece(pieces.pop(0)) if isinstance(pieces[0], Titled) else ""
    body = "".join(map(markup.piece, pieces))
    if style.columns > 1:
        body = f'<text:section text:style-name="Columns" text:name="Body">{body}</text:section>'
    head, foot = _running(document, style, markup)
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for short, name in _NAMES.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {names} office:version="1.2" '
        'office:mimetype="application/vnd.oasis.opendocument.text">'
        f"<office:styles>{_paragraphs(style)}{_lists(style)}{_notes(style)}</office:styles>"
        f"<office:automatic-styles>{_page(style)}{markup.styles()}</office:automatic-styles>"
        '<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="Page">'
        f"<style:header>{head}</style:header><style:footer>{foot}</style:footer></style:master-page>"
        f"</office:master-styles><office:body><office:text>{opening}{body}</office:text></office:body>"
        "</office:document>"
    )


def _text(text: str) -> str:
    return escape(_CONTROL.sub("", text))


def _style(name: str, paragraph: str, text: str, parent: str = "") -> str:
    above = f' style:parent-style-name="{parent}"' if parent else ""
    return (
        f'<style:style style:name="{name}" style:family="paragraph"{above}>'
        f"<style:paragraph-properties {paragraph}/><style:text-properties {text}/></style:style>"
    )


def _font(name: str, size: float, *, bold: bool = False, italic: bool = False) -> str:
    return (
        f'fo:font-family="{name}" fo:font-size="{size:.1f}pt" '
        f'fo:font-weight="{"bold" if bold else "normal"}" fo:font-style="{"italic" if italic else "normal"}"'
    )


def _mono(style: Style) -> str:
    """The monospaced font. Where Noto's is not there, LibreOffice takes its proportional one."""
    return "Liberation Mono" if style.mono.startswith("Noto") else style.mono


def _space(before: float, after: float, left: float = 0, more: str = "") -> str:
    sides = f'fo:margin-top="{before:.1f}pt" fo:margin-bottom="{after:.1f}pt" fo:margin-left="{left:.1f}pt"'
    return f"{sides} {more}"


def _paragraphs(style: Style) -> str:
    size, body = style.size, style.body
    align = 'fo:text-align="justify"' if style.justified else 'fo:text-align="start"'
    lines = f'fo:line-height="{style.leading * 100 / 1.17:.0f}%" {align}'
    indent = f'fo:text-indent="{1.5 * size if style.indented else 0:.1f}pt"'
    after = style.paragraph_space * size
    small = max(6.0, size * 0.85)
    centred = 'fo:text-align="center"' if style.caption_centred else 'fo:text-align="start"'
    code = f'fo:line-height="{style.code_leading * 100 / 1.17:.0f}%"'
    made = [
        _style("Standard", _space(0, after, 0, f"{lines} {indent}"), _font(body, size)),
        _style("Plain", _space(0, after, 0, lines), _font(body, size)),
        _style("Quote", _space(0, size, 2 * size, f'{lines} fo:margin-right="{2 * size:.1f}pt"'), _font(body, size)),
        _style("Term", _space(0, 0, 0), _font(body, size, bold=True)),
        _style("Definition", _space(0, after, 2 * size, lines), _font(body, size)),
        _style("Item", _space(0, 0 if style.tight_lists else 0.4 * size, 0, lines), _font(body, size)),
        _style("Code", _space(0, 0, style.code_indent * size, code), _font(_mono(style), size * style.code_size)),
        _style("Cell", _space(0, 0), _font(body, size * style.table_size)),
        _style("Number", _space(0, 0, 0, 'fo:text-align="end"'), _font(body, size * style.table_size)),
        _style("CellHead", _space(0, 0), _font(body, size * style.table_size, bold=True)),
        _style("Caption", _space(4, size, 0, centred), _font(body, size * style.caption_size, italic=style.caption_italic)),
        _style("Formula", _space(size, size, 0, 'fo:text-align="center"'), _font(body, size, italic=True)),
        _style("Footnote", _space(0, 2, size, f'fo:text-indent="-{size:.1f}pt"'), _font(body, small)),
        _style("Reference", _space(0, 2, 1.5 * size, f'fo:text-indent="-{1.5 * size:.1f}pt"'), _font(body, small)),
        _style("Front", _space(0, 0.3 * size, 0, f'fo:text-align="{_side(style.title)}"'), _font(body, size)),
        _style("Edge", _space(0, 0), _font(body, small)),
        _heading("Title", style.title, style),
    ]  # fmt: skip
    return "".join([*made, *(_heading(f"H{n}", look, style) for n, look in enumerate(style.headings, 1))])


def _heading(name: str, look: HeadingLook, style: Style) -> str:
    more = f'fo:text-align="{_side(look)}" fo:keep-with-next="always"'
    text = _font(style.head, style.size * look.size, bold=look.bold, italic=look.italic)
    if look.upper or look.small_capitals:
        text += ' fo:text-transform="uppercase"' if look.upper else ' fo:font-variant="small-caps"'
    return _style(name, _space(look.before * style.size, look.after * style.size, 0, more), text)


def _side(look: HeadingLook) -> str:
    return "center" if look.centred else "start"


def _lists(style: Style) -> str:
    def level(number: int, kind: str, more: str) -> str:
        left = style.list_indent * style.size * number
        place = (
            '<style:list-level-properties text:list-level-position-and-space-mode="label-alignment">'
            f'<style:list-level-label-alignment text:label-followed-by="listtab" fo:margin-left="{left:.1f}pt" '
            f'fo:text-indent="-{style.list_indent * style.size * 0.8:.1f}pt"/></style:list-level-properties>'
        )
        return f'<text:list-level-style-{kind} text:level="{number}" {more}>{place}</text:list-level-style-{kind}>'

    form, before, after = _ENUMERATIONS[style.enumeration]
    number = f'style:num-format="{form}" style:num-prefix="{before}" style:num-suffix="{after}"'
    bullets = "".join(level(n, "bullet", f'text:bullet-char="{style.bullet}"') for n in range(1, 5))
    numbers = "".join(level(n, "number", number) for n in range(1, 5))
    return (
        f'<text:list-style style:name="Bullets">{bullets}</text:list-style>'
        f'<text:list-style style:name="Numbers">{numbers}</text:list-style>'
    )


def _notes(style: Style) -> str:
    form = 'style:num-format="1"'
    if style.note_mark in ("1.", "[1]"):
        form += (
            ' style:num-suffix="."'
            if style.note_mark == "1."
            else ' style:num-prefix="[" style:num-suffix="]"'
        )
    return (
        '<text:notes-configuration text:note-class="footnote" text:default-style-name="Footnote" '
        f'{form} text:start-value="0" text:footnotes-position="page"/>'
    )


def _page(style: Style) -> str:
    width, height = _PAPERS[style.paper]
    top, right, bottom, left = style.margins
    gap = '<style:footnote-sep style:width="0.5pt" style:rel-width="30%" style:distance-after-sep="4pt"/>'
    edges = f'fo:margin-top="{top - 20}pt" fo:margin-bottom="{bottom - 20}pt" fo:margin-left="{left}pt" fo:margin-right="{right}pt"'
    rule = 'fo:border-bottom="0.5pt solid #000000"' if style.head_rule else ""
    return (
        '<style:page-layout style:name="Page"><style:page-layout-properties '
        f'fo:page-width="{width}pt" fo:page-height="{height}pt" {edges}>{gap if style.note_rule else ""}'
        "</style:page-layout-properties>"
        '<style:header-style><style:header-footer-properties fo:min-height="20pt" fo:margin-bottom="10pt" '
        f"{rule}/></style:header-style>"
        '<style:footer-style><style:header-footer-properties fo:min-height="20pt" fo:margin-top="10pt"/>'
        "</style:footer-style></style:page-layout>"
        '<style:style style:name="Columns" style:family="section"><style:section-properties>'
        f'<style:columns fo:column-count="{style.columns}" fo:column-gap="16pt"/></style:section-properties></style:style>'
    )


def _running(document: Document, style: Style, markup: _Markup) -> tuple[str, str]:
    running = document.running
    folio = markup.span(running.folio, "", field='<text:page-number text:select-page="current"/>')
    if style.folio == "foot-of":
        folio = markup.span(running.folio, "Page ", field='<text:page-number text:select-page="current"/>')
    head = markup.span(running.head.mark, running.head.text) if running.head.text else ""
    foot = markup.span(running.foot.mark, running.foot.text) if running.foot.text else ""
    if style.folio == "head-right":
        head += f"<text:tab/>{folio}"
    elif style.folio:
        foot += f"<text:tab/>{folio}"
    return (
        f'<text:p text:style-name="Edge">{head}</text:p>',
        f'<text:p text:style-name="Edge">{foot}</text:p>',
    )


class _Markup:
    def __init__(self, style: Style, random: Random) -> None:
        self.style = style
        self.spaced = random.random() < 0.5
        self._spans: dict[tuple[int, str], str] = {}
        self._grids: list[str] = []
        self._notes = 0

    def styles(self) -> str:
        """The styles that the pieces so far need."""
        looks = {"b": ' fo:font-weight="bold"', "i": ' fo:font-style="italic"',
                 "c": f' fo:font-family="{_mono(self.style)}"'}  # fmt: skip
        spans = "".join(
            f'<style:style style:name="{name}" style:family="text"><style:text-properties '
            f'fo:color="#{"".join(f"{part:02x}" for part in colour_of(mark))}"{looks.get(look, "")}/></style:style>'
            for (mark, look), name in self._spans.items()
        )
        return spans + "".join(self._grids)

    def span(self, mark: int, text: str, look: str = "", field: str = "") -> str:
        """Text in the colour of a mark."""
        name = self._spans.setdefault((mark, look), f"c{mark}{look}")
        return f'<text:span text:style-name="{name}">{_text(text)}{field}</text:span>'

    def piece(self, piece: Piece) -> str:
        """The elements of a piece."""
        if isinstance(piece, Titled):
            front = "".join(self._p("Front", line.mark, line.text) for line in piece.front)
            return self._p("Title", piece.title.mark, piece.title.text) + front
        if isinstance(piece, Head):
            inner = self.span(piece.mark, piece.text)
            return f'<text:h text:style-name="H{piece.level}" text:outline-level="{piece.level}">{inner}</text:h>'
        if isinstance(piece, Text):
            return self._paragraph(piece)
        if isinstance(piece, Listed):
            return self._list(piece)
        if isinstance(piece, Listing):
            return "".join(self._code(piece.mark, line) for line in piece.text.split("\n"))
        if isinstance(piece, Grid):
            return self._table(piece)
        if isinstance(piece, Figure):
            return self._figure(piece)
        if isinstance(piece, Formula):
            text = _FORMULAS[piece.which] + (f"    {piece.number}" if piece.number else "")
            return self._p("Formula", piece.mark, text)
        if isinstance(piece, Boxed):
            return "".join(map(self.piece, piece.pieces))
        if isinstance(piece, Contents):
            return "".join(
                self._p("Plain", piece.mark, f"{'  ' * (level - 1)}{text[:60]} {'.' * 30} {page}")
                for level, text, page in piece.entries
            )
        return self._references(piece)

    def _p(self, style: str, mark: int, text: str) -> str:
        return f'<text:p text:style-name="{style}">{self.span(mark, text)}</text:p>'

    def _runs(self, mark: int, runs: Runs) -> str:
        return "".join(self.span(mark, run.text, run.style) for run in runs)

    def _paragraph(self, piece: Text) -> str:
        name = {
            "quote": "Quote",
            "abstract": "Quote",
            "first": "Plain",
            "term": "Term",
            "definition": "Definition",
        }
        note = self._note(piece.note) if piece.note else ""
        return (
            f'<text:p text:style-name="{name.get(piece.how, "Standard")}">'
            f"{self._runs(piece.mark, piece.runs)}{note}</text:p>"
        )

    def _note(self, note: Footnote) -> str:
        self._notes += 1
        return (
            f'<text:note text:id="n{self._notes}" text:note-class="footnote"><text:note-citation>{self._notes}'
            f"</text:note-citation><text:note-body>{self._p('Footnote', note.mark, note.text)}</text:note-body></text:note>"
        )

    def _list(self, piece: Listed, depth: int = 1) -> str:
        name = f' text:style-name="{"Numbers" if piece.ordered else "Bullets"}"'
        items = "".join(
            f'<text:list-item><text:p text:style-name="Item">{self._runs(item.mark, item.runs)}</text:p>'
            f"{self._list(item.inner, depth + 1) if item.inner else ''}</text:list-item>"
            for item in piece.items
        )
        return f"<text:list{name}>{items}</text:list>"

    def _code(self, mark: int, line: str) -> str:
        line = line.expandtabs(4)
        blank = len(line) - len(line.lstrip(" "))
        lead = f'<text:s text:c="{blank}"/>' if blank else ""
        return f'<text:p text:style-name="Code">{lead}{self.span(mark, line[blank:])}</text:p>'

    def _table(self, piece: Grid) -> str:
        number = len(self._grids)
        up, across = self.style.table_padding
        line = _WIDTHS.get(self.style.table, "none")
        sides = "fo:border" if self.style.table == "grid" else "fo:border-bottom"
        for name, edge in (("", line), ("h", line if line != "none" else "0.8pt solid #000000")):
            bottom = sides if not name or self.style.table == "grid" else "fo:border-bottom"
            edge = "none" if self.style.table == "bare" else edge
            ground = ' fo:background-color="#e8e8e8"' if name and self.style.table == "zebra" else ""
            self._grids.append(
                f'<style:style style:name="t{number}{name}" style:family="table-cell"><style:table-cell-properties '
                f'{bottom}="{edge}" fo:padding="{up}pt" fo:padding-left="{across}pt"{ground}/></style:style>'
            )
        rows = [
            "<table:table-row>"
            + "".join(
                f'<table:table-cell table:style-name="t{number}{"h" if at < piece.heads else ""}" '
                f'table:number-columns-spanned="{cell.columns}">'
                f"{self._p('CellHead' if at < piece.heads else 'Number' if cell.number else 'Cell', cell.mark, cell.text)}"
                "</table:table-cell>" + "<table:covered-table-cell/>" * (cell.columns - 1)
                for cell in row
            )
            + "</table:table-row>"
            for at, row in enumerate(piece.rows)
        ]
        head = (
            f"<table:table-header-rows>{''.join(rows[: piece.heads])}</table:table-header-rows>"
            if piece.heads
            else ""
        )
        table = (
            f'<table:table table:name="T{number}"><table:table-column table:number-columns-repeated="{piece.width}"/>'
            f"{head}{''.join(rows[piece.heads :])}</table:table>"
        )
        caption = self._p("Caption", piece.caption.mark, piece.caption.text) if piece.caption else ""
        return (
            caption + table
            if self.style.caption_above
            else table + caption + '<text:p text:style-name="Plain"/>'
        )

    def _figure(self, piece: Figure) -> str:
        draw = Random(piece.seed)
        words = [self.span(word.mark, word.text) for word in piece.words]
        shapes = "".join(
            f'<draw:rect text:anchor-type="as-char" svg:width="{draw.uniform(40, 90):.0f}pt" '
            f'svg:height="{draw.uniform(0.4, 1) * piece.tall:.0f}pt"><text:p text:style-name="Edge">{word}</text:p></draw:rect>'
            for word in words[:5] or [""] * 3
        )
        return f'<text:p text:style-name="Plain">{shapes}</text:p>' + self._p(
            "Caption", piece.caption.mark, piece.caption.text
        )

    def _references(self, piece: Referenced) -> str:
        return "".join(
            self._p("Reference", line.mark, f"[{number}] {line.text}" if piece.numbered else line.text)
            for number, line in enumerate(piece.entries, 1)
        )
