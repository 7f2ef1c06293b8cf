"""A flame graph as SVG: what was on the processor, widest first, callers below what they call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

__all__ = ["Frame", "Stack", "flame_graph", "grown"]

#: The names from the outermost call to the innermost, and how many samples found it so.
Stack = tuple[Sequence[str], int]

_WIDTH, _ROW, _MARGIN = 1200.0, 17.0, 10.0
#: Narrower frames, as a share of all, are left out.
_LEAST = 0.0025
#: Pixels of a letter.
_LETTER = 6.2
#: By the beginning of a frame's name, the first that fits; others are grey.
_COLOURS = (
    ("convert/pdf/", "#9ec5fe"),
    ("convert/layout/", "#a3cfbb"),
    ("convert/", "#c3e6cb"),
    ("docling", "#fecba1"),
    ("stages/", "#f1aeb5"),
    ("worker", "#f1aeb5"),
)
_OTHER = "#dee2e6"


@dataclass
class Frame:
    """A call, what it takes with all it calls, and those calls."""

    name: str
    samples: int = 0
    calls: dict[str, Frame] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Rows that it takes."""
        return 1 + max((call.depth for call in self.calls.values()), default=0)

    def without_narrow(self, least: float) -> Frame:
        """The same without calls that take fewer samples."""
        kept = {name: call for name, call in self.calls.items() if call.samples >= least}
        return Frame(
            self.name, self.samples, {name: call.without_narrow(least) for name, call in kept.items()}
        )


def grown(stacks: Iterable[Stack], root: str) -> Frame:
    """The tree of all stacks."""
    tree = Frame(root)
    for names, samples in stacks:
        frame = tree
        frame.samples += samples
        for name in names:
            frame = frame.calls.setdefault(name, Frame(name))
            frame.samples += samples
    return tree


def flame_graph(tree: Frame, title: str) -> str:
    """The tree as a picture without scripts; a frame's name and share are shown where the pointer rests."""
    tree = tree.without_narrow(_LEAST * tree.samples)
    height = _ROW * tree.depth + 3 * _ROW + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" role="img" '
        f'font-family="monospace" font-size="10.5">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH:g}" height="{height:g}" fill="#ffffff"/>',
        f'<text x="{_MARGIN:g}" y="{1.5 * _ROW:g}" font-size="14">{escape(title)}</text>',
        *_drawn(tree, _MARGIN, (_WIDTH - 2 * _MARGIN) / max(1, tree.samples), height - _MARGIN, tree.samples),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _drawn(frame: Frame, left: float, unit: float, bottom: float, total: int) -> Iterator[str]:
    width = frame.samples * unit
    share = f"{frame.name}: {100 * frame.samples / max(1, total):.1f} %"
    fill = next((colour for begin, colour in _COLOURS if frame.name.startswith(begin)), _OTHER)
    label = _label(frame.name, share, left, width, bottom)
    yield (
        f'<g><title>{escape(share)}</title><rect x="{left:.1f}" y="{bottom - _ROW:.1f}" width="{width:.1f}" '
        f'height="{_ROW - 1:g}" fill="{fill}" stroke="#ffffff" stroke-width=".5"/>{label}</g>'
    )
    for call in sorted(frame.calls.values(), key=lambda call: (-call.samples, call.name)):
        yield from _drawn(call, left, unit, bottom - _ROW, total)
        left += call.samples * unit


def _label(name: str, share: str, left: float, width: float, bottom: float) -> str:
    """What fits: the name with its share, the function alone, or its beginning."""
    most = int((width - 4) / _LETTER)
    file, _, function = name.rpartition(" ")
    short = function if "/" in file else name
    text = next((each for each in (share, name, short) if len(each) <= most), short[:most])
    if most < 3:
        return ""
    return f'<text x="{left + 2:.1f}" y="{bottom - 5:.1f}">{escape(text)}</text>'
