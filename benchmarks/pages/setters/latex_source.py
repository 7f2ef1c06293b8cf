"""A document as LaTeX, for pdfTeX: Latin scripts only."""

from __future__ import annotations

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
from benchmarks.pages.styles import Style

__all__ = ["LatexMarkup", "latex_colour", "latex_runs", "latex_text", "to_latex"]

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "“": "``", "”": "''", "‘": "`", "’": "'", "–": "--", "—": "---",
    "…": r"\ldots{}", "•": r"\textbullet{}", "→": r"$\to$", "−": "$-$", "×": r"$\times$", "≥": r"$\ge$", "≤": r"$\le$",
    "†": r"\dag{}", "‡": r"\ddag{}", "[": "{[}", "]": "{]}",
}  # fmt: skip
#: What pdfTeX's T1 fonts have; other characters are left out.
_LAST_LETTER = "\u017f"
_STYLES = {"": "{}", "b": r"\textbf{{{}}}", "i": r"\emph{{{}}}", "c": r"\texttt{{{}}}"}
#: Beside Latin Modern, which has what these lack.
_FONTS = (
    "", "", "", r"\usepackage{tgtermes}", r"\usepackage{tgpagella}", r"\usepackage{tgschola}",
    r"\usepackage{tgbonum}", r"\usepackage{tgheros}\renewcommand\familydefault{\sfdefault}",
)  # fmt: skip
_PAPERS = {"A4": "a4paper", "Letter": "letterpaper", "A5": "a5paper", "B5": "b5paper"}
_SECTIONS = ("section", "subsection", "subsubsection", "paragraph")
_FORMULAS = (
    "E = mc^2",
    r"\sum_{i=1}^{n} x_i = n\bar x",
    r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt\pi}{2}",
    r"f(x) = \frac{ax+b}{cx+d}",
    r"\hat\beta = (X^\top X)^{-1} X^\top y",
    r"A = \left(\begin{array}{cc}1&2\\3&4\end{array}\right)",
)
_FRAMES = {"": "", "ground": "frame=leftline,", "border": "frame=single,", "bar": "frame=lines,"}
_LONGEST_CODE_LINE = 110


def to_latex(document: Document, style: Style, random: Random) -> str:
    """The whole file."""
    kind = random.choice(("article", "article", "article", "report", "extarticle", "amsart", "memoir"))
    two = style.columns > 1 and kind not in ("amsart", "memoir")
    markup = LatexMarkup(style, random)
    pieces = list(document.pieces)
    opening = ""
    if isinstance(pieces[0], Titled):
        opening = markup.piece(pieces.pop(0))
    if opening:
        opening = rf"\twocolumn[{opening}\vspace{{1.5em}}]" if two else rf"{opening}\vspace{{1em}}"
    side = ""
    if document.side:
        lines = "\n\n".join(latex_text(line) for line in document.side.text.split("\n"))
        side = (
            rf"\begin{{textblock*}}{{105pt}}(-125pt,90pt){{\footnotesize\raggedright{latex_colour(document.side.mark)}"
            rf"{lines}\par}}\end{{textblock*}}"
        )
    preamble = _preamble(document, style, random, kind, two=two)
    numbers = r"\linenumbers" if document.line_numbers else ""
    body = "\n\n".join(map(markup.piece, pieces))
    return "\n".join((preamble, r"\begin{document}", opening, side, numbers, body, r"\end{document}", ""))


def latex_text(text: str) -> str:
    """Characters as LaTeX has them; those that pdfTeX's fonts lack are left out."""
    return "".join(_SPECIAL.get(c) or (c if " " <= c <= _LAST_LETTER else "") for c in text)


def latex_runs(runs: Runs) -> str:
    """Runs with their looks."""
    return "".join(_STYLES[run.style].format(latex_text(run.text)) for run in runs)


def latex_colour(mark: int) -> str:
    """The command for a mark's colour."""
    return r"\color[RGB]{{{},{},{}}}".format(*colour_of(mark))


