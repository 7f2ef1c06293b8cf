"""A TensorRT engine of heron's graph, made by NVIDIA's `trtexec`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.weights.onnx_graphs.half_precision import halved

__all__ = [
    "Batches",
    "EngineError",
    "Precision",
    "build_engine",
    "builder_command",
    "find_trtexec",
    "typed_graph",
]

#: `fp16`: features in FP16, what chooses and refines in single precision. `tf32`: products of all layers.
Precision = Literal["fp16", "fp32", "tf32"]
#: Where NVIDIA's images have it when it is not on PATH.
_PLACES = (Path("/usr/src/tensorrt/bin/trtexec"), Path("/opt/tensorrt/bin/trtexec"))
_LIMIT_S = 3600.0
_SHOWN = 30


class EngineError(BackendConfigError):
    """No engine can be built here, or `trtexec` has not built one."""


@dataclass(frozen=True)
class Batches:
    """For how many pages an engine works, and for how many it is fastest."""

    least: int = 1
    best: int = 16
    most: int = 32

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.best <= self.most:
            raise EngineError(
                f"batches of {self.least} to {self.most}, best at {self.best}: not in this order"
            )


def find_trtexec(environment: str = "") -> Path:
    """`trtexec`: the one named in the environment, on PATH, or where NVIDIA's images have it.

    Raises `EngineError`.
    """
    if environment:
        if shutil.which(environment):
            return Path(environment)
        raise EngineError(f"TRTEXEC is {environment}, which is no program")
    found = shutil.which("trtexec")
    for place in (Path(found),) if found else _PLACES:
        if os.access(place, os.X_OK):
            return place
    raise EngineError(
        "there is no trtexec here: run this in NVIDIA's tritonserver container, or name it with TRTEXEC; "
        "it has to be of the server's own release of TensorRT, since an engine runs in no other"
    )


def build_engine(
    graph: Path, folder: Path, precision: Precision, batches: Batches, trtexec: Path, cache: Path
) -> Path:
    """Build `folder/model.plan`. Raises `EngineError`."""
    typed, plan = folder / "typed.onnx", folder / "model.plan"
    model = onnx.load(graph)
    onnx.save(typed_graph(model, precision), typed)
    command = builder_command(model, typed, plan, precision, batches, trtexec, cache)
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"trtexec was not done after {_LIMIT_S:g} s") from error
    typed.unlink()
    if done.returncode or not plan.is_file():
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_SHOWN:])
        raise EngineError(f"trtexec ended with {done.returncode} and built nothing:\n{said}")
    return plan


def typed_graph(model: onnx.ModelProto, precision: Precision) -> onnx.ModelProto:
    """The graph with the types of a precision. Raises `EngineError` for no graph of a detector."""
    try:
        return halved(model) if precision == "fp16" else model
    except ValueError as error:
        raise EngineError(str(error)) from error


def builder_command(
    model: onnx.ModelProto,
    graph: Path,
    plan: Path,
    precision: Precision,
    batches: Batches,
    trtexec: Path,
    cache: Path,
) -> list[str]:
    """The command. With `--stronglyTyped` types are the graph's own: no precision is TensorRT's choice.

    Without `--noTF32` what is in single precision would be computed in TF32, as coarse as FP16.
    """
    shapes = {
        name: ",".join(f"{tensor}:{'x'.join(map(str, (count, *dims)))}" for tensor, dims in _inputs(model))
        for name, count in (("min", batches.least), ("opt", batches.best), ("max", batches.most))
    }
    return [
        *(str(trtexec), f"--onnx={graph}", f"--saveEngine={plan}", "--stronglyTyped", "--skipInference"),
        *(() if precision == "tf32" else ("--noTF32",)),
        *(f"--{name}Shapes={spec}" for name, spec in shapes.items()),
        f"--timingCacheFile={cache}",
    ]


def _inputs(model: onnx.ModelProto) -> Sequence[tuple[str, tuple[int, ...]]]:
    """Each input and its dimensions after the first, which is the batch."""
    found = []
    for value in model.graph.input:
        dims = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])
        if not all(dims):
            raise EngineError(f"the graph's input {value.name} has more than its batch free")
        found.append((value.name, dims))
    return found
