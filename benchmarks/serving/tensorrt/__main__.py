"""`python -m benchmarks.serving.tensorrt`: heron as a TensorRT engine, let in when it finds what heron finds.

    bash deploy/triton/tensorrt-engine.sh /models my    # this, in NVIDIA's container
    python -m benchmarks.serving.tensorrt my/*.pdf --engine onnxruntime    # the same graph without TensorRT
    python -m benchmarks.serving.tensorrt my/*.pdf --rehearse GRAPH.onnx   # any graph in place of an engine

Takes the ONNX model of a repository, puts its features into FP16 (what chooses and refines detections stays
in single precision), has `trtexec` build an engine of it, serves both with the Triton that is here, and shows
every page of the PDFs to both: the gate is `benchmarks.serving.detection_parity`. When at least `--least` of
the detections have their partner, the engine goes into the repository as a model of its own, `--name`, with
the same contract. Otherwise nothing of it stays, and the command ends with 1; with 2 when nothing could be
built or compared.

With `--engine onnxruntime` no engine is built: the graph in FP16 itself is the model, for any Triton whose
ONNX Runtime has a GPU. The gate is worth what its machine is: what a CPU lets in, a GPU may not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import onnx
from rich.console import Console
from rich.markup import escape

from benchmarks.beside_docling.random_heron import HERON
from benchmarks.material.corpus import ordinary_samples
from benchmarks.serving.places.official import official
from benchmarks.serving.tensorrt.admission import add_reference, gate, let_in
from benchmarks.serving.tensorrt.candidate import engine_config, graph_config
from benchmarks.serving.tensorrt.engine import (
    Batches,
    EngineError,
    build_engine,
    find_trtexec,
    typed_graph,
)
from docmill.pipeline.convert.errors import BackendError
from docmill.resources.local.triton.environment import Environment, prepare_environment
from docmill.resources.local.triton.places import default_triton_home, shipped
from docmill.resources.weights.docling_models.checkpoint import sha256_of
from docmill.resources.weights.served_digest import CONFIG

__all__ = ["main"]

_GRAPH, _TENSORRT = "model.onnx", "tensorrt"
_REFUSED, _NOT_BUILT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console(width=120)
    try:
        with tempfile.TemporaryDirectory(prefix="docmill-tensorrt-") as folder:
            return _run(options, Path(folder), console)
    except BackendError as error:
        console.print(escape(str(error)), style="red")
        return _NOT_BUILT


def _run(options: argparse.Namespace, scratch: Path, console: Console) -> int:
    of, repository = options.model, options.repository
    if options.engine != _TENSORRT and options.precision != "fp16":
        raise EngineError("with onnxruntime there is FP16 alone; TF32 is a parameter of the model: use_tf32")
    name = options.name or f"{of}-{'tensorrt' if options.engine == _TENSORRT else options.precision}"
    if not (documents := _documents(options.pdfs)):
        raise EngineError(f"no PDF in {', '.join(map(str, options.pdfs))}")
    candidate = scratch / "models" / name
    (candidate / "1").mkdir(parents=True)
    environment = _server(needs_tensorrt=not options.rehearse and options.engine == _TENSORRT)
    _make(candidate, options, console)
    add_reference(repository / of, scratch / "models" / of)
    pages = [str(path) for path in documents]
    held = [*pages, "--least", str(options.least)]
    if options.json:
        held += ["--json", str(options.json)]
    status = gate(scratch / "models", of, name, environment, default_triton_home(), held)
    if status:
        console.print(f"{name} does not find what {of} finds: refused", style="red")
        return _REFUSED if status == 1 else _NOT_BUILT
    console.print(f"{name} finds what {of} finds")
    if options.rehearse:
        console.print("this was a rehearsal: nothing stays")
    else:
        console.print(f"it is in {let_in(candidate, repository)}", soft_wrap=True)
    return 0


def _documents(given: Sequence[Path]) -> list[Path]:
    """PDFs, those of folders among them; docmill's samples where none are given."""
    found = [sorted(path.glob("*.pdf")) if path.is_dir() else [path] for path in given]
    return [path for paths in found for path in paths] if given else ordinary_samples()


