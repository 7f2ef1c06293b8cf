"""What the tiny vision-language model learns by heart: `python -m tests.tiny_vlm.lessons FOLDER`.

Pages of the sample PDFs, each with the DocTags that docmill's classic path makes of it; two pictures with
descriptions; a page as Markdown; and two pages whose answers are wrong on purpose, as a large model's may be:
one that repeats itself without end, one without tags. The kept checkpoint has not learned the endless one: it
takes that page for another, and leaves an element of its answer open.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
from docling_core.transforms.serializer.doctags import DocTagsDocSerializer, DocTagsParams
from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.document import DOCUMENT_TOKENS_EXPORT_LABELS
from PIL import Image

from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box

SAMPLES = Path(__file__).parents[1] / "samples"
KEPT = Path(__file__).parent / "lessons.json"

CONVERT = "Convert this page to docling."
MARKDOWN = "Convert this page to Markdown."
DESCRIBE = "Describe this picture in a few sentences."
SCALE = 2.0

#: Pages that become DocTags.
PAGES = (
    ("many_pages.pdf", 1),
    ("many_pages.pdf", 2),
    ("many_pages.pdf", 3),
    ("many_pages.pdf", 4),
    ("annual_report.pdf", 1),
    ("annual_report.pdf", 3),
    ("financial_statement.pdf", 1),
    ("broken_page.pdf", 1),
    ("broken_page.pdf", 3),
    ("scanned.pdf", 1),
    ("skewed.pdf", 1),
)
#: Pictures by PDF and page, in the order of the document.
PICTURES = (
    (
        "annual_report.pdf",
        5,
        "Five white wind turbines stand in a calm sea at dusk, in front of a low dark coast.",
    ),
    (
        "two_column_paper.pdf",
        1,
        "A flow chart: pages pass geometric tests, and uncertain ones enter a queue.",
    ),
)
#: A page that is repeated without end, and one that loses its tags.
LOOP = ("hebrew.pdf", 1, "<doctag><text><loc_64><loc_29><loc_165><loc_35>" + "the sea was calm and " * 60)
STRIPPED = ("arabic.pdf", 1, "The keeper wrote four letters and went to bed.")
AS_MARKDOWN = (
    "many_pages.pdf",
    2,
    "## Day 2\n\nAt dawn the sea was choppy, with a wind from the east of force 3.",
)


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """One picture, what is asked about it, and the answer; `endless` answers do not end."""

    pdf: str
    page: int
    prompt: str
    answer: str
    #: The part of the page, in points; the whole page without one.
    box: Box | None = None
    endless: bool = False

    @property
    def image(self) -> str:
        """The file name of its picture."""
        return f"{Path(self.pdf).stem}-{self.page}{'' if self.box is None else '-picture'}.png"


def kept_lessons() -> list[Lesson]:
    """The lessons that the kept checkpoint was trained on."""
    return msgspec.json.decode(KEPT.read_bytes(), type=list[Lesson])


def make_lessons() -> Iterator[Lesson]:
    """The lessons, answered by today's classic path."""
    with tempfile.TemporaryDirectory() as scratch:
        documents = _converted({name for name, *_ in (*PAGES, *PICTURES)}, Path(scratch))
    for name, page in PAGES:
        yield Lesson(pdf=name, page=page, prompt=CONVERT, answer=_doctags(documents[name], page))
    for name, page, answer in PICTURES:
        found = next(p.prov[0] for p in documents[name].pictures if p.prov[0].page_no == page)
        box = found.bbox.to_top_left_origin(documents[name].pages[page].size.height)
        yield Lesson(pdf=name, page=page, prompt=DESCRIBE, answer=answer, box=Box(box.l, box.t, box.r, box.b))
    yield Lesson(pdf=LOOP[0], page=LOOP[1], prompt=CONVERT, answer=LOOP[2], endless=True)
    yield Lesson(pdf=STRIPPED[0], page=STRIPPED[1], prompt=CONVERT, answer=STRIPPED[2])
    yield Lesson(pdf=AS_MARKDOWN[0], page=AS_MARKDOWN[1], prompt=MARKDOWN, answer=AS_MARKDOWN[2])


def draw(lesson: Lesson) -> Image.Image:
    """The lesson's picture, as docmill renders it for a vision-language model."""
    with Pdf.open(SAMPLES / lesson.pdf) as pdf:
        return Image.fromarray(pdf.render(lesson.page, SCALE, box=lesson.box))


def _converted(names: set[str], out: Path) -> dict[str, DoclingDocument]:
    places = [str(SAMPLES / name) for name in sorted(names)]
    options = ["--out", str(out), "--format", "json", "--pages", "1-7"]
    # a document with an unreadable page is partial, and the exit status zero all the same
    subprocess.run([sys.executable, "-m", "docmill.pipeline.cli", "convert", *places, *options], check=True)
    return {name: DoclingDocument.load_from_json(out / f"{Path(name).stem}.json") for name in names}


def _doctags(document: DoclingDocument, page: int) -> str:
    parameters = DocTagsParams(labels=DOCUMENT_TOKENS_EXPORT_LABELS, pages={page})
    text: str = DocTagsDocSerializer(doc=document, params=parameters).serialize().text
    # a model sees one page and knows of no other
    return text.replace("<page_break>\n", "")


def main() -> None:
    """Write the lessons with their pictures to a folder, and the lessons alone beside this script."""
    parser = argparse.ArgumentParser(description="Write what the tiny model is to learn.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    lessons = list(make_lessons())
    for lesson in lessons:
        draw(lesson).save(folder / lesson.image)
    described = [msgspec.to_builtins(lesson) | {"image": lesson.image} for lesson in lessons]
    (folder / "lessons.json").write_text(json.dumps(described, indent=1, ensure_ascii=False))
    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(lessons), indent=1) + b"\n")
    print(f"{len(lessons)} lessons are in {folder}")


if __name__ == "__main__":
    main()
