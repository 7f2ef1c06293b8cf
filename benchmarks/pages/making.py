"""Documents by number: the same seed, setter and sources give the same document."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import msgspec
from msgspec.structs import replace as replace_in

from benchmarks.pages.composing import compose, sample
from benchmarks.pages.forms import FieldLine, add_form
from benchmarks.pages.marks import Mark, Marks
from benchmarks.pages.papers.composing import compose_paper
from benchmarks.pages.scans.look import draw_look
from benchmarks.pages.scans.scanning import on_scan, write_scan
from benchmarks.pages.setters.errors import SetterError
from benchmarks.pages.setters.programs import PAPERS, Setter
from benchmarks.pages.sources.blocks import Block, Heading, Paragraph
from benchmarks.pages.sources.catalogue import Source
from benchmarks.pages.styles import Style, draw_style
from benchmarks.pages.truth import TruthLine, read_lines
from docmill.pipeline.convert.types import Box

__all__ = ["Made", "MadeDocument", "make_documents"]

_WORDS = (250, 450, 700, 1000, 1400)
_PAPER_WORDS = (1000, 1500, 2200)
_TRIES = 6
_LEAST_BLOCKS = 8
_NOT_LATIN = ("ar", "fa", "ja", "ko", "zh", "ru", "el", "he")
#: Setters by how often people use them.
_WEIGHTS = {"latex": 3, "typst": 2, "weasyprint": 2, "chromium": 2}


class Made(msgspec.Struct):
    """What is known of a document; written beside its PDF."""

    name: str
    setter: str
    source: str
    marks: dict[int, Mark]
    facts: dict[str, str]
    #: Of a scan, page by page: `benchmarks.pages.scans.scanning.on_scan` takes them.
    places: list[list[float]] = []
    #: The values of a form's fields.
    fields: list[FieldLine] = []


@dataclass(frozen=True)
class MadeDocument:
    """A PDF and what is known of it. `drawn` is the PDF with the marks: of a scan, what was scanned."""

    pdf: Path
    made: Made
    drawn: Path

    def lines(self) -> list[TruthLine]:
        """All lines where they are in `pdf`."""
        lines = [
            *read_lines(self.drawn, self.made.marks),
            *(TruthLine(field.mark, field.page, Box(*field.box), field.text) for field in self.made.fields),
        ]
        lines.sort(key=lambda line: (line.mark, line.page))
        if not self.made.places:
            return lines
        return [replace(line, box=on_scan(line.box, self.made.places[line.page - 1])) for line in lines]


def make_documents(
    count: int,
    seed: int,
    sources: Sequence[Source],
    setters: dict[str, Setter],
    out: Path,
    report: Callable[[str], None] = lambda _: None,
    scans: float = 0.0,
    forms: float = 0.0,
) -> list[MadeDocument]:
    """`count` documents in `out`, such shares of them scanned, and with a form at the end.

    Those that are there already are taken as they are.

    Fewer when some could not be set: `report` is told which, and why.
    """
    out.mkdir(parents=True, exist_ok=True)
    families: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        if PAPERS not in setters or _language(source) == "en":
            families[source.family].append(source)
    plans = [_plan(number, seed, families, setters, out) for number in range(count)]
    by_setter: dict[str, list[_Plan]] = defaultdict(list)
    for plan in plans:
        by_setter[plan.setter].append(plan)
    # a setter sets one document after another, two setters at a time
    with ThreadPoolExecutor(2) as threads:
        for failures in threads.map(lambda name: list(_made(by_setter[name], setters[name])), by_setter):
            for failure in failures:
                report(failure)
    made = [
        MadeDocument(plan.pdf, msgspec.json.decode(plan.facts.read_bytes(), type=Made), plan.pdf)
        for plan in plans
        if plan.facts.is_file()
    ]
    made = [_with_form(one) if Random(f"form:{one.made.name}").random() < forms else one for one in made]
    return [_scan(one) if Random(f"scan:{one.made.name}").random() < scans else one for one in made]


def _with_form(plain: MadeDocument) -> MadeDocument:
    name = f"{plain.made.name}-form"
    pdf, kept = plain.pdf.with_name(f"{name}.pdf"), plain.pdf.with_name(f"{name}.made.json")
    if not kept.is_file():
        shutil.copy(plain.pdf, pdf)
        marks = Marks(plain.made.marks)
        fields = add_form(pdf, marks, Random(f"fields:{name}"))
        kept.write_bytes(
            msgspec.json.encode(replace_in(plain.made, name=name, marks=marks.known, fields=fields))
        )
    return MadeDocument(pdf, msgspec.json.decode(kept.read_bytes(), type=Made), pdf)


def _scan(drawn: MadeDocument) -> MadeDocument:
    name = f"{drawn.made.name}-scan"
    pdf, kept = drawn.pdf.with_name(f"{name}.pdf"), drawn.pdf.with_name(f"{name}.made.json")
    if not kept.is_file():
        random = Random(f"look:{name}")
        look = draw_look(random)
        places = write_scan(drawn.pdf, pdf, look, random)
        facts = drawn.made.facts | look.facts
        kept.write_bytes(msgspec.json.encode(replace_in(drawn.made, name=name, facts=facts, places=places)))
    return MadeDocument(pdf, msgspec.json.decode(kept.read_bytes(), type=Made), drawn.pdf)


@dataclass(frozen=True)
class _Plan:
    name: str
    setter: str
    source: Source
    random: Random
    folder: Path

    @property
    def pdf(self) -> Path:
        return self.folder / f"{self.name}.pdf"

    @property
    def facts(self) -> Path:
        return self.folder / f"{self.name}.made.json"


def _plan(
    number: int, seed: int, families: dict[str, list[Source]], setters: dict[str, Setter], out: Path
) -> _Plan:
    random = Random(f"{seed}:{number}")
    source = random.choice(families[random.choice(sorted(families))])
    able = [name for name in sorted(setters) if _latin(source) or not setters[name].latin_only]
    setter = random.choices(
        able or sorted(setters), [_WEIGHTS.get(name, 1) for name in able or sorted(setters)]
    )[0]
    return _Plan(f"{seed}-{number:04}-{setter}", setter, source, random, out)


def _language(source: Source) -> str:
    tail = source.name.removeprefix(source.family).strip("-")
    return tail.split("_")[0] if 2 <= len(tail) <= 5 else "en"


def _latin(source: Source) -> bool:
    return _language(source)[:2] not in _NOT_LATIN


def _made(plans: Sequence[_Plan], setter: Setter) -> Iterator[str]:
    """Set them; what went wrong."""
    for plan in plans:
        if plan.facts.is_file() and plan.pdf.is_file():
            continue
        try:
            made = _set(plan, setter)
        except (SetterError, OverflowError) as error:
            yield f"{plan.name} ({plan.source.name}): {error}"
            continue
        plan.facts.write_bytes(msgspec.json.encode(made))


def _set(plan: _Plan, setter: Setter) -> Made:
    random = plan.random
    blocks: list[Block] = []
    for _ in range(_TRIES):
        blocks = sample(plan.source, random, random.choice(_PAPER_WORDS if plan.setter == PAPERS else _WORDS))
        if _enough(blocks):
            break
    else:
        raise SetterError("the source has too little text")
    style, marks = draw_style(random), Marks()
    if plan.setter == PAPERS:
        document = compose_paper(blocks, style, random, marks)
    else:
        document = compose(blocks, _language(plan.source), style, random, marks)
    setter.set(document, style, random, plan.pdf)
    facts = _facts(style) | ({"class": document.front.kind} if document.front else {})
    return Made(plan.name, plan.setter, plan.source.name, marks.known, facts)


def _enough(blocks: Sequence[Block]) -> bool:
    running = sum(isinstance(block, Heading | Paragraph) for block in blocks)
    return running >= _LEAST_BLOCKS and any(isinstance(block, Heading) for block in blocks)


def _facts(style: Style) -> dict[str, str]:
    """What one looks for behind a bad score."""
    return {
        "columns": str(style.columns),
        "table": style.table,
        "code": style.code_box or "plain",
        "numbering": style.numbering or "none",
    }
