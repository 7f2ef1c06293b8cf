"""Pages that the native library reads are those that ctypes reads, whatever is on them."""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from random import Random

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from benchmarks.native_reading import Compared, compare, main
from docmill.pipeline.convert.pdf.native.compiled import compile_library
from docmill.pipeline.convert.pdf.native.library import FUNCTIONS, Library
from docmill.pipeline.convert.pdf.objects.drawings import (
    MAX_BITMAPS,
    MAX_DEPTH,
    MAX_OBJECTS,
    MAX_RULINGS,
    MAX_SEGMENTS,
    MAX_SHAPES,
)
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.glyphs import MAX_CHARS, _codes, _read_natively, _read_odd_chars
from docmill.pipeline.convert.pdf.text.textruns import RunReader
from docmill.pipeline.convert.types import PageContent
from tests.convert.pdf_builder import Builder, text

ROOT = Path(__file__).parents[4]
SAMPLES = sorted((ROOT / "tests" / "samples").glob("*.pdf"))
SOURCE = ROOT / "pipeline" / "convert" / "pdf" / "native" / "bulk.c"


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The library of the source as it is."""
    made = compile_library(tmp_path_factory.mktemp("native"))
    if made is None:
        pytest.skip("no C compiler")
    return Library(ctypes.CDLL(str(made)))


def equal(path: Path, native: Library) -> list[PageContent]:
    """The pages of a file, which are the same either way."""
    found = compare([path], native)
    assert found == Compared(files=1, pages=found.pages)
    with Pdf.open(path) as pdf:
        for number in range(1, pdf.page_count + 1):
            with contextlib.closing(pdf.page(number).get_textpage()) as textpage:
                readers = [RunReader(textpage, pdf.frame(number)) for _ in range(2)]
                one = _read_natively(textpage, readers[0], native)
                codes = _codes(textpage, min(textpage.count_chars(), MAX_CHARS))
                two = _read_odd_chars(textpage, codes, readers[1])
                for field in fields(one):
                    np.testing.assert_array_equal(
                        getattr(one, field.name), getattr(two, field.name), err_msg=field.name, strict=True
                    )
        return [read_page(pdf, number, native=native) for number in range(1, pdf.page_count + 1)]


@pytest.mark.parametrize("name", ["arabic", "annual_report", "form", "rotated_page", "code_listing"])
def test_characters_of_samples_are_the_same(native: Library, name: str) -> None:
    assert any(page.words for page in equal(ROOT / "tests" / "samples" / f"{name}.pdf", native))


def test_pages_of_all_samples_are_the_same(native: Library) -> None:
    found = compare(SAMPLES, native)
    assert found.different == []
    assert found.pages > 50 and found.unreadable < found.files / 2


def test_functions_are_passed_in_the_order_of_the_source() -> None:
    [members] = re.findall(r"typedef struct \{([^}]*)\} Functions;", SOURCE.read_text("utf-8"))
    assert tuple(re.findall(r"\(\*(\w+)\)", members)) == FUNCTIONS


def line(rng: Random) -> str:
    """A text with whatever a font of one byte a character may show, and odd matrices."""
    letters = "".join(
        chr(rng.choice([*range(0x20, 0x7F), *range(0xA0, 0x100), 0x2D, 0xAD, 9, 2, 0x1F]))
        for _ in range(rng.randrange(24))
    )
    escaped = "".join(rf"\{ord(letter):03o}" for letter in letters)
    a, b, c, d = rng.choice(
        [
            (1, 0, 0, 1),
            (0, 1, -1, 0),
            (-1, 0, 0, -1),
            (1, 0, 0.3, 1),
            (0.9, 0.3, -0.3, 0.9),
            (0, 0, 0, 0),
            (1, 0, 0, -1),
        ]
    )
    size = rng.choice([12, 9.5, 0, -10, 1e-6, 3e4])
    mode = rng.choice([0, 0, 0, 3, 7])
    x, y = rng.uniform(-50, 650), rng.uniform(-50, 850)
    return (
        f"BT {mode} Tr /F{rng.randint(1, 4)} {size} Tf {a} {b} {c} {d} {x:.2f} {y:.2f} Tm ({escaped}) Tj ET\n"
    )


def path(rng: Random) -> str:
    """A path of any kind: rectangles, lines along and across the page, curves, drawn or not."""

    def number() -> str:
        return f"{rng.choice([0, 0.0001, 1, 5, 72, 100, 300, 500, 1e9, rng.uniform(-100, 900)]):.4f}"

    parts = []
    for _ in range(rng.randint(1, 6)):
        x, y = number(), number()
        parts.append(
            rng.choice(
                [
                    f"{x} {y} {number()} {number()} re",
                    f"{x} {y} m {x} {number()} l {number()} {number()} l h",
                    f"{x} {y} m {number()} {y} l",
                    f"{x} {y} m {number()} {number()} {number()} {number()} {number()} {number()} c",
                    f"{x} {y} m h",
                ]
            )
        )
    how = rng.choice(["S", "f", "B", "n", "s", "W n", "f*"])
    return f"{rng.choice([0, 0.5, 1, 2, 3.5, 20])} w {' '.join(parts)} {how}\n"


def part(rng: Random, forms: int) -> str:
    """An operation or more, some of them under a matrix or a clip path of their own."""
    one = rng.choice([line, path, line, path, image, form])(rng) if forms else rng.choice([line, path])(rng)
    if rng.random() < 0.3:
        clip = f"{rng.uniform(0, 300):.1f} {rng.uniform(0, 400):.1f} {rng.uniform(0, 400):.1f} 300 re W n "
        matrix = rng.choice(
            ["1 0 0 1 0 0", "0.5 0 0 2 30 -40", "0 1 -1 0 600 0", "0 0 0 0 10 10", "1e20 0 0 1e20 0 0"]
        )
        return f"q {matrix} cm {rng.choice(['', clip])}{one} Q\n"
    return one


def image(rng: Random) -> str:
    width, height, lean = rng.uniform(1, 400), rng.uniform(1, 400), rng.choice([0, 30])
    return f"q {width:.1f} {lean} 0 {height:.1f} {rng.uniform(-99, 600):.1f} 90 cm /I Do Q\n"


def form(rng: Random) -> str:
    return f"/X{rng.randrange(3)} Do\n"


def drawn_at_random(rng: Random, file: Path) -> Path:
    builder = Builder()
    for _ in range(6):
        inner = {"X0": builder.form("".join(part(rng, 0) for _ in range(4)))}
        xobjects = {
            f"X{number}": builder.form(
                "".join(part(rng, 0) for _ in range(6)) + "/X0 Do\n",
                matrix=rng.choice([(1, 0, 0, 1, 0, 0), (0.7, 0.7, -0.7, 0.7, 90, 9), (2, 0, 0, 0.5, 0, 0)]),
                xobjects=inner,
            )
            for number in range(3)
        }
        builder.page(
            "".join(part(rng, 3) for _ in range(rng.randrange(60))),
            crop=rng.choice([None, (30, 40, 500, 600)]),
            rotate=rng.choice([0, 90, 180, 270]),
            xobjects={**xobjects, "I": builder.image()},
        )
    return builder.save(file)


@pytest.mark.parametrize("seed", range(20))
def test_pages_drawn_at_random_are_the_same(native: Library, tmp_path: Path, seed: int) -> None:
    pages = equal(drawn_at_random(Random(seed), tmp_path / "random.pdf"), native)
    assert sum(len(page.words) for page in pages) > 5
    assert sum(len(page.rulings) + len(page.shapes) for page in pages) > 10


def mapped_font(builder: Builder, values: Sequence[str]) -> None:
    """F5: codes from 0x41 on that stand for any text, all as wide."""
    entries = "".join(
        f"<{0x41 + number:02x}> <{value.encode('utf-16-be', 'surrogatepass').hex()}>\n"
        for number, value in enumerate(values)
    )
    builder.fonts["F5"] = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type1,
        BaseFont=Name.Courier,
        FirstChar=0x41,
        LastChar=0x41 + len(values) - 1,
        Widths=Array([667] * len(values)),
        ToUnicode=builder.pdf.make_stream(
            f"begincmap 1 begincodespacerange <00> <ff> endcodespacerange\n"
            f"{len(values)} beginbfchar\n{entries}endbfchar endcmap".encode()
        ),
    )


def spread(letters: str) -> Iterator[str]:
    """Each letter at a place of its own."""
    for number, letter in enumerate(letters):
        yield text(40 + 14 * (number % 30), 740 - 20 * (number // 30), letter, font_name="F5")


@pytest.mark.parametrize(
    "values",
    [
        [*"\U0001d400\U0001d401\U0001f600 text \U00010330"],
        ["so", "\u00ad", "f\u00ad", *"t hy", "\u00ad\u00ad", "phens\u00ad"],
        [*"\u200b\u200czero\ufeff width\ufe0f\u2060"],
        [*"\u2003em\u3000spaces\u2009and\u0085more"],
        [*"\x01\x02\x1f\x0b control \x07"],
        [*"\ufffe\uffff\ud800x\udc00\udfff\udbff\udfff"],
        ["fi", *"\ufb01ligature\ufb03 e\u0301 n\u0303 \u00b4a \u0060o"],
    ],
)
def test_every_kind_of_character_is_the_same(native: Library, tmp_path: Path, values: list[str]) -> None:
    builder = Builder()
    mapped_font(builder, values)
    whole = "".join(chr(0x41 + number) for number in range(len(values)))
    builder.page("".join(spread(whole)) + text(40, 300, whole, font_name="F5") + text(40, 200, "Helvetica"))
    [page] = equal(builder.save(tmp_path / "characters.pdf"), native)
    assert any(cell.text == "Helvetica" for cell in page.cells)


@pytest.mark.parametrize("words", ["(يناير) هنا", "שלום (עולם) 12, [נכון]", "السلام «عليكم» (نعم) 34."])
def test_right_to_left_lines_are_the_same_however_they_are_drawn(
    native: Library, tmp_path: Path, words: str
) -> None:
    builder = Builder()
    mapped_font(builder, sorted(set(words)))
    rng = Random(1)
    for _ in range(40):
        right, shown = 500.0, list[tuple[float, str]]()
        for letter in words:
            mark = letter in "()[]«»,."
            right -= 8 if mark else 12
            if letter != " " or rng.random() < 0.3:  # else PDFium adds one
                shown.append((right - 2 * mark, chr(0x41 + sorted(set(words)).index(letter))))
        order = rng.choice([shown, shown[::-1], sorted(shown, key=lambda each: (each[0] // 90, each[0]))])
        builder.page(
            "BT /F5 18 Tf " + "".join(f"1 0 0 1 {x} 700 Tm ({letter}) Tj\n" for x, letter in order) + "ET"
        )
    pages = equal(builder.save(tmp_path / "lines.pdf"), native)
    assert all(page.cells[0].rtl for page in pages)


@pytest.mark.parametrize(
    ("content", "count", "most"),
    [
        ("{x} {y} 50 0.5 re f\n", "rulings", MAX_RULINGS),
        ("{x} {y} 9 9 re f\n", "shapes", MAX_SHAPES),
        ("{x} {y} 20 20 re S\n", "rulings", MAX_RULINGS),
        ("q 9 0 0 9 {x} {y} cm /I Do Q\n", "bitmaps", MAX_BITMAPS),
    ],
)
def test_the_limits_are_the_same(
    native: Library, tmp_path: Path, content: str, count: str, most: int
) -> None:
    builder = Builder()
    many = (content.format(x=n % 500, y=n // 500 * 30) for n in range(most + 100))
    builder.page("".join(many), xobjects={"I": builder.image()})
    [page] = equal(builder.save(tmp_path / "many.pdf"), native)
    assert len(getattr(page, count)) == most


def test_no_more_objects_are_looked_at(native: Library, tmp_path: Path) -> None:
    builder = Builder()
    builder.page("0 0 0 0 re f\n" * MAX_OBJECTS + "100 100 90 90 re f\n")
    [page] = equal(builder.save(tmp_path / "objects.pdf"), native)
    assert page.shapes == []


@pytest.mark.parametrize("more", [-2, -1, 0, 1])
def test_forms_nest_as_deep(native: Library, tmp_path: Path, more: int) -> None:
    builder = Builder()
    inner = builder.form("100 100 90 90 re f\n")
    for _ in range(MAX_DEPTH - 2 + more):
        inner = builder.form("/X Do\n", matrix=(1, 0, 0, 1, 1, 1), xobjects={"X": inner})
    builder.page("/X Do\n", xobjects={"X": inner})
    [page] = equal(builder.save(tmp_path / "deep.pdf"), native)
    assert bool(page.shapes) == (more < 1)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_paths_are_as_long(native: Library, tmp_path: Path, more: int) -> None:
    builder = Builder()
    steps = (f"{100 + 50 * (n % 2)} {100 + n} l" for n in range(MAX_SEGMENTS - 1 + more))
    rules = (f"100 {100 + n} m 400 {100 + n} l" for n in range((MAX_SEGMENTS + more) // 2))
    builder.page(f"0 0 m {' '.join(steps)} S\n {' '.join(rules)} S\n")
    equal(builder.save(tmp_path / "long.pdf"), native)


def test_what_layers_hide_is_hidden(native: Library, tmp_path: Path) -> None:
    builder = Builder()
    page = builder.page(
        text(72, 700, "shown") + "/OC /L BDC " + text(72, 600, "hidden") + "90 90 50 50 re f EMC\n"
    )
    layer = builder.pdf.make_indirect(Dictionary(Type=Name.OCG, Name=pikepdf.String("Layer")))
    page.Resources.Properties = Dictionary(L=layer)
    builder.pdf.Root.OCProperties = Dictionary(
        OCGs=Array([layer]), D=Dictionary(Order=Array([layer]), OFF=Array([layer]))
    )
    [found] = equal(builder.save(tmp_path / "layers.pdf"), native)
    assert [word.text for word in found.words] == ["shown"]
    assert found.shapes == []


def test_the_command_says_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 nothing")
    code = main([str(tmp_path), str(SAMPLES[0]), "--cpu", "1"])
    told = capsys.readouterr()
    if code == 2:
        assert "no native library" in told.err
    else:
        assert code == 0
        assert "2 files, 1 of them unreadable" in told.out and "ms of CPU a page" in told.out
