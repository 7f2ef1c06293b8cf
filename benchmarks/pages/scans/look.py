"""How a scan looks, drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

__all__ = ["Layer", "ScanLook", "draw_look"]


class Layer(StrEnum):
    """The invisible text that an OCR program left on the scan."""

    NONE = "none"
    GOOD = "good"
    POOR = "poor"  # letters taken for others, words lost and broken
    GARBAGE = "garbage"  # read upside down, or in another alphabet
    STAMP = "stamp"  # no layer: a line that an archive put at the foot of each page


@dataclass(frozen=True)
class ScanLook:
    """One for all pages of a document; lengths are in points, `skew` is in degrees."""

    dpi: int
    colours: str  # "grey", "colour", "bitonal"
    quality: int  # of JPEG; 0 for lossless
    skew: float  # the most that a page is turned by, either way
    turn: int  # clockwise: 0, 90, 180, 270
    shift: float  # how far the paper lies off its place
    edge: float  # of the glass's lid around the paper
    edge_tone: int  # 0 black to 255 white
    paper_tone: int
    contrast: float  # of the ink
    blur: float  # standard deviation, in points
    spread: float  # of the ink: below 0 it is thinner
    noise: float  # standard deviation, of 255
    specks: int  # a page
    shadow: float  # how much darker the darkest side is
    curved: bool  # shadow as of a book's gutter, else as of a photographer
    through: float  # how much of the back shows
    layer: Layer

    @property
    def facts(self) -> dict[str, str]:
        """What one looks for behind a bad score."""
        turned = str(self.turn) if self.turn else "skewed" if self.skew > 0.3 else "level"
        return {"scan": f"{self.dpi} {self.colours}", "turned": turned, "layer": self.layer.value}


def draw_look(random: Random) -> ScanLook:
    """A look of its own for each state of `random`; two of three are as an office's scanner makes them."""

    def chance(share: float) -> bool:
        return random.random() < share

    photo, old = chance(0.12), chance(0.25)
    colours = "colour" if photo else random.choice(("grey", "grey", "colour", "bitonal"))
    return ScanLook(
        dpi=random.choice((150, 200, 200, 300, 300)),
        colours=colours,
        quality=random.choice((35, 50, 65, 75, 85)),
        skew=random.choice((0.0, 0.2, 0.5, 1.0, 1.5, 2.0)),
        turn=random.choices((0, 90, 180, 270), (16, 2, 1, 1))[0],
        shift=random.choice((0.0, 0.0, 4.0, 12.0)),
        edge=random.choice((0.0, 0.0, 0.0, 10.0, 25.0)) if not photo else random.uniform(15, 50),
        edge_tone=random.choice((20, 90, 250)),
        paper_tone=random.randint(205, 245) if photo or old else random.randint(238, 255),
        contrast=random.uniform(0.55, 0.85) if old else random.uniform(0.85, 1.0),
        blur=random.uniform(0.1, 0.45) if photo or old else random.uniform(0.0, 0.25),
        spread=random.uniform(-0.4, 0.6) if old else 0.0,
        noise=random.choice((0.0, 2.0, 5.0, 10.0)) + (6.0 if old else 0.0),
        specks=random.choice((0, 0, 20, 150)) if old else 0,
        shadow=random.uniform(0.15, 0.5) if photo else random.choice((0.0, 0.0, 0.0, 0.25)),
        curved=not photo,
        through=random.choice((0.0, 0.0, 0.05, 0.12)) if old else 0.0,
        layer=random.choices(list(Layer), (10, 4, 3, 1, 2))[0],
    )
