"""Pages a second of docling's layout architecture by precision, batch and way to run it, with its parity."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "deploy" / "export"), str(_ROOT / "tests" / "exporters")]

import random_heron
import torch
from heron import LEAST_SCORE, SIDE, Contract

from benchmarks.gpu.half_precision import PRECISIONS, at_precision, in_full
from benchmarks.gpu.parity import Found, agreement
from benchmarks.gpu.utilisation import Utilisation

__all__ = ["Contract", "LayoutParity", "LayoutSpeed", "layout_figures", "random_detector"]

#: Bytes of a page as docmill draws it for this model, before it is made a square.
_PAGE = (1584, 1224)
#: Pictures that precisions are compared on, by the model's size, and that normalisations are set by.
_COMPARED, _SET_BY = {"full": 16, "small": 4}, 4
#: As the gate of `benchmarks.serving.detection_parity`.
_OVERLAP, _SCORE = 0.98, 0.02


@dataclass(frozen=True)
class LayoutSpeed:
    """One way to run it. `copied`: what went to the device, squares of 640 or whole pages as bytes."""

    precision: str
    way: str
    copied: str
    batch: int
    pages_per_s: float
    gpu: float | None


@dataclass(frozen=True)
class LayoutParity:
    """Detections above docling's threshold against single precision; weights are random."""

    precision: str
    detections: int
    agreement: float


