"""A page of a form at the end of a document: fields that are filled in, with what draws them or without."""

from __future__ import annotations

from pathlib import Path
from random import Random

import msgspec
import pikepdf
from pikepdf import Array, Dictionary, Name, String

from benchmarks.pages.marks import Marks, Role, colour_of

__all__ = ["FieldLine", "add_form"]

_LABELS = (
    *(
        "Full name",
        "Date of birth",
        "Street and number",
        "Postal code",
        "City",
        "Telephone",
        "E-mail address",
    ),
    *("Employer", "Tax number", "Account number", "Name of the insured", "Reason for the request"),
)
_VALUES = (
    *(
        "Ingrid Larsen",
        "14 March 1972",
        "Harbour Street 18",
        "2450",
        "Port City",
        "+45 20 12 34 56",
        "AB-1182-K",
    ),
    *("i.larsen@example.org", "Lakeside College", "Moved to another address", "Kwame Mensah", "1,204.50"),
)
_CHOICES = ("Married", "Single", "Denmark", "Monthly", "By letter", "Full time")
_QUESTIONS = (
    *("I live alone", "I have children", "I agree to the terms", "Send me a copy", "First application"),
    *("Change of address", "Income from abroad", "Documents are attached"),
)
_SIZE, _STEP = 10.0, 26.0


class FieldLine(msgspec.Struct, frozen=True):
    """A value, which no reader finds in the page's content: its mark, page from 1, box from the top left."""

    mark: int
    page: int
    box: tuple[float, float, float, float]
    text: str


def add_form(pdf: Path, marks: Marks, random: Random) -> list[FieldLine]:
    """Append the page to the file; its values."""
    with pikepdf.open(pdf, allow_overwriting_input=True) as document:
        form = _Form(document, marks, random)
        form.write()
        document.save(pdf, deterministic_id=True)
        return form.values


class _Form:
    def __init__(self, document: pikepdf.Pdf, marks: Marks, random: Random) -> None:
        self.document, self.marks, self.random = document, marks, random
        box = document.pages[-1].mediabox
        self.width, self.height = float(box[2]) - float(box[0]), float(box[3]) - float(box[1])
        self.values: list[FieldLine] = []
        self.drawn = random.random() < 0.7
        self.framed = random.random() < 0.6
        self._content: list[str] = []
        self._fields: list[pikepdf.Object] = []
        self._font = document.make_indirect(
            Dictionary(
                Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
            )
        )

    def write(self) -> None:
        """The page and the form."""
        y = self.height - 70
        self._text(self.marks.new(Role.HEADING, 1), 60, y, "Application form", 15)
        y -= 2 * _STEP
        above = self.random.random() < 0.4
        columns = 2 if self.width > 500 and self.random.random() < 0.4 else 1
        across = (self.width - 120) / columns
        for number, label in enumerate(self.random.sample(_LABELS, 8)):
            x = 60 + across * (number % columns)
            self._entry(x, y, across - 16, label, above=above, choice=self.random.random() < 0.25)
            if number % columns == columns - 1:
                y -= _STEP + (14 if above else 0)
        for question in self.random.sample(_QUESTIONS, 5):
            y -= 0.8 * _STEP
            self._check(60, y, question)
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, self.width, self.height]),
            Resources=Dictionary(Font=Dictionary(Helv=self._font)),
            Contents=self.document.make_stream("".join(self._content).encode("cp1252")),
            Annots=Array(self._fields),
        )
        self.document.pages.append(pikepdf.Page(self.document.make_indirect(page)))
        self.document.Root.AcroForm = Dictionary(
            Fields=Array(self._fields),
            DR=Dictionary(Font=Dictionary(Helv=self._font)),
            DA=String("/Helv 10 Tf 0 g"),
            NeedAppearances=not self.drawn,
        )

    def _text(self, mark: int, x: float, y: float, text: str, size: float = _SIZE) -> None:
        self._content.append(f"BT {_fill(mark)} /Helv {size} Tf {x:.1f} {y:.1f} Td ({text}) Tj ET\n")

    def _entry(self, x: float, y: float, width: float, label: str, *, above: bool, choice: bool) -> None:
        self._text(self.marks.new(Role.LABEL), x, y + (14 if above else 0), label if above else f"{label}:")
        left = x if above else x + 0.42 * width
        box = (left, y - 4, x + width, y + 12)
        if self.framed:
            self._content.append(
                f"0.5 w 0.4 G {box[0]:.1f} {box[1]:.1f} {box[2] - box[0]:.1f} {box[3] - box[1]:.1f} re S\n"
            )
        value = self.random.choice(_CHOICES if choice else _VALUES)
        mark = self.marks.new(Role.VALUE)
        kind = (
            Dictionary(FT=Name.Ch, Ff=1 << 17, Opt=Array(map(String, _CHOICES)))
            if choice
            else Dictionary(FT=Name.Tx)
        )
        field = self._field(kind, box, String(value))
        field.DA = String(f"/Helv {_SIZE} Tf {_fill(mark)}")
        if self.drawn:
            drawing = f"/Tx BMC BT {_fill(mark)} /Helv {_SIZE} Tf 2 4 Td ({value}) Tj ET EMC"
            field.AP = Dictionary(N=self._drawing(box, drawing))
        top = self.height - box[3]
        placed = (box[0], top, min(box[2], box[0] + 0.5 * _SIZE * len(value)), self.height - box[1])
        self.values.append(FieldLine(mark, len(self.document.pages) + 1, placed, value))

    def _check(self, x: float, y: float, question: str) -> None:
        on = self.random.random() < 0.5
        self._text(self.marks.new(Role.CHECKED if on else Role.UNCHECKED), x + 18, y, question)
        box = (x, y - 2, x + 11, y + 9)
        field = self._field(Dictionary(FT=Name.Btn), box, Name.Yes if on else Name.Off)
        field.AS = Name.Yes if on else Name.Off
        frame = "0.8 w 0 G 0.5 0.5 10 10 re S"
        states = Dictionary(
            Yes=self._drawing(box, f"{frame} 2 2 m 9 9 l 2 9 m 9 2 l S"), Off=self._drawing(box, frame)
        )
        field.AP = Dictionary(N=states)

    def _field(
        self, kind: Dictionary, box: tuple[float, float, float, float], value: pikepdf.Object
    ) -> pikepdf.Object:
        kind.Type, kind.Subtype, kind.F = Name.Annot, Name.Widget, 4
        kind.T, kind.V = String(f"field{len(self._fields)}"), value
        kind.Rect = Array([round(side, 2) for side in box])
        field = self.document.make_indirect(kind)
        self._fields.append(field)
        return field

    def _drawing(self, box: tuple[float, float, float, float], content: str) -> pikepdf.Stream:
        stream = self.document.make_stream(content.encode("cp1252"))
        stream.Type, stream.Subtype = Name.XObject, Name.Form
        stream.BBox = Array([0, 0, round(box[2] - box[0], 2), round(box[3] - box[1], 2)])
        stream.Resources = Dictionary(Font=Dictionary(Helv=self._font))
        return stream


def _fill(mark: int) -> str:
    return " ".join(f"{part / 255:.4f}" for part in colour_of(mark)) + " rg"
