"""Documents at the limits: many pages, a page 200 inches wide, a page the size of a field."""

from __future__ import annotations

import io

from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from tests.samples.make.typesetting import normalised

__all__ = ["huge_page", "many_pages", "oversized_page"]

_PAGES = 500
_DAYS_PER_CHAPTER = 50

_SEAS = ("calm", "slight", "choppy", "rough", "very rough", "confused", "glassy")
_WINDS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_SIGHTINGS = (
    "a grey seal asleep on the landing",
    "two trawlers bound for Halden",
    "a flock of eiders",
    "nothing at all",
    "a lost buoy, number {n}",
    "the mail boat, an hour late",
    "a rainbow over the sound",
    "three porpoises",
    "smoke behind the northern skerry",
    "an unknown yacht with a torn sail",
    "the pilot cutter",
)
_WORKS = (
    "oiled the clockwork",
    "scraped {n} metres of railing",
    "painted the boat house door",
    "counted the stores",
    "repaired the pump",
    "cleaned the lens with spirit",
    "stacked the firewood",
    "mended a net",
    "wrote {n} letters",
    "tested the fog horn",
    "cut the grass around the tower",
    "tarred the roof",
    "changed the wicks",
)
_MEALS = ("herring", "pea soup", "barley bread", "potatoes with dill", "smoked eel")


def _entry(day: int) -> str:
    """The log of one day. The lists have coprime lengths, so that no two days read the same."""
    n = 3 + day % 17
    return (
        f"At dawn the sea was {_SEAS[day % 7]}, with a wind from the {_WINDS[day % 8]} "
        f"of force {1 + day % 9}. "
        f"The keeper sighted {_SIGHTINGS[day % 11].format(n=n)}. "
        f"In the morning the assistant {_WORKS[day % 13].format(n=n)}, and after the meal, which was "
        f"{_MEALS[day % 5]}, both of them {_WORKS[(day * 5 + 3) % 13].format(n=n)}. The barometer stood at "
        f"{980 + day * 7 % 53} millibars at noon. The light was lit at {16 + day % 6}:{day * 13 % 60:02} and "
        f"burned without interruption."
    )


def many_pages() -> bytes:
    """The log of a lighthouse: 500 small pages, one day each, in ten chapters."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A5, invariant=True, pageCompression=0)
    canvas.setTitle("The Log of Gannet Stack")
    width, height = A5
    for day in range(1, _PAGES + 1):
        y = height - 80
        canvas.setFont("Times-Italic", 8.5)
        canvas.drawString(54, height - 40, "The Log of Gannet Stack")
        canvas.drawCentredString(width / 2, 34, str(day))
        if day % _DAYS_PER_CHAPTER == 1:
            canvas.setFont("Times-Bold", 18)
            canvas.drawString(54, y, f"Book {day // _DAYS_PER_CHAPTER + 1}")
            y -= 36
        canvas.setFont("Times-Bold", 13)
        canvas.drawString(54, y, f"Day {day}")
        canvas.setFont("Times-Roman", 11)
        for line, text in enumerate(simpleSplit(_entry(day), "Times-Roman", 11, width - 108)):
            canvas.drawString(54, y - 24 - 14.5 * line, text)
        canvas.showPage()
    canvas.save()
    return normalised(target.getvalue())


def _poster(sides: list[float]) -> bytes:
    """Square pages with these sides in points; the text grows with the page."""
    target = io.BytesIO()
    canvas = Canvas(target, invariant=True, pageCompression=0)
    canvas.setTitle("Posters of different sizes")
    for side in sides:
        canvas.setPageSize((side, side))
        canvas.setFont("Times-Bold", side / 18)
        canvas.drawString(side / 12, side * 0.85, "A Very Large Sheet")
        canvas.setFont("Times-Roman", side / 36)
        canvas.drawString(
            side / 12, side * 0.77, f"This sheet is {side / 72:,.0f} inches wide and just as high."
        )
        canvas.drawString(side / 12, side * 0.73, "A renderer that trusts it runs out of memory.")
        canvas.showPage()
    canvas.save()
    return normalised(target.getvalue())


def huge_page() -> bytes:
    """One page of 14,400 x 14,400 points, the largest that older PDF versions allow."""
    return _poster([14_400])


def oversized_page() -> bytes:
    """An ordinary page, then one of 200,000 x 200,000 points."""
    return _poster([600, 200_000])
