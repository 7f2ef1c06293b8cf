"""`python -m benchmarks.serving.detection_parity`: whether two served layout models find the same regions.

    python -m benchmarks.serving.detection_parity PDF... \
        --reference docling-project--docling-layout-heron@localhost:8001 \
        --against docling-project--docling-layout-heron-fp16@localhost:8001

Both keep heron's contract, in FP32 or bytes. They see the same pictures of the same pages; a detection above
docling's threshold of 0.3 needs a partner of its label that overlaps it by at least `--overlap` and whose
score is at most `--score` away. This is the gate of a variant at lower precision, or in TensorRT: put it
beside the FP32 model, and use it when the exit code is 0 on your own documents. The exit code is 1 when less
than `--least` of the detections have a partner, and 2 when nothing could be compared.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.material.corpus import ordinary_samples
from benchmarks.metrics.environment import environment
from docmill.pipeline.convert.errors import BackendConfigError, BackendError
from docmill.pipeline.convert.layout.detectors import heron
from docmill.pipeline.convert.pdf.drawn_page import drawn_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box, Cluster, PageContent
from docmill.resources.clients.triton import TritonModel, TritonServer

__all__ = [
    "Comparison",
    "Detector",
    "Page",
    "PageComparison",
    "add_gate",
    "compare",
    "compare_pages",
    "main",
    "partners",
    "pictures",
]


@dataclass(frozen=True)
class Page:
    """A page of a file, drawn as docmill draws it for the layout model."""

    name: str
    content: PageContent
    picture: NDArray[np.uint8]


@dataclass(frozen=True)
class PageComparison:
    """One page: detections of both models, how many have a partner, and how far partners are apart at most.

    `box` is the largest distance of two sides, as a fraction of the page's longer one.
    """

    name: str
    page: int
    reference: int
    against: int
    matched: int
    box: float
    score: float


@dataclass(frozen=True)
class Comparison:
    """All pages."""

    pages: tuple[PageComparison, ...]

    @property
    def detections(self) -> int:
        """Of both models."""
        return sum(page.reference + page.against for page in self.pages)

    @property
    def agreement(self) -> float:
        """The part of all detections that have a partner; 0 without any."""
        return 2 * sum(page.matched for page in self.pages) / max(1, self.detections)

    @property
    def box(self) -> float:
        """Of all partners."""
        return max((page.box for page in self.pages), default=0.0)

    @property
    def score(self) -> float:
        """Of all partners."""
        return max((page.score for page in self.pages), default=0.0)


class Detector(Protocol):
    """What finds regions."""

    def detect(self, picture: NDArray[np.uint8], page: PageContent) -> list[Cluster]:
        """Detections above docling's threshold, in points."""
        ...


class ServedDetector:
    """A model under heron's contract, named MODEL@HOST:PORT."""

    def __init__(self, place: str) -> None:
        name, _, url = place.rpartition("@")
        if not name:
            raise BackendConfigError(f"{place!r} names no model on a server: give MODEL@HOST:PORT")
        self._model = TritonModel(TritonServer(url), name, "", inputs=2, outputs=3)

    def detect(self, picture: NDArray[np.uint8], page: PageContent) -> list[Cluster]:
        """Its detections above the threshold, in points."""
        height, width = picture.shape[:2]
        images: NDArray[Any] = heron.model_input(picture)[None]
        if self._model.input_types(page=page.number)[0] != "UINT8":
            images = images.astype(np.float32) / np.float32(255)
        sizes = np.array([[width, height]], np.int64)
        labels, boxes, scores = self._model.infer([images, sizes], page=page.number)
        return heron.regions(labels[0], boxes[0], scores[0], (width, height), (page.width, page.height))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    console = Console(width=120)
    pdfs = options.pdfs or ordinary_samples()
    try:
        reference, against = ServedDetector(options.reference), ServedDetector(options.against)
        found = compare_pages(pdfs, reference, against, options.overlap, options.score)
    except BackendError as error:
        console.print(escape(str(error)), style="red")
        return 2
    _print(console, found, options)
    if options.json:
        summary = {"agreement": found.agreement, "box": found.box, "score": found.score}
        report = {
            "environment": msgspec.to_builtins(environment()),
            **summary,
            "pages": [asdict(page) for page in found.pages],
        }
        options.json.write_text(json.dumps(report, indent=2))
    if not found.detections:
        return 2
    return 0 if found.agreement >= options.least else 1


