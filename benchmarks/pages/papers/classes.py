"""Publishers' classes: how each sets a paper's title, authors, abstract and headings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.pages.flow import Author, Document, Front, Line
from benchmarks.pages.marks import colour_of
from benchmarks.pages.setters.latex_source import latex_colour, latex_text

__all__ = ["CLASSES", "PaperClass", "coloured"]


@dataclass(frozen=True)
class PaperClass:
    """`run_in` is the level from which headings run in, `blocks` whether each author has a block."""

    opening: str
    columns: int
    run_in: int
    blocks: bool
    front: Callable[[Document, Front], tuple[str, str]]  # what goes before and after \begin{document}
    run_in_command: str = "paragraph"


def coloured(line: Line) -> str:
    """A line in its mark's colour, as arguments may have it in which classes look for brackets."""
    red, green, blue = colour_of(line.mark)
    return rf"{{\inmark{{{red},{green},{blue}}}{latex_text(line.text)}}}"


def _places(author: Author, between: str) -> str:
    return between.join(map(coloured, author.places))


def _names(authors: Sequence[Author]) -> list[str]:
    return [coloured(Line(author.mark, author.names)) for author in authors]


def _abstract(front: Front) -> str:
    # IEEEtran looks at what comes first, and would take the brace
    return rf"\begin{{abstract}}\relax{coloured(front.abstract)}\end{{abstract}}"


def _ieee(document: Document, front: Front) -> tuple[str, str]:
    names = ", ".join(_names(front.authors))
    thanks = rf"\thanks{{{coloured(front.note)}}}" if front.note.text else ""
    head = coloured(document.running.head)
    body = (
        rf"\title{{{coloured(front.title)}}}\author{{{names}{thanks}}}\markboth{{{head}}}{{{head}}}\maketitle"
    )
    words = rf"\begin{{IEEEkeywords}}\relax{coloured(front.keywords)}\end{{IEEEkeywords}}"
    return "", body + _abstract(front) + (words if front.keywords.text else "")


def _ieee_conference(_: Document, front: Front) -> tuple[str, str]:
    blocks = r"\and ".join(
        rf"\IEEEauthorblockN{{{name}}}\IEEEauthorblockA{{{_places(author, chr(92) * 2)}}}"
        for name, author in zip(_names(front.authors), front.authors, strict=True)
    )
    body = rf"\title{{{coloured(front.title)}}}\author{{{blocks}}}\maketitle"
    words = rf"\begin{{IEEEkeywords}}\relax{coloured(front.keywords)}\end{{IEEEkeywords}}"
    return "", body + _abstract(front) + (words if front.keywords.text else "")


def _acm(document: Document, front: Front) -> tuple[str, str]:
    authors = "".join(
        rf"\author{{{name}}}\affiliation{{\institution{{{coloured(author.places[0])}}}\city{{}}\country{{}}}}"
        + (rf"\email{{{author.places[1].text}}}" if len(author.places) > 1 else "")
        for name, author in zip(_names(front.authors), front.authors, strict=True)
    )
    short = rf"\renewcommand{{\shortauthors}}{{{coloured(document.running.head)}}}"
    words = rf"\keywords{{{coloured(front.keywords)}}}" if front.keywords.text else ""
    before = r"\settopmatter{printacmref=false}\setcopyright{none}"
    body = rf"\title[{{}}]{{{coloured(front.title)}}}{authors}{short}{_abstract(front)}{words}\maketitle"
    return before, body


def _revtex(_: Document, front: Front) -> tuple[str, str]:
    authors = "".join(
        rf"\author{{{name}}}" + "".join(rf"\affiliation{{{coloured(place)}}}" for place in author.places[:1])
        for name, author in zip(_names(front.authors), front.authors, strict=True)
    )
    return "", rf"\title{{{coloured(front.title)}}}{authors}\date{{\today}}{_abstract(front)}\maketitle"


def _llncs(document: Document, front: Front) -> tuple[str, str]:
    count = max(1, len(front.authors[0].places))
    names = r" \and ".join(
        rf"{name}\inst{{{number % count + 1}}}" for number, name in enumerate(_names(front.authors))
    )
    where = r" \and ".join(map(coloured, front.authors[0].places))
    words = rf"\keywords{{{coloured(front.keywords)}}}" if front.keywords.text else ""
    head, foot = coloured(document.running.head), coloured(document.running.foot)
    running = rf"\titlerunning{{{head}}}\authorrunning{{{foot}}}"
    body = rf"\title{{{coloured(front.title)}}}{running}\author{{{names}}}\institute{{{where}}}\maketitle"
    return "", body + rf"\begin{{abstract}}{coloured(front.abstract)}{words}\end{{abstract}}"


def _elsevier(_: Document, front: Front) -> tuple[str, str]:
    count = max(1, len(front.authors[0].places))
    names = "".join(
        rf"\author[{number % count + 1}]{{{name}}}" for number, name in enumerate(_names(front.authors))
    )
    where = "".join(
        rf"\address[{number}]{{{coloured(place)}}}" for number, place in enumerate(front.authors[0].places, 1)
    )
    words = rf"\begin{{keyword}}{coloured(front.keywords)}\end{{keyword}}" if front.keywords.text else ""
    inner = rf"\title{{{coloured(front.title)}}}{names}{where}{_abstract(front)}{words}"
    return "", rf"\begin{{frontmatter}}{inner}\end{{frontmatter}}"


def _ams(document: Document, front: Front) -> tuple[str, str]:
    short = coloured(document.running.foot)
    authors = "".join(rf"\author[{{{short}}}]{{{name}}}" for name in _names(front.authors))
    thanks = rf"\thanks{{{coloured(front.note)}}}" if front.note.text else ""
    title = rf"\title[{coloured(document.running.head)}]{{{coloured(front.title)}}}"
    return "", rf"{title}{authors}{thanks}{_abstract(front)}\maketitle"