def _preamble(document: Document, style: Style, random: Random, kind: str, *, two: bool) -> str:
    top, right, bottom, left = style.margins
    left = 165 if document.side else left
    sizes = (9, 10, 11, 12) if kind in ("extarticle", "memoir") else (10, 11, 12)
    options = [_PAPERS[style.paper], f"{min(sizes, key=lambda size: abs(size - style.size))}pt"]
    if two:
        options.append("twocolumn")
    lines = [
        rf"\documentclass[{','.join(options)}]{{{kind}}}",
        r"\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{lmodern}\pdfminorversion=5",
        random.choice(_FONTS),
        r"\usepackage{xcolor,graphicx,booktabs,fancyvrb,fancyhdr,textcomp,amsmath,tikz,microtype,enumitem,textpos,adjustbox}",
        r"\usepackage[hidelinks]{hyperref}\sloppy\setcounter{secnumdepth}{-2}\setcounter{totalnumber}{6}",
        rf"\setlist{{{'nosep' if style.tight_lists else 'itemsep=3pt'}}}",
    ]
    margins = f"top={top + 15}pt,bottom={bottom + 15}pt,left={left}pt,right={right}pt,headheight=14pt"
    lines.append(rf"\usepackage[{margins}]{{geometry}}")
    if kind in ("article", "report", "extarticle") and random.random() < 0.6:
        lines.append(r"\usepackage{titlesec}")
        for name, look in zip(_SECTIONS[:3], style.headings, strict=False):
            font = rf"\fontsize{{{look.size * 10.5:.1f}}}{{{look.size * 12.6:.1f}}}\selectfont"
            font += r"\bfseries" if look.bold else r"\mdseries"
            font += r"\itshape" if look.italic else r"\scshape" if look.small_capitals else ""
            font += r"\centering" if look.centred else r"\raggedright"
            lines.append(
                rf"\titleformat{{\{name}}}{{{font}}}{{}}{{0pt}}{{}}"
                rf"\titlespacing*{{\{name}}}{{0pt}}{{{look.before:.1f}em}}{{{max(0.2, look.after):.1f}em}}"
            )
    if style.paragraph_space and kind != "amsart":
        lines.append(rf"\setlength\parskip{{{style.paragraph_space:.1f}em}}\setlength\parindent{{0pt}}")
    if style.line_numbers and document.line_numbers:
        lines.append(
            r"\usepackage{lineno}\renewcommand\linenumberfont{\tiny"
            + latex_colour(document.line_numbers)
            + "}"
        )
    if style.note_mark == "*":
        lines.append(r"\renewcommand\thefootnote{\fnsymbol{footnote}}")
    if not style.note_rule:
        lines.append(r"\renewcommand\footnoterule{}")
    if style.leading > 1.45 and kind in ("article", "report", "extarticle"):
        lines.append(r"\linespread{1.3}")
    return "\n".join([*lines, _running(document, style)])


def _running(document: Document, style: Style) -> str:
    running, rule = document.running, "" if style.head_rule else r"\renewcommand\headrulewidth{0pt}"
    out = [rf"\pagestyle{{fancy}}\fancyhf{{}}{rule}"]
    if running.head.text:
        where = {"left": "L", "center": "C", "right": "R"}[style.running_head]
        out.append(
            rf"\fancyhead[{where}]{{{latex_colour(running.head.mark)}\small {latex_text(running.head.text)}}}"
        )
    if style.folio == "head-right" and not (running.head.text and style.running_head == "right"):
        out.append(rf"\fancyhead[R]{{{latex_colour(running.folio)}\thepage}}")
    elif style.folio:
        where = "C" if style.folio == "foot-center" else "R"
        text = r"Page \thepage" if style.folio == "foot-of" else r"\thepage"
        out.append(rf"\fancyfoot[{where}]{{{latex_colour(running.folio)}{text}}}")
    if running.foot.text:
        foot = rf"\parbox{{0.8\textwidth}}{{{latex_colour(running.foot.mark)}\footnotesize {latex_text(running.foot.text)}}}"
        out.append(rf"\fancyfoot[L]{{{foot}}}")
    return "".join(out)


