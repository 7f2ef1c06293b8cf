"""A paper as LaTeX, in its publisher's class."""

from __future__ import annotations

from random import Random

from benchmarks.pages.flow import Document, Figure, Formula, Grid, Head, Line, Piece, Referenced, Text
from benchmarks.pages.papers.classes import CLASSES, PaperClass, coloured
from benchmarks.pages.papers.plots import plot
from benchmarks.pages.setters.latex_source import LatexMarkup, latex_colour, latex_runs, latex_text
from benchmarks.pages.sources.blocks import Runs
from benchmarks.pages.styles import Style

__all__ = ["FORMULAS", "INLINE", "to_paper"]

FORMULAS = (
    r"\mathcal{L}(\theta) = -\sum_{i=1}^{N} \log p_\theta(y_i \mid x_i)",
    r"\frac{\partial u}{\partial t} + (u\cdot\nabla)u = -\nabla p + \nu\nabla^2 u",
    r"\hat\beta = (X^\top X)^{-1} X^\top y",
    r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt\pi}{2}",
    r"A = \left(\begin{array}{cc}a_{11}&a_{12}\\a_{21}&a_{22}\end{array}\right)",
    r"x_{k+1} = x_k - \eta\,\nabla f(x_k)",
    r"\Pr\left[|\bar X - \mu| \ge t\right] \le 2\exp\left(-\frac{2nt^2}{(b-a)^2}\right)",
    r"f(x) = \left\{\begin{array}{ll}x^2 & \mbox{if } x > 0\\ 0 & \mbox{otherwise}\end{array}\right.",
    r"E = mc^2",
)
INLINE = (
    "x_i", "x^2", r"\alpha", r"10^{-3}", r"O(n^2)", r"p < 0.05", r"\theta \in \mathbb{R}^d",
    r"\sum_{i=1}^n x_i^2", r"f\colon X\to Y", r"\frac{1}{2}", r"\mathcal{L}(\theta)", r"\hat{y}",
    r"k = 1, \ldots, K", r"\sigma^2_t", "N",
    r"\lambda_{\max}", r"^{3}", r"\|x\|_2",
)  # fmt: skip
_STAMP = (
    r"\usepackage{{eso-pic}}\AddToShipoutPictureBG*{{\AtPageLowerLeft{{\put(28,240){{"
    r"\rotatebox{{90}}{{\Large {0}}}}}}}}}"
)
_COLOURS = r"\usepackage{xcolor}\DeclareRobustCommand\inmark[1]{\color[RGB]{#1}}"
#: Computer Modern as arXiv has it, its symbols from Latin Modern; or Latin Modern alone.
_COMPUTER_MODERN = (
    r"\DeclareFontFamily{TS1}{cmr}{}\DeclareFontShape{TS1}{cmr}{m}{n}{<->ssub*lmr/m/n}{}"
    r"\DeclareFontFamily{TS1}{cmtt}{}\DeclareFontShape{TS1}{cmtt}{m}{n}{<->ssub*lmtt/m/n}{}"
    r"\providecommand\textquotedbl{''}\renewcommand\textquotedbl{''}"
)
_LATIN_MODERN = r"\usepackage[T1]{fontenc}\usepackage{lmodern}"
_SECTIONS = ("section", "subsection", "subsubsection")


def to_paper(document: Document, style: Style, random: Random) -> str:
    """The whole file."""
    if document.front is None:
        raise ValueError("no paper")
    front = document.front
    kind = CLASSES[front.kind]
    markup = _PaperMarkup(kind, style, random)
    before, opening = kind.front(document, front)
    stamp = _STAMP.format(coloured(front.stamp)) if front.stamp.text else ""
    fonts = ""
    if "fontenc" not in kind.opening:
        plain = random.random() < 0.6 and not front.kind.startswith("acm")
        fonts = _COMPUTER_MODERN if plain else _LATIN_MODERN
    lines = [
        kind.opening,
        r"\usepackage[utf8]{inputenc}\pdfminorversion=5",
        fonts,
        _COLOURS,
        r"\usepackage{graphicx,booktabs,fancyvrb,textcomp,amsmath,tikz,adjustbox}",
        "" if front.kind.startswith("acm") else r"\usepackage{amssymb}",
        r"\setcounter{totalnumber}{6}\setcounter{secnumdepth}{3}",
        before,
        stamp,
        r"\begin{document}",
        opening,
        *map(markup.piece, document.pieces),
        r"\end{document}",
        "",
    ]
    return "\n\n".join(lines)


class _PaperMarkup(LatexMarkup):
    """Pieces as the class has them: its own headings, captions and references."""

    def __init__(self, kind: PaperClass, style: Style, random: Random) -> None:
        super().__init__(style, random)
        self.kind = kind
        self.bold_openings = random.random() < 0.4
        self.author_year = random.random() < 0.3

    def piece(self, piece: Piece) -> str:
        """One piece."""
        if isinstance(piece, Head):
            return rf"{{{latex_colour(piece.mark)}\{_SECTIONS[piece.level - 1]}{{{latex_text(piece.text)}}}}}"
        if isinstance(piece, Formula):
            name = "equation" if piece.number else "equation*"
            return rf"{{{latex_colour(piece.mark)}\begin{{{name}}}{FORMULAS[piece.which]}\end{{{name}}}}}%"
        return super().piece(piece)

    def _paragraph(self, piece: Text) -> str:
        if piece.how not in ("", "before-formula", "after-formula"):
            return super()._paragraph(piece)
        colour = latex_colour(piece.mark)
        opening = ""
        if piece.opening and self.bold_openings:
            opening = rf"\noindent{{{colour}\textbf{{{latex_text(piece.opening)}.}}}} "
        elif piece.opening:
            opening = rf"\{self.kind.run_in_command}{{{{{colour}{latex_text(piece.opening)}}}}} "
        note = rf"\footnote{{{coloured(Line(piece.note.mark, piece.note.text))}}}" if piece.note else ""
        text = rf"{opening}{{{colour}{_mathematics(piece.runs)}{note}"
        if piece.how == "before-formula":
            return text + "}%"
        return ("%\n\\noindent " if piece.how == "after-formula" else "") + text + r"\par}"

    def _caption(self, line: Line) -> str:
        return rf"{{{latex_colour(line.mark)}\caption{{{latex_text(line.text)}}}}}"

    def _table(self, piece: Grid) -> str:
        return rf"\begin{{table}}[tb]\centering {self._captioned(piece)}\end{{table}}"

    def _figure(self, piece: Figure) -> str:
        wide = piece.tall and self.kind.columns == 2
        name = "figure*" if wide else "figure"
        width = r".6\textwidth" if wide else r".9\linewidth" if self.kind.columns == 2 else r".6\linewidth"
        picture = plot(piece.seed, piece.words, width)
        return rf"\begin{{{name}}}[tb]\centering {picture}{self._caption(piece.caption)}\end{{{name}}}"

    def _references(self, piece: Referenced) -> str:
        entries = "".join(
            rf"{latex_colour(line.mark)}\bibitem{{k{number}}} {latex_text(line.text)}" + "\n\n"
            for number, line in enumerate(piece.entries)
        )
        return rf"\begin{{thebibliography}}{{99}}{entries}\end{{thebibliography}}"


def _mathematics(runs: Runs) -> str:
    return "".join(f"${run.text}$" if run.style == "m" else latex_runs((run,)) for run in runs)
