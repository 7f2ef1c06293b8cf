"""`python -m benchmarks.serving.precision`: which precisions of a layout model pass the gate, on a CPU.

    python -m benchmarks.serving.precision my/*.pdf
    python -m benchmarks.serving.precision my/*.pdf --graph MODEL.onnx

The graph, in single precision, against itself: with pictures as bytes, with its features in FP16 as the graph
that GPUs are given, and with the rounding of TF32, BF16 and FP16 imitated, once in the features and once
everywhere. The gate is that of `benchmarks.serving.detection_parity`: label, overlap and score of every
detection above docling's threshold. What fails here needs no GPU; what passes is still to be shown to the
gate on the GPU and with the server that it is for, since sums are in another order there.

By default the graph is docling's model as `docmill models pull docling` has installed it, else one of random
weights, which is said: random weights blow small differences up, so figures of theirs only tell precisions
apart. Ends with 2 when nothing could be compared.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import msgspec
import onnx
from rich.console import Console
from rich.table import Table

from benchmarks.beside_docling.random_heron import HERON, RandomHeron
from benchmarks.material.corpus import ordinary_samples
from benchmarks.metrics.environment import environment
from benchmarks.serving.detection_parity import Comparison, Page, add_gate, compare, pictures
from benchmarks.serving.precision.graphs import GraphDetector, precisions
from docmill.resources.home import default_home
from docmill.resources.local.triton.places import default_triton_home

__all__ = ["Passed", "main"]

_BYTES_NAME = "pictures as bytes"


@dataclass(frozen=True)
class Passed:
    """A precision and the part of all detections that have a partner. `itself`: see `Precision`."""

    precision: str
    itself: bool
    detections: int
    agreement: float
    box: float
    score: float
    passed: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console(width=110)
    graph, random = (options.graph, False) if options.graph else _default_graph()
    pages = list(islice(pictures(options.pdfs or ordinary_samples()), options.pages or None))
    found: list[Passed] = []
    table = Table("precision", "detections", "with a partner", "boxes apart", "scores apart", "passes")
    for each in _compared(graph, pages, options):
        found.append(each)
        table.add_row(
            *(each.precision, f"{each.detections}", f"{each.agreement:.4f}", f"{each.box:.1e}"),
            *(f"{each.score:.1e}", "yes" if each.passed else "no"),
        )
        console.print(f"{each.precision}: {each.agreement:.4f}", style="dim")
    console.print(table)
    weights = "random weights: their figures only tell precisions apart" if random else str(graph)
    console.print(f"{len(pages)} pages on a CPU; {weights}", soft_wrap=True)
    if options.json:
        report = {
            "environment": msgspec.to_builtins(environment()),
            "random_weights": random,
            "pages": len(pages),
            "least": options.least,
            "precisions": [asdict(each) for each in found],
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if found and all(each.detections for each in found) else 2


def _compared(graph: Path, pages: Sequence[Page], options: argparse.Namespace) -> Iterator[Passed]:
    model = onnx.load(graph)
    reference = GraphDetector(model, options.threads)
    # the same pages again and again: once is enough
    expected = [reference.detect(page.picture, page.content) for page in pages]
    del reference
    for name, itself, made in _variants(graph, model):
        detector = GraphDetector(made, options.threads)
        answers = (detector.detect(page.picture, page.content) for page in pages)
        compared = Comparison(
            tuple(
                compare(page, one, other, options.overlap, options.score)
                for page, one, other in zip(pages, expected, answers, strict=True)
            )
        )
        del detector
        yield Passed(
            precision=name,
            itself=itself,
            detections=compared.detections,
            agreement=round(compared.agreement, 4),
            box=compared.box,
            score=compared.score,
            passed=compared.agreement >= options.least,
        )


def _variants(graph: Path, model: onnx.ModelProto) -> Iterator[tuple[str, bool, onnx.ModelProto]]:
    of_bytes = graph.parents[2] / f"{HERON}-uint8" / "1" / graph.name
    if of_bytes.is_file() and of_bytes != graph:
        yield _BYTES_NAME, True, onnx.load(of_bytes)
    for each in precisions().values():
        yield each.name, each.itself, each.make(model)


def _default_graph() -> tuple[Path, bool]:
    """The installed model; without one random weights, and that it is so."""
    installed = default_triton_home().models / HERON / "1" / "model.onnx"
    if installed.is_file():
        return installed, False
    return RandomHeron(default_home()).repository() / HERON / "1" / "model.onnx", True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving.precision",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_gate(parser)
    parser.add_argument("--json", type=Path, help="what was found")
    parser.add_argument("--graph", type=Path, help="under heron's contract, in single precision")
    parser.add_argument("--pages", type=int, default=0, help="at most so many (default all)")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
    return parser


if __name__ == "__main__":
    sys.exit(main())
