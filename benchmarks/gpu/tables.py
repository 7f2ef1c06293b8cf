"""Tables a second of docling's table architecture by batch: docmill's loop, on the device but for tags."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "deploy" / "export"), str(_ROOT / "model_repository" / "tableformer" / "1")]

import torch
from table_decoding.control import END, MAX_TAGS
from table_decoding.loop import decode
from table_decoding.torch_engine import TorchEngine
from tableformer_cases import ids, pictures, scripted

from benchmarks.gpu.utilisation import Utilisation

__all__ = ["TableSpeed", "table_figures"]

_MAKER = _ROOT / "tests" / "exporters" / "random_tableformer.py"


@dataclass(frozen=True)
class TableSpeed:
    """Tables of so many tags, and how many times as many as one at a time."""

    batch: int
    tags: int
    tables_per_s: float
    times: float
    gpu: float | None


def table_figures(
    device: str,
    variant: str,
    batches: Sequence[int],
    grid: tuple[int, int],
    seconds: float,
    left: Callable[[], float],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A `speed` for each batch size, one at a time first; see `layout_figures`. `grid`: columns and rows."""
    with tempfile.TemporaryDirectory(prefix="docmill-gpu-") as folder:
        subprocess.run([sys.executable, str(_MAKER), "--variant", variant, "--out", folder], check=True)
        [weights] = Path(folder).rglob("*.safetensors")
        engine = TorchEngine(weights, variant, device)
    columns, rows = grid
    script = ids(" ".join(["ched " * columns + "nl", *["fcel " * columns + "nl"] * (rows - 1), "<end>"]))
    images = pictures(max(batches))
    alone = 0.0
    for batch in batches:
        if left() < 3 * seconds:
            return
        try:
            rate, busy = _rate(engine, images[:batch], script, device, seconds)
        except (RuntimeError, torch.OutOfMemoryError) as error:
            yield "failed", {"what": f"tables, {batch}", "why": str(error).splitlines()[0][:300]}
            continue
        alone = alone or rate
        yield "speed", asdict(TableSpeed(batch, len(script), round(rate, 3), round(rate / alone, 2), busy))


def _rate(
    engine: TorchEngine, images: Any, script: Sequence[int], device: str, seconds: float
) -> tuple[float, float | None]:
    scripts = [list(script)] * len(images)
    decode(engine, images, MAX_TAGS, scripted([[END]] * len(images)))
    done, started = 0, time.perf_counter()
    with Utilisation() as busy:
        while done == 0 or time.perf_counter() - started < seconds:
            decode(engine, images, MAX_TAGS, scripted(scripts))
            done += len(images)
        if device == "cuda":
            torch.cuda.synchronize()
        took = time.perf_counter() - started
    return done / took, busy.mean
