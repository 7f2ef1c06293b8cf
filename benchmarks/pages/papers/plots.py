"""Vector figures with words in them, as TikZ pictures: plots, heat maps, bars, boxes with arrows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from benchmarks.pages.flow import Line
from benchmarks.pages.setters.latex_source import latex_colour, latex_text

__all__ = ["plot", "plot_words"]

_NAMES = ("Baseline", "Ours", "Oracle", "Random", "Two-stage", "No prior", "Full model", "Ablation")
_AXES = ("Number of samples", "Accuracy (%)", "Time (s)", "Epoch", "Loss", "Temperature [K]", "log frequency")
_STEPS = ("Input image", "Encoder", "Decoder", "Attention", "Pooling", "Loss function", "Sampling", "Output")
_KINDS = ("curves", "map", "bars", "boxes")


def plot_words(seed: int) -> list[str]:
    """The words of a figure, in the order in which `plot` takes their marks."""
    random = Random(seed)
    kind = random.choice(_KINDS)
    if kind == "curves":
        ticks = [str(10 * n) for n in range(6)] + [f"{0.2 * n:.1f}" for n in range(6)]
        return [*ticks, *random.sample(_AXES, 2), *random.sample(_NAMES, random.randint(2, 4))]
    if kind == "map":
        rows, columns = random.randint(4, 7), random.randint(4, 7)
        names = [*random.sample(_NAMES, rows), *(f"t{n}" for n in range(columns))]
        return [*names, *(f"{random.random():.2f}" for _ in range(rows * columns))]
    if kind == "bars":
        count = random.randint(3, 6)
        return [
            *random.sample(_NAMES, count),
            *(f"{random.uniform(20, 99):.1f}" for _ in range(count)),
            "Score",
        ]
    return random.sample(_STEPS, random.randint(4, 8))


def plot(seed: int, words: Sequence[Line], width: str) -> str:
    """The picture, scaled to `width`; `words` are those of `plot_words` with their marks."""
    kind = Random(seed).choice(_KINDS)
    draw = {"curves": _curves, "map": _map, "bars": _bars, "boxes": _boxes}[kind]
    inner = draw(Random(seed + 1), iter(words))
    return rf"\resizebox{{{width}}}{{!}}{{\begin{{tikzpicture}}{inner}\end{{tikzpicture}}}}"


def _word(line: Line) -> str:
    return f"{{{latex_colour(line.mark)}{latex_text(line.text)}}}"


def _curves(random: Random, words: Iterator[Line]) -> str:
    parts = [r"\draw (0,0) rectangle (7,4);"]
    for n in range(6):
        parts.append(
            rf"\draw ({n * 1.4},0) -- ({n * 1.4},.1) node[below=4pt,font=\scriptsize]{_word(next(words))};"
        )
    for n in range(6):
        parts.append(
            rf"\draw (0,{n * 0.8}) -- (.1,{n * 0.8}) node[left=4pt,font=\scriptsize]{_word(next(words))};"
        )
    parts.append(rf"\node[font=\small] at (3.5,-.8) {_word(next(words))};")
    parts.append(rf"\node[font=\small,rotate=90] at (-1,2) {_word(next(words))};")
    for n, line in enumerate(words):
        colour = ("red", "blue", "green!60!black", "orange")[n % 4]
        points = " -- ".join(f"({x * 0.35:.2f},{random.uniform(0.4, 3.8):.2f})" for x in range(20))
        parts.append(
            rf"\draw[{colour},thick] {points};"
            rf"\draw[{colour},thick] (4.6,{0.3 + 0.4 * n}) -- (5.1,{0.3 + 0.4 * n});"
        )
        parts.append(rf"\node[right,font=\scriptsize] at (5.1,{0.3 + 0.4 * n}) {_word(line)};")
    return "".join(parts)


def _map(random: Random, words: Iterator[Line]) -> str:
    lines = list(words)
    columns = sum(line.text.startswith("t") and line.text[1:].isdecimal() for line in lines)
    rows = (len(lines) - columns) // (columns + 1)
    parts = []
    for n in range(rows):
        parts.append(rf"\node[left,font=\footnotesize] at (0,{-n + 0.0}) {_word(lines[n])};")
    for n in range(columns):
        parts.append(rf"\node[font=\footnotesize] at ({n + 0.6},1) {_word(lines[rows + n])};")
    for n, line in enumerate(lines[rows + columns :]):
        x, y = n % columns, n // columns
        parts.append(rf"\fill[blue!{random.randint(5, 45)}] ({x + 0.1},{-y - 0.5}) rectangle ++(1,1);")
        parts.append(rf"\node[font=\footnotesize] at ({x + 0.6},{-y}) {_word(line)};")
    return "".join(parts)


def _bars(random: Random, words: Iterator[Line]) -> str:
    lines = list(words)
    half = len(lines) // 2
    parts = [rf"\draw[->] (0,0) -- (0,4);\draw (0,0) -- ({half * 1.6 + 0.4},0);"]
    for n in range(half):
        tall = random.uniform(1, 3.5)
        parts.append(rf"\fill[blue!50] ({n * 1.6 + 0.4},0) rectangle ++(.9,{tall:.2f});")
        parts.append(rf"\node[font=\scriptsize] at ({n * 1.6 + 0.85},-.3) {_word(lines[n])};")
        parts.append(
            rf"\node[font=\scriptsize] at ({n * 1.6 + 0.85},{tall + 0.2:.2f}) {_word(lines[half + n])};"
        )
    parts.append(rf"\node[rotate=90,font=\small] at (-.5,2) {_word(lines[-1])};")
    return "".join(parts)


def _boxes(_: Random, words: Iterator[Line]) -> str:
    parts = []
    for n, line in enumerate(words):
        x, y = (n % 4) * 3, -(n // 4) * 1.6
        parts.append(rf"\node[draw,rounded corners,font=\small] (b{n}) at ({x},{y}) {_word(line)};")
        if n % 4:
            parts.append(rf"\draw[->] (b{n - 1}) -- (b{n});")
    return "".join(parts)
