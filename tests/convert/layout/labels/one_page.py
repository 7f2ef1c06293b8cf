"""Documents of one page, or one page taken out of a long one, with running heads of many kinds or none.

Nothing repeats on them, so what is furniture must be told from the page alone. Each shape says which of its
lines are furniture and which are text that must not be lost; its prose is text too. The shapes are in
`one_page_shapes`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

__all__ = ["Body", "Line", "Shape", "prose", "shapes", "write"]

_SHAPES = Path(__file__).parent / "one_page_shapes"
_SIZES = {
    "letter": (612.0, 792.0),
    "a4": (595.0, 842.0),
    "slide": (720.0, 405.0),
    "book": (420.0, 640.0),
    "paper": (486.0, 720.0),
    "legal": (612.0, 1008.0),
    "wide": (842.0, 595.0),
}
_WORDS = {
    "en": """
        the committee met in small hall and went through figures of past year most members had read
        papers before treasurer explained why heating cost more than planned what had been done about it
        since agreed to ask for further offers summer second point was garden behind house which looked
        after by volunteers many years they wish hand over work younger people show them everything
        coming spring tools seeds are at results suggest that model can be used with care under similar
        conditions although sample remains limited
        """,
    "de": """
        der Ausschuss tagte im kleinen Saal und ging die Zahlen des vergangenen Jahres durch viele hatten
        Unterlagen gelesen bevor Kassenwart erklärte warum Heizung teurer wurde als geplant man beschloss
        weitere Angebote einzuholen zweiter Punkt war Garten hinter dem Haus seit Jahren gepflegt
        """,
    "fr": """
        le comité se réunit dans la petite salle et examine les chiffres de l'année passée plusieurs
        membres avaient lu leurs papiers avant que trésorier explique pourquoi chauffage coûte plus cher
        que prévu on décide de demander d'autres offres jardin derrière la maison depuis longtemps
        """,
    "es": """
        el comité se reunió en la sala pequeña y repasó las cifras del año pasado muchos habían leído los
        papeles antes de que tesorero explicara por qué calefacción costó más que lo previsto se acordó
        pedir otras ofertas jardín detrás de casa cuidado por voluntarios desde hace años
        """,
    "it": """
        il comitato si riunì nella piccola sala ed esaminò le cifre dello scorso anno molti avevano letto
        carte prima che il tesoriere spiegasse perché riscaldamento costò più del previsto si decise di
        chiedere altre offerte giardino dietro la casa curato da volontari per molti anni
        """,
    "pt": """
        a comissão reuniu na pequena sala e examinou os números do ano passado muitos tinham lido papéis
        antes que tesoureiro explicasse por que aquecimento custou mais do que previsto decidiu pedir
        outras ofertas jardim atrás da casa tratado por voluntários há anos
        """,
    "nl": """
        de commissie kwam bijeen in kleine zaal en nam cijfers van vorig jaar door velen hadden stukken
        gelezen voordat penningmeester uitlegde waarom verwarming duurder werd dan gepland men besloot
        andere offertes aan te vragen tuin achter het huis sinds jaren verzorgd
        """,
    "zh": (
        "委员会在小会议厅开会讨论了去年的数字许多成员事先读过文"
        "件司库解释为什么供暖费用高于计划大家同意再征求报价"
    ),
    "ja": (
        "委員会は小さな会議室で昨年の数字を検討した多くの会員は資"
        "料を読んでいた会計係は暖房費が予定より高い理由を説明した"
    ),
}
_CJK = {"zh": "STSong-Light", "ja": "HeiseiMin-W3"}
_GUTTER = 20.0


class Line(msgspec.Struct, frozen=True, rename={"text": "is"}):
    """A line: `at` is left, right, centre, or points from the left; `y` from the top, from the foot if < 0.

    A line that is turned by `angle` begins there and runs to the top (90), down (270) or across.
    """

    at: str | float
    y: float
    text: str
    size: float = 9.0
    font: str = "Times-Roman"
    angle: int = 0
    grey: float = 0.0


class Body(msgspec.Struct, frozen=True):
    """Prose in columns between two heights; `begins` and `ends` within a sentence or with one.

    `left` and `right` are the edges where they are not the page's margins. `indent` is that of paragraphs.
    `count` numbers every line (1) or every fifth (5), beside each column.
    """

    top: float
    bottom: float  # points from the foot
    columns: int = 1
    size: float = 10.0
    leading: float = 12.0
    font: str = "Times-Roman"
    begins: bool = False
    ends: bool = False
    margin: float | None = None
    left: float | None = None
    right: float | None = None
    indent: float = 12.0
    count: int = 0
    language: str = "en"


class Shape(msgspec.Struct, frozen=True):
    """A page. `rules` are heights of rules across the text; a `scanned` one is a picture with hidden text."""

    name: str
    paper: str
    furniture: tuple[Line, ...] = ()
    text: tuple[Line, ...] = ()
    body: Body | None = None
    rules: tuple[float, ...] = ()
    margin: float = 72.0
    scanned: bool = False


class _File(msgspec.Struct, frozen=True):
    shapes: tuple[Shape, ...]


def shapes(name: str) -> tuple[Shape, ...]:
    """The shapes of a file in `one_page_shapes`: `made_on`, `kept_back` or `further`."""
    return msgspec.toml.decode((_SHAPES / f"{name}.toml").read_bytes(), type=_File).shapes


def write(shape: Shape, folder: Path) -> Path:
    """The page as a PDF."""
    path = folder / f"{shape.name}.pdf"
    width, height = _SIZES[shape.paper]
    canvas = Canvas(str(path), pagesize=(width, height), invariant=True)
    if shape.scanned:
        canvas.setFillGray(0.97)
        canvas.rect(0, 0, width, height, stroke=0, fill=1)
    chance = random.Random(shape.name)
    for number, line in enumerate((*prose(shape), *_counts(shape), *shape.furniture, *shape.text)):
        _draw(canvas, line, shape, chance.uniform(-0.4, 0.4) if shape.scanned and number else 0.0)
    for y in shape.rules:
        at = height - y if y >= 0 else -y
        canvas.line(shape.margin, at, width - shape.margin, at)
    canvas.save()
    return path


def _draw(canvas: Canvas, line: Line, shape: Shape, unrest: float) -> None:
    """Draw a line; `unrest` moves it and changes its size, as the text of a scan is never quite even."""
    width, height = _SIZES[shape.paper]
    if line.font in _CJK.values():
        registerFont(UnicodeCIDFont(line.font))
    size = line.size + unrest
    y = (height - line.y if line.y >= 0 else -line.y) + unrest
    length = stringWidth(line.text, line.font, size)
    if isinstance(line.at, str):
        edges = (24.0, width - 24.0) if line.angle else (shape.margin, width - shape.margin)
        starts = {"left": edges[0], "right": edges[1], "centre": width / 2}
        shift = {"left": 0.0, "right": length, "centre": length / 2}[line.at]
        x = starts[line.at] - (0.0 if line.angle else shift)
    else:
        x = line.at
    canvas.saveState()
    canvas.translate(x, y)
    canvas.rotate(line.angle)
    canvas.setFillGray(line.grey)
    text = canvas.beginText(0, 0)
    text.setFont(line.font, size)
    text.setTextRenderMode(3 if shape.scanned else 0)
    text.textOut(line.text)
    canvas.drawText(text)
    canvas.restoreState()


def _columns(shape: Shape, body: Body) -> tuple[list[float], float]:
    """The left edges of the prose's columns, and their width."""
    margin = shape.margin if body.margin is None else body.margin
    left = margin if body.left is None else body.left
    right = _SIZES[shape.paper][0] - margin if body.right is None else body.right
    column = (right - left - _GUTTER * (body.columns - 1)) / body.columns
    return [left + number * (column + _GUTTER) for number in range(body.columns)], column