class LatexMarkup:
    """Pieces as LaTeX, in a style."""

    def __init__(self, style: Style, random: Random) -> None:
        self.style = style
        self.code_size = random.choice((r"\small", r"\footnotesize", r"\scriptsize"))
        self.front = random.choice(("", "", r"\large", r"\bfseries"))
        self.floats = random.random() < 0.5

    def piece(self, piece: Piece) -> str:
        """One piece."""
        if isinstance(piece, Titled):
            return self._title(piece)
        if isinstance(piece, Head):
            return rf"{{{latex_colour(piece.mark)}\{_SECTIONS[piece.level - 1]}{{{latex_text(piece.text)}}}}}"
        if isinstance(piece, Text):
            return self._paragraph(piece)
        if isinstance(piece, Listed):
            return f"{{{self._list(piece)}}}"
        if isinstance(piece, Listing):
            lines = [
                "".join(c for c in line if " " <= c <= "~")[:_LONGEST_CODE_LINE]
                for line in piece.text.split("\n")
            ]
            text = "\n".join(lines).replace(r"\end{Verbatim}", "")
            frame = f"{_FRAMES[self.style.code_box]}xleftmargin={self.style.code_indent}em,fontsize={self.code_size}"
            return (
                f"{{{latex_colour(piece.mark)}\n\\begin{{Verbatim}}[{frame}]\n{text}\n\\end{{Verbatim}}\n}}"
            )
        if isinstance(piece, Grid):
            return self._table(piece)
        if isinstance(piece, Figure):
            return self._figure(piece)
        if isinstance(piece, Formula):
            tag = rf"\tag{{{piece.number[1:-1]}}}" if piece.number else ""
            return rf"{{{latex_colour(piece.mark)}\[{_FORMULAS[piece.which]}{tag}\]}}"
        if isinstance(piece, Boxed):
            inner = "\n\n".join(self.piece(part) for part in piece.pieces)
            return rf"\begin{{quote}}{inner}\end{{quote}}"
        if isinstance(piece, Contents):
            rows = "".join(
                rf"\noindent\hspace*{{{(level - 1) * 1.2}em}}{latex_text(text[:60])}\dotfill {page}\par "
                for level, text, page in piece.entries
            )
            return f"{{{latex_colour(piece.mark)}{rows}}}"
        return self._references(piece)

    def _title(self, piece: Titled) -> str:
        look = self.style.title
        align = r"\centering" if look.centred else r"\raggedright"
        size = r"\huge" if look.size > 1.9 else r"\LARGE" if look.size > 1.6 else r"\Large"
        weight = r"\bfseries" if look.bold else ""
        lines = [
            rf"{{{latex_colour(piece.title.mark)}{align}{size}{weight} {latex_text(piece.title.text)}\par\vspace{{0.8em}}}}"
        ]
        lines += [
            rf"{{{latex_colour(line.mark)}{align}{self.front} {latex_text(line.text)}\par}}"
            for line in piece.front
        ]
        return "".join(lines)

    def _paragraph(self, piece: Text) -> str:
        note = (
            rf"\footnote{{{latex_colour(piece.note.mark)}{latex_text(piece.note.text)}}}"
            if piece.note
            else ""
        )
        text = rf"{latex_colour(piece.mark)}{latex_runs(piece.runs)}{note}\par"
        if piece.how in ("quote", "abstract"):
            return rf"\begin{{quote}}{text}\end{{quote}}"
        if piece.how == "term":
            return rf"{{\noindent\bfseries {text}}}"
        if piece.how == "definition":
            return rf"\begin{{list}}{{}}{{\leftmargin=2em\topsep=0pt}}\item[]{text}\end{{list}}"
        return f"{{{text}}}"

    def _list(self, piece: Listed) -> str:
        name = "enumerate" if piece.ordered else "itemize"
        items = "".join(
            rf"{latex_colour(item.mark)}\item {latex_runs(item.runs)}\par {self._list(item.inner) if item.inner else ''}"
            for item in piece.items
        )
        return rf"\begin{{{name}}}{items}\end{{{name}}}"

    def _table(self, piece: Grid) -> str:
        made = self._captioned(piece)
        if self.floats:
            return rf"\begin{{table}}[htbp]\centering {made}\end{{table}}"
        return rf"\begin{{center}}{made}\end{{center}}"

    def _captioned(self, piece: Grid) -> str:
        """A table with its caption."""
        style = self.style
        longest = max(len(cell.text) for row in piece.rows for cell in row)
        edge = "|" if style.table == "grid" else ""
        one = f"p{{{0.85 / piece.width:.2f}\\linewidth}}" if longest > 18 else "l"
        columns = edge + (one + edge) * piece.width
        top, middle, bottom = {
            "booktabs": (r"\toprule", r"\midrule", r"\bottomrule"),
            "head": ("", r"\hline", ""),
        }.get(style.table, (r"\hline",) * 3 if style.table in ("grid", "lines") else ("",) * 3)
        every = r"\hline" if style.table in ("grid", "lines") else ""
        rows = [" & ".join(map(_cell, row)) + r"\\" for row in piece.rows]
        head, body = rows[: piece.heads], rows[piece.heads :]
        table = (
            rf"\begin{{tabular}}{{{columns}}}{top}{every.join(head)}{middle}{(every + chr(10)).join(body)}"
            rf"{bottom}\end{{tabular}}"
        )
        caption = self._caption(piece.caption) if piece.caption else r"\par"
        inner = rf"{{\small\begin{{adjustbox}}{{max width=\linewidth}}{table}\end{{adjustbox}}}}"
        return caption + inner if style.caption_above else inner + caption

    def _caption(self, line: Line) -> str:
        slant = r"\itshape" if self.style.caption_italic else ""
        align = r"\centering" if self.style.caption_centred else r"\raggedright"
        return rf"\par{{{latex_colour(line.mark)}\small{slant}{align} {latex_text(line.text)}\par}}"

    def _figure(self, piece: Figure) -> str:
        draw = Random(piece.seed)
        tall = piece.tall / 30
        shapes = "".join(
            rf"\draw[fill={draw.choice(('red', 'blue', 'green', 'yellow'))}!40] ({draw.uniform(0, 4):.1f},"
            rf"{draw.uniform(0, tall):.1f}) rectangle ++({draw.uniform(0.3, 1):.1f},{draw.uniform(0.3, 1):.1f});"
            for _ in range(draw.randint(4, 10))
        )
        words = "".join(
            rf"\node[font=\scriptsize] at ({draw.uniform(0, 5):.1f},{draw.uniform(0, tall):.1f}) "
            rf"{{{latex_colour(word.mark)}{latex_text(word.text)}}};"
            for word in piece.words
        )
        picture = rf"\begin{{tikzpicture}}{shapes}{words}\end{{tikzpicture}}"
        return rf"\begin{{figure}}[htbp]\centering{picture}{self._caption(piece.caption)}\end{{figure}}"

    def _references(self, piece: Referenced) -> str:
        entries = "".join(
            rf"{latex_colour(line.mark)}\noindent\hangindent=1.5em {f'[{number}] ' if piece.numbered else ''}"
            rf"{latex_text(line.text)}\par\vspace{{2pt}}"
            for number, line in enumerate(piece.entries, 1)
        )
        return rf"{{\small {entries}}}"


def _cell(cell: GridCell) -> str:
    inner = f"{{{latex_colour(cell.mark)}{latex_text(cell.text)}}}"
    if cell.columns > 1:
        return rf"\multicolumn{{{cell.columns}}}{{c}}{{{inner}}}"
    return inner
