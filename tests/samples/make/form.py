"""An interactive form: text fields, check boxes, radio buttons and a choice, with labels and ruled boxes."""

from __future__ import annotations

import io

from reportlab.lib.colors import black, white
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from tests.samples.make.typesetting import normalised

__all__ = ["form"]

_LEFT, _RIGHT = 54.0, A4[0] - 54.0


def _section(canvas: Canvas, top: float, height: float, title: str) -> None:
    """A ruled box with a title bar."""
    canvas.setLineWidth(0.8)
    canvas.rect(_LEFT, top - height, _RIGHT - _LEFT, height)
    canvas.setFillGray(0.9)
    canvas.rect(_LEFT, top - 20, _RIGHT - _LEFT, 20, fill=1)
    canvas.setFillGray(0)
    canvas.setFont("Helvetica-Bold", 10.5)
    canvas.drawString(_LEFT + 8, top - 14, title)


def _label(canvas: Canvas, x: float, y: float, text: str) -> None:
    canvas.setFont("Helvetica", 9)
    canvas.drawString(x, y, text)


def _text(canvas: Canvas, x: float, y: float, width: float, name: str, label: str, value: str) -> None:
    """A labelled text field; the label stands above it."""
    _label(canvas, x, y + 22, label)
    canvas.acroForm.textfield(
        name=name, tooltip=label, value=value, x=x, y=y, width=width, height=17,
        fontName="Helvetica", fontSize=10, borderWidth=0.7, borderColor=black, fillColor=white,
    )  # fmt: skip


def _check(canvas: Canvas, x: float, y: float, name: str, label: str, checked: bool) -> None:
    canvas.acroForm.checkbox(
        name=name, tooltip=label, checked=checked, x=x, y=y, size=12,
        borderWidth=0.7, borderColor=black, fillColor=white, buttonStyle="check",
    )  # fmt: skip
    _label(canvas, x + 18, y + 2.5, label)


def _radio(canvas: Canvas, x: float, y: float, name: str, value: str, label: str, selected: bool) -> None:
    canvas.acroForm.radio(
        name=name, value=value, tooltip=label, selected=selected, x=x, y=y, size=12, shape="circle",
        buttonStyle="circle", borderWidth=0.7, borderColor=black, fillColor=white,
    )  # fmt: skip
    _label(canvas, x + 18, y + 2.5, label)


def form() -> bytes:
    """One page: an application for a library card of a town that does not exist."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=True, pageCompression=0)
    canvas.setTitle("Application for a library card")
    canvas.setFont("Helvetica-Bold", 17)
    canvas.drawString(_LEFT, 774, "Application for a Library Card")
    canvas.setFont("Helvetica", 9.5)
    canvas.drawString(_LEFT, 756, "Town Library of Port Ellery. Please fill in all fields that apply to you.")

    _section(canvas, 736, 168, "1. Applicant")
    _text(canvas, 64, 672, 220, "family_name", "Family name", "Prentiss")
    _text(canvas, 312, 672, 220, "given_names", "Given names", "Dora Elaine")
    _text(canvas, 64, 626, 140, "birth_date", "Date of birth", "1987-04-19")
    _text(canvas, 232, 626, 300, "email", "E-mail address", "dora@prentiss.example")
    _text(canvas, 64, 580, 468, "address", "Postal address", "12 Lantern Row, Port Ellery")

    _section(canvas, 552, 104, "2. Kind of card")
    kinds = (("adult", "Adult"), ("child", "Child"), ("group", "School or group"))
    for index, (value, label) in enumerate(kinds):
        _radio(canvas, 64 + 150 * index, 506, "kind", value, label, value == "adult")
    _label(canvas, 64, 473, "Branch where you will collect the card")
    canvas.acroForm.choice(
        name="branch", value="Harbour", options=["Central", "Harbour", "Northgate"], x=250, y=467, width=140,
        height=18, fontName="Helvetica", fontSize=10, borderWidth=0.7, borderColor=black, fillColor=white,
    )  # fmt: skip

    _section(canvas, 432, 120, "3. What would you like to borrow?")
    interests = (
        ("Books", True), ("Music", False), ("Maps", True),
        ("Games", False), ("Tools", False), ("Newspapers", True),
    )  # fmt: skip
    for index, (label, checked) in enumerate(interests):
        x, y = 64 + 150 * (index % 3), 386 - 26 * (index // 3)
        _check(canvas, x, y, f"borrow_{label.lower()}", label, checked)
    _check(canvas, 64, 326, "newsletter", "Send me the monthly newsletter", False)

    _section(canvas, 296, 122, "4. Declaration")
    _check(canvas, 64, 250, "accept_rules", "I have read the rules of the library and accept them.", True)
    _text(canvas, 64, 192, 140, "sign_date", "Date", "2024-02-11")
    _text(canvas, 232, 192, 300, "sign_name", "Name in block letters", "")

    canvas.setFont("Helvetica-Bold", 10)
    canvas.drawString(_LEFT, 150, "For office use only")
    canvas.setLineWidth(0.6)
    canvas.grid([54, 176, 298, 420, _RIGHT], [92, 114, 140])
    canvas.setFont("Helvetica", 9)
    for x, head, value in (
        (54, "Card number", "0047 1182"), (176, "Issued on", "2024-02-12"),
        (298, "Checked by", "R. Dimas"), (420, "Valid until", "2027-02-11"),
    ):  # fmt: skip
        canvas.drawString(x + 6, 123, head)
        canvas.drawString(x + 6, 99, value)
    canvas.setFont("Helvetica", 8)
    canvas.drawCentredString(A4[0] / 2, 40, "Form LC-3, edition of January 2024")
    canvas.save()
    return normalised(target.getvalue())