def layout_figures(
    device: str, size: str, batches: Sequence[int], seconds: float, left: Callable[[], float]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each figure as it is there: `parity` or `speed`, or `failed` for what this machine cannot run.

    `left` says how many seconds the script still has; what would not fit is left out.
    """
    detector = random_detector(size).to(device)
    pictures = torch.from_numpy(drawn(_COMPARED[size], SIDE, SIDE)).to(device)
    expected = _found(at_precision(detector, "fp32", device), pictures)
    in_full(detector)
    for precision in PRECISIONS:
        found = _found(at_precision(detector, precision, device), pictures)
        yield "parity", asdict(_compared(precision, expected, found))
    ways = ["eager", "graph", "compiled"] if device == "cuda" else ["eager"]
    for way in ways:
        for precision in PRECISIONS:
            for copied in ("squares", "pages") if way != "compiled" else ("squares",):
                for batch in batches if (way, copied) == ("eager", "squares") else batches[-1:]:
                    if left() < 4 * seconds:
                        return
                    try:
                        speed = _speed(detector, precision, way, copied, batch, device, seconds)
                    except (RuntimeError, torch.OutOfMemoryError) as error:
                        what = f"layout, {precision}, {way}, {copied}, {batch}"
                        yield "failed", {"what": what, "why": str(error).splitlines()[0][:300]}
                    else:
                        yield "speed", asdict(speed)


def drawn(count: int, height: int, width: int, seed: int = 0) -> Any:
    """Pictures [N, 3, height, width] uint8: white pages with lines of dark words and some boxes."""
    generator = np.random.default_rng(seed)
    pages = np.full((count, 3, height, width), 255, np.uint8)
    line = max(4, height // 80)
    for page in pages:
        for top in range(line * 4, height - line * 4, line * 2):
            left = width // 12
            while left < width - width // 12:
                word = int(generator.integers(width // 60, width // 12))
                if generator.random() < 0.85:
                    page[:, top : top + line, left : left + word] = generator.integers(0, 90)
                left += word + width // 90
        for _ in range(int(generator.integers(0, 3))):
            top, left = int(generator.integers(0, height // 2)), int(generator.integers(0, width // 2))
            page[:, top : top + height // 4, left : left + width // 3] = generator.integers(120, 240)
    return pages


def random_detector(size: str) -> Any:
    """The architecture, with random weights through which something flows."""
    torch.manual_seed(0)
    model = random_heron.RTDetrV2ForObjectDetection(random_heron.config(size)).eval()
    pictures = torch.from_numpy(drawn(_SET_BY, SIDE, SIDE, seed=1)).float() / 255
    with torch.no_grad():
        random_heron.set_normalisations(model, pictures)
        random_heron.spread_scores(model, pictures)
    return model


def _found(run: Callable[[Any], Any], pictures: Any) -> list[Found]:
    """Detections above the threshold, boxes as fractions of the picture, two pictures at a time."""
    contract = Contract(lambda pixel_values, **_: run(pixel_values))
    found = []
    for two in pictures.split(2):
        sizes = torch.ones((len(two), 2), dtype=torch.int64, device=two.device)
        with torch.inference_mode():
            answers = contract(two.float() / 255, sizes)
        arrays = [answer.float().cpu().numpy() for answer in answers]
        found += [Found(*parts).above(LEAST_SCORE) for parts in zip(*arrays, strict=True)]
    return found


def _compared(precision: str, expected: Sequence[Found], found: Sequence[Found]) -> LayoutParity:
    pairs = sum(agreement(a, b, _OVERLAP, _SCORE) for a, b in zip(expected, found, strict=True))
    total = sum(len(each.labels) for each in (*expected, *found))
    return LayoutParity(precision, total, round(2 * pairs / max(1, total), 4))


def _speed(
    detector: Any, precision: str, way: str, copied: str, batch: int, device: str, seconds: float
) -> LayoutSpeed:
    shape = (SIDE, SIDE) if copied == "squares" else _PAGE
    host = torch.from_numpy(drawn(2, *shape))[torch.arange(batch) % 2].contiguous()
    infer = _on_device(at_precision(detector, precision, device))
    if device == "cuda":
        host = host.pin_memory()
    if way == "compiled":
        infer = torch.compile(infer, mode="max-autotune-no-cudagraphs")
    turn = _graphed(infer, host, device) if way == "graph" else _plain(infer, host, device)
    for _ in range(3 if device == "cuda" else 1):
        turn()
    _wait(device)
    done, started = 0, time.perf_counter()
    with Utilisation() as busy:
        while time.perf_counter() - started < seconds:
            turn()
            done += batch
        _wait(device)
        took = time.perf_counter() - started
    return LayoutSpeed(precision, way, copied, batch, round(done / took, 2), busy.mean)


def _on_device(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Bytes to answers: squares of floats are made where the model is."""

    def infer(pictures: Any) -> Any:
        floats = pictures.float()
        if pictures.shape[2:] != (SIDE, SIDE):
            floats = torch.nn.functional.interpolate(floats, (SIDE, SIDE), mode="bilinear", antialias=True)
        found = run(floats / 255)
        scores, best = torch.topk(found.logits.float().sigmoid().flatten(1), 300, dim=-1)
        return scores, best, found.pred_boxes.float()

    return infer


def _plain(infer: Callable[[Any], Any], host: Any, device: str) -> Callable[[], None]:
    """A turn: copy, infer, bring back. The next copy goes on while the device computes."""
    if device == "cpu":
        return lambda: infer(host)
    copying = torch.cuda.Stream()
    slots = [torch.empty_like(host, device=device) for _ in range(2)]
    ready = [torch.cuda.Event() for _ in slots]
    turns = iter(range(1 << 62))

    def turn() -> None:
        at = next(turns) % 2
        copying.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(copying):
            slots[at].copy_(host, non_blocking=True)
            ready[at].record(copying)
        torch.cuda.current_stream().wait_event(ready[at])
        for answer in infer(slots[at]):
            answer.to("cpu", non_blocking=True)

    return turn


def _graphed(infer: Callable[[Any], Any], host: Any, device: str) -> Callable[[], None]:
    """The same by a CUDA graph: one launch for all of the model's kernels."""
    place = host.to(device)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            infer(place)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        answers = infer(place)

    def turn() -> None:
        place.copy_(host, non_blocking=True)
        graph.replay()
        for answer in answers:
            answer.to("cpu", non_blocking=True)

    return turn


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