def _make(candidate: Path, options: argparse.Namespace, console: Console) -> None:
    """Fill the candidate's folder."""
    of, name, repository = options.model, candidate.name, options.repository
    graph, version = repository / of / "1" / _GRAPH, candidate / "1"
    batches = Batches(options.least_batch, options.best_batch, options.most_batch)
    if not graph.is_file():
        raise EngineError(f"{graph} is missing: `docmill models pull docling` installs docling's models")
    if options.rehearse:
        (candidate / CONFIG).write_text(graph_config(repository, of, name))
        shutil.copy(options.rehearse, version / _GRAPH)
        console.print(f"a rehearsal: {options.rehearse} stands in for an engine", soft_wrap=True)
    elif options.engine == _TENSORRT:
        trtexec, began = find_trtexec(os.environ.get("TRTEXEC", "")), time.monotonic()
        (candidate / CONFIG).write_text(engine_config(repository, of, name, batches.most))
        console.print(f"building an engine of {graph}: minutes", soft_wrap=True)
        plan = build_engine(graph, version, options.precision, batches, trtexec, options.timing_cache)
        console.print(f"built {plan.stat().st_size / 1e6:.0f} MB in {time.monotonic() - began:.0f} s")
        _write_source(version, graph, options)
    else:
        (candidate / CONFIG).write_text(graph_config(repository, of, name))
        onnx.save(typed_graph(onnx.load(graph), options.precision), version / _GRAPH)
        _write_source(version, graph, options)


def _server(needs_tensorrt: bool) -> Environment:
    """NVIDIA's server where it is, which alone has TensorRT, else docmill's own."""
    if (found := official()) is not None:
        return found
    if needs_tensorrt:
        raise EngineError("there is no Triton with NVIDIA's backends here: run this in its container")
    return prepare_environment(default_triton_home(), shipped())


def _write_source(version: Path, graph: Path, options: argparse.Namespace) -> None:
    """Beside the model, what it was made of; servers and digests leave it out."""
    made = {
        "graph": sha256_of(graph),
        "precision": options.precision,
        "engine": options.engine,
        "container": os.environ.get("NVIDIA_TRITON_SERVER_VERSION", ""),
        "least": options.least,
        "date": datetime.now(UTC).date().isoformat(),
    }
    (version / "model.source").write_text(json.dumps(made, indent=2) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving.tensorrt",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pdfs", type=Path, nargs="*", help="your own, or folders; default: docmill's samples")
    parser.add_argument("--repository", type=Path, default=default_triton_home().models)
    parser.add_argument("--model", default=f"{HERON}-uint8", help=f"default {HERON}-uint8")
    parser.add_argument("--name", default="", help="of the new model; default: the model's and -tensorrt")
    parser.add_argument("--engine", choices=[_TENSORRT, "onnxruntime"], default=_TENSORRT)
    parser.add_argument("--precision", choices=["fp16", "fp32", "tf32"], default="fp16")
    parser.add_argument("--least-batch", type=int, default=1)
    parser.add_argument("--best-batch", type=int, default=16)
    parser.add_argument("--most-batch", type=int, default=32)
    parser.add_argument(
        "--least", type=float, default=0.99, help="of detections with a partner (default 0.99)"
    )
    parser.add_argument(
        "--timing-cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "docmill-tensorrt.timing",
        help="makes the next build on the same GPU quicker",
    )
    parser.add_argument("--rehearse", type=Path, metavar="GRAPH", help="an ONNX graph in place of an engine")
    parser.add_argument("--json", type=Path, help="what the gate found")
    return parser


if __name__ == "__main__":
    sys.exit(main())