def prose(shape: Shape) -> list[Line]:
    """The lines of the page's prose, column by column."""
    body = shape.body
    if body is None:
        return []
    chance = random.Random(shape.name)
    edges, column = _columns(shape, body)
    font = _CJK.get(body.language, body.font)
    gap = "" if body.language in _CJK else " "
    if body.language in _CJK:
        registerFont(UnicodeCIDFont(font))
    words = _sentences(chance, body.language, begins=body.begins)
    lines: list[Line] = []
    heights = _heights(shape, body)
    for number, x in enumerate(edges):
        for count, y in enumerate(heights):
            indent = body.indent if count % 9 == 8 else 0.0
            line: list[str] = []
            while stringWidth(gap.join([*line, words[-1]]), font, body.size) <= column - indent:
                line.append(words.pop())
                if len(words) < 2:
                    words = _sentences(chance, body.language, begins=True)
            text = gap.join(line)
            if y == heights[-1] and number == len(edges) - 1 and body.ends:
                text = text.rstrip(".,。") + ("。" if body.language in _CJK else ".")
            lines.append(Line(x + indent, y, text, body.size, font))
    return lines


def _heights(shape: Shape, body: Body) -> list[float]:
    """Baselines of the lines of a column, from the top of the page."""
    height = _SIZES[shape.paper][1]
    first = body.top + body.size
    lines = int((height - body.bottom - first) // body.leading) + 1
    return [first + number * body.leading for number in range(lines)]


def _counts(shape: Shape) -> Iterator[Line]:
    """Numbers beside the lines, on from column to column; those of the last of several are at its right."""
    body = shape.body
    if body is None or not body.count:
        return
    edges, column = _columns(shape, body)
    number = 0
    for place, x in enumerate(edges):
        for y in _heights(shape, body):
            number += 1
            if number % body.count == 0:
                at = x + column + 8 if place and place == len(edges) - 1 else x - 20
                yield Line(at, y, str(number), max(5.0, body.size - 3), "Helvetica")


def _sentences(chance: random.Random, language: str, *, begins: bool) -> list[str]:
    """Words of sentences, the first one last; from the start of a sentence or within one."""
    if language in _CJK:
        signs: list[str] = []
        for _ in range(120):
            signs += [*chance.choices(_WORDS[language], k=chance.randint(15, 40)), "。"]
        return signs[::-1]
    vocabulary = _WORDS[language].split()
    words: list[str] = []
    start = begins
    for _ in range(120):
        sentence = [chance.choice(vocabulary) for _ in range(chance.randint(9, 19))]
        if start:
            sentence[0] = sentence[0][:1].upper() + sentence[0][1:]
        start = True
        sentence[-1] += "."
        words += sentence
    return words[::-1]