def _fancy(document: Document) -> str:
    running = document.running
    head = rf"\fancyhead[C]{{\small {coloured(running.head)}}}" if running.head.text else ""
    foot = rf"\fancyfoot[C]{{{latex_colour(running.folio)}\thepage}}" if running.folio else ""
    style = r"\usepackage{fancyhdr}\pagestyle{fancy}\fancyhf{}\renewcommand\headrulewidth{0pt}"
    return style + head + foot


def _article(document: Document, front: Front) -> tuple[str, str]:
    authors = r" \and ".join(
        rf"{name}\\{_places(author, chr(92) * 2)}"
        for name, author in zip(_names(front.authors), front.authors, strict=True)
    )
    thanks = rf"\thanks{{{coloured(front.note)}}}" if front.note.text else ""
    body = rf"\title{{{coloured(front.title)}}}\author{{{authors}{thanks}}}\date{{}}\maketitle"
    return _fancy(document), body + _abstract(front)


def _conference(document: Document, front: Front) -> tuple[str, str]:
    """A title and authors over both columns or one, the abstract as a section of the first column."""
    cells = [
        rf"\begin{{tabular}}[t]{{c}}\textbf{{{name}}}\\{_places(author, chr(92) * 2)}\end{{tabular}}"
        for name, author in zip(_names(front.authors), front.authors, strict=True)
    ]
    rows = [r"\hfil ".join(cells[number : number + 3]) for number in range(0, len(cells), 3)]
    authors = "".join(
        rf"\hbox to\textwidth{{\hfil {row}\hfil}}\vskip 1em " for row in (rows if len(rows) < 3 else rows[:2])
    )
    top = rf"{{\centering{{\Large\bfseries {coloured(front.title)}\par}}\vskip 1.5em {authors}}}\vskip 1em"
    abstract = (
        rf"\begin{{center}}\large\bfseries Abstract\end{{center}}{{\itshape {coloured(front.abstract)}\par}}"
    )
    return _fancy(document), rf"\twocolumn[{top}]{abstract}"


def _preprint(document: Document, front: Front) -> tuple[str, str]:
    """As preprints of conferences on learning machines are set: rules around the title, one column."""
    cells = [
        rf"\begin{{tabular}}[t]{{c}}\textbf{{{name}}}\\{_places(author, chr(92) * 2)}\end{{tabular}}"
        for name, author in zip(_names(front.authors), front.authors, strict=True)
    ]
    joined = "".join(cell + (r"\quad " if following else "") for cell, following in pairwise([*cells, ""]))
    title = (
        rf"\hrule height 4pt\vskip .25in{{\centering\LARGE\bfseries {coloured(front.title)}\par}}\vskip .25in"
        rf"\hrule height 1pt\vskip .2in{{\centering {joined}\par}}\vskip .3in"
    )
    abstract = r"{\centering\large\bfseries Abstract\par}\vskip .1in"
    abstract += rf"\begin{{quote}}{coloured(front.abstract)}\end{{quote}}"
    before = _fancy(document) + r"\usepackage[textheight=9in,textwidth=5.5in,top=1in]{geometry}"
    return before, r"\thispagestyle{empty}" + title + abstract


_IEEE = r"\documentclass[10pt,journal]{IEEEtran}"
_ARTICLE = r"\documentclass[11pt]{article}\usepackage[margin=1in]{geometry}"
_TIMES = r"\usepackage[T1]{fontenc}\usepackage{lmodern}\usepackage{tgtermes}"
CLASSES: dict[str, PaperClass] = {
    "ieee": PaperClass(_IEEE + _TIMES, 2, 3, False, _ieee, "subsubsection"),
    "ieee-conference": PaperClass(
        rf"\documentclass[conference]{{IEEEtran}}{_TIMES}", 2, 3, True, _ieee_conference, "subsubsection"
    ),
    "acm": PaperClass(r"\documentclass[sigconf,nonacm]{acmart}", 2, 3, True, _acm, "subsubsection"),
    "acm-small": PaperClass(r"\documentclass[acmsmall,nonacm]{acmart}", 1, 3, True, _acm, "subsubsection"),
    "revtex": PaperClass(r"\documentclass[aps,prl,reprint]{revtex4-2}", 2, 4, False, _revtex),
    "revtex-preprint": PaperClass(r"\documentclass[aps,pre,preprint]{revtex4-2}", 1, 4, False, _revtex),
    "llncs": PaperClass(r"\documentclass[runningheads]{llncs}", 1, 3, False, _llncs, "subsubsection"),
    "elsevier": PaperClass(r"\documentclass[5p,twocolumn]{elsarticle}", 2, 4, False, _elsevier),
    "elsevier-preprint": PaperClass(r"\documentclass[preprint,12pt]{elsarticle}", 1, 4, False, _elsevier),
    "ams": PaperClass(r"\documentclass{amsart}", 1, 3, False, _ams, "subsubsection"),
    "article": PaperClass(_ARTICLE, 1, 4, True, _article),
    "article-two": PaperClass(r"\documentclass[10pt,twocolumn]{article}", 2, 4, True, _article),
    "conference": PaperClass(
        rf"\documentclass[10pt,twocolumn,letterpaper]{{article}}{_TIMES}"
        r"\usepackage[textheight=8.875in,textwidth=6.875in,columnsep=.3125in]{geometry}",
        2,
        4,
        True,
        _conference,
    ),
    "preprint": PaperClass(r"\documentclass[10pt]{article}" + _TIMES, 1, 4, True, _preprint),
}  # fmt: skip
