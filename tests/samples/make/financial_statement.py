"""A balance sheet and an income statement without rulings: figures line up, totals are bold."""

from __future__ import annotations

import io
from typing import NamedTuple

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from tests.samples.make.typesetting import normalised

__all__ = ["financial_statement"]

_LEFT, _NOTE, _YEAR, _BEFORE = 62.0, 345.0, 440.0, 533.0
_LEADING = 16.5


class _Row(NamedTuple):
    label: str
    note: str = ""
    year: int | None = None
    before: int | None = None
    style: str = "item"  # item, section, subtotal or total


_BALANCE = (
    _Row("Non-current assets", style="section"),
    _Row("Property, plant and equipment", "4", 18_420, 17_965),
    _Row("Intangible assets", "5", 2_310, 2_655),
    _Row("Investments in associates", "", 1_140, 980),
    _Row("Total non-current assets", "", 21_870, 21_600, "subtotal"),
    _Row("Current assets", style="section"),
    _Row("Inventories", "6", 6_245, 5_870),
    _Row("Trade receivables", "7", 4_912, 5_130),
    _Row("Cash and cash equivalents", "", 3_388, 2_016),
    _Row("Total current assets", "", 14_545, 13_016, "subtotal"),
    _Row("Total assets", "", 36_415, 34_616, "total"),
    _Row("Equity", style="section"),
    _Row("Share capital", "8", 5_000, 5_000),
    _Row("Retained earnings", "", 13_702, 11_846),
    _Row("Translation reserve", "", -412, -287),
    _Row("Total equity", "", 18_290, 16_559, "subtotal"),
    _Row("Liabilities", style="section"),
    _Row("Long-term borrowings", "9", 9_600, 10_800),
    _Row("Deferred tax", "", 1_085, 1_130),
    _Row("Trade payables", "", 5_240, 4_387),
    _Row("Provisions", "10", 2_200, 1_740),
    _Row("Total liabilities", "", 18_125, 18_057, "subtotal"),
    _Row("Total equity and liabilities", "", 36_415, 34_616, "total"),
)

_INCOME = (
    _Row("Revenue", "11", 42_860, 40_115),
    _Row("Cost of sales", "", -27_430, -26_204),
    _Row("Gross profit", "", 15_430, 13_911, "subtotal"),
    _Row("Distribution costs", "", -4_118, -3_902),
    _Row("Administrative expenses", "", -5_276, -5_344),
    _Row("Other income", "", 390, 0),
    _Row("Operating profit", "", 6_426, 4_665, "subtotal"),
    _Row("Finance income", "", 84, 61),
    _Row("Finance costs", "9", -702, -788),
    _Row("Profit before tax", "", 5_808, 3_938, "subtotal"),
    _Row("Income tax", "12", -1_452, -985),
    _Row("Profit for the year", "", 4_356, 2_953, "total"),
)

_NOTES = (
    "1. Basis of preparation. The statements are prepared under the historical cost convention and "
    "presented in thousands of crowns. Comparative figures have not been restated.",
    "2. Currency. Transactions in foreign currency are translated at the rate of the day. Differences on "
    "the net assets of the two foreign workshops are taken to the translation reserve.",
    "3. Dividends. A dividend of 2,500 for the year before was paid in May. The board proposes a dividend "
    "of 2,800, which is not included in the liabilities shown here.",
    "9. Borrowings. The loan of Kestrel Bank is repaid in equal parts of 1,200 a year. It bears interest at "
    "6.5 per cent and is secured on the mill at Underwood.",
)


def _amount(value: int | None) -> str:
    if value is None:
        return ""
    if value == 0:
        return "–"
    return f"({-value:,})" if value < 0 else f"{value:,}"


def _right(canvas: Canvas, x: float, y: float, text: str) -> None:
    """Align digits: a closing parenthesis hangs to the right of the column."""
    hang = canvas.stringWidth(")") if text.endswith(")") else 0
    canvas.drawRightString(x + hang, y, text)


def _statement(canvas: Canvas, top: float, rows: tuple[_Row, ...]) -> float:
    """Draw the column heads and `rows`; return where the next thing may start."""
    canvas.setFont("Helvetica-Bold", 9)
    canvas.drawString(_NOTE, top, "Note")
    canvas.drawRightString(_YEAR, top, "2023")
    canvas.drawRightString(_BEFORE, top, "2022")
    y = top - _LEADING
    for row in rows:
        if row.style == "section":
            y -= 6
        bold = row.style != "item"
        canvas.setFont("Helvetica-Bold" if bold else "Helvetica", 9.5)
        canvas.drawString(_LEFT + (0 if bold else 10), y, row.label)
        canvas.setFont("Helvetica", 9.5)
        canvas.drawCentredString(_NOTE + 9, y, row.note)
        canvas.setFont("Helvetica-Bold" if bold else "Helvetica", 9.5)
        _right(canvas, _YEAR, y, _amount(row.year))
        _right(canvas, _BEFORE, y, _amount(row.before))
        y -= _LEADING + (5 if row.style == "total" else 0)
    return y


def _head(canvas: Canvas, title: str, date: str) -> float:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(_LEFT, 805, "Underwood Paper Mills")
    canvas.drawRightString(_BEFORE, 805, "Financial statements 2023")
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(_LEFT, 766, title)
    canvas.setFont("Helvetica-Oblique", 9.5)
    canvas.drawString(_LEFT, 748, f"{date}, in thousands of crowns")
    canvas.setFont("Helvetica", 8)
    canvas.drawCentredString(A4[0] / 2, 34, str(canvas.getPageNumber()))
    return 716.0


def financial_statement() -> bytes:
    """Two pages: the balance sheet; the income statement with notes."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=True, pageCompression=0)
    canvas.setTitle("Underwood Paper Mills: Financial Statements 2023")
    _statement(canvas, _head(canvas, "Balance sheet", "As at 31 December 2023"), _BALANCE)
    canvas.showPage()
    y = _statement(canvas, _head(canvas, "Income statement", "For the year ended 31 December 2023"), _INCOME)
    canvas.setFont("Helvetica-Bold", 12)
    canvas.drawString(_LEFT, y - 26, "Notes to the statements (extract)")
    y -= 48
    canvas.setFont("Helvetica", 9.5)
    for note in _NOTES:
        for line in simpleSplit(note, "Helvetica", 9.5, _BEFORE - _LEFT):
            canvas.drawString(_LEFT, y, line)
            y -= 12.5
        y -= 6
    canvas.save()
    return normalised(target.getvalue())