def compare_pages(
    pdfs: Sequence[Path], reference: Detector, against: Detector, overlap: float, score: float
) -> Comparison:
    """Show every page to both models."""
    return Comparison(
        tuple(
            compare(
                page,
                reference.detect(page.picture, page.content),
                against.detect(page.picture, page.content),
                overlap,
                score,
            )
            for page in pictures(pdfs)
        )
    )


def compare(
    page: Page, one: Sequence[Cluster], other: Sequence[Cluster], overlap: float, score: float
) -> PageComparison:
    """What both found on a page."""
    pairs = partners(one, other, overlap, score)
    side = max(page.content.width, page.content.height)
    return PageComparison(
        name=page.name,
        page=page.content.number,
        reference=len(one),
        against=len(other),
        matched=len(pairs),
        box=max((_apart(a.box, b.box) / side for a, b in pairs), default=0.0),
        score=max((abs(a.score - b.score) for a, b in pairs), default=0.0),
    )


def partners(
    one: Sequence[Cluster], other: Sequence[Cluster], overlap: float, score: float
) -> list[tuple[Cluster, Cluster]]:
    """Pairs of detections with the same label that overlap and score alike; the best overlaps first."""
    candidates = sorted(
        (
            (a.box.iou(b.box), i, j)
            for i, a in enumerate(one)
            for j, b in enumerate(other)
            if a.label == b.label and abs(a.score - b.score) <= score
        ),
        key=lambda candidate: (-candidate[0], candidate[1], candidate[2]),
    )
    taken: set[int] = set()
    given: set[int] = set()
    pairs = []
    for shared, i, j in candidates:
        if shared >= overlap and i not in taken and j not in given:
            taken.add(i)
            given.add(j)
            pairs.append((one[i], other[j]))
    return pairs


def pictures(pdfs: Sequence[Path]) -> Iterator[Page]:
    """Every page of the files."""
    for path in pdfs:
        with Pdf.open(path) as pdf:
            for number in range(1, pdf.page_count + 1):
                content, picture = drawn_page(pdf, number, heron.SCALE)
                yield Page(path.name, content, picture)


def _apart(one: Box, other: Box) -> float:
    sides = ((one.l, other.l), (one.t, other.t), (one.r, other.r), (one.b, other.b))
    return max(abs(a - b) for a, b in sides)


def _print(console: Console, found: Comparison, options: argparse.Namespace) -> None:
    table = Table(title=f"{options.against} against {options.reference}")
    table.add_column("page", overflow="fold")
    for column in ("reference", "against", "partners", "boxes apart", "scores apart"):
        table.add_column(column, justify="right")
    for page in found.pages:
        table.add_row(
            f"{escape(page.name)} {page.page}",
            *(
                str(page.reference),
                str(page.against),
                str(page.matched),
                f"{page.box:.1e}",
                f"{page.score:.1e}",
            ),
        )
    console.print(table)
    console.print(
        f"{found.agreement:.4f} of {found.detections} detections have a partner (at least {options.least}); "
        f"boxes at most {found.box:.1e} of the page apart, scores {found.score:.1e}"
    )


def add_gate(parser: argparse.ArgumentParser) -> None:
    """The pages that are shown, what makes two detections partners, and how many need one."""
    parser.add_argument("pdfs", type=Path, nargs="*", help="PDFs; default: docmill's ordinary samples")
    parser.add_argument("--overlap", type=float, default=0.98, help="least IoU of partners (default 0.98)")
    parser.add_argument(
        "--score", type=float, default=0.02, help="most that scores may differ (default 0.02)"
    )
    parser.add_argument("--least", type=float, default=0.99, help="least part with a partner (default 0.99)")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving.detection_parity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_gate(parser)
    parser.add_argument("--json", type=Path, help="what was found")
    parser.add_argument(
        "--reference",
        metavar="MODEL@HOST:PORT",
        default="docling-project--docling-layout-heron@localhost:8001",
    )
    parser.add_argument("--against", metavar="MODEL@HOST:PORT", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
