"""Runs an ONNX file on the CPU: ONNX Runtime, or OpenVINO where it is installed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.extras import is_installed, need
from docmill.resources.quiet import hush

__all__ = ["Array", "Engine", "OnnxModel", "import_runtime", "resolve_engine"]

Array = NDArray[Any]
Engine = Literal["auto", "onnxruntime", "openvino"]

_ONNXRUNTIME_ERRORS_ONLY = 3


class OnnxModel:
    """One model on one CPU, loaded when first used.

    `engine="auto"` takes OpenVINO if it is installed and can run the graph, else ONNX Runtime. Both return
    the outputs in the graph's order; OpenVINO computes in bfloat16 where the CPU can. A pickled copy carries
    the path and the settings only, so it can be sent to a worker.

    `arena=False` gives every buffer back after a run. Set it for models whose input shapes vary: the arena
    keeps the largest buffers it ever needed, for each shape.
    """

    def __init__(self, path: Path, threads: int = 1, engine: Engine = "auto", arena: bool = True) -> None:
        self._path = Path(path)
        self._threads = threads
        self._engine: Engine = engine
        self._arena = arena
        resolve_engine(engine)
        self._lock = threading.Lock()
        self._backend: _Backend | None = None

    @property
    def path(self) -> Path:
        """The ONNX file."""
        return self._path

    @property
    def engine(self) -> str:
        """What runs the model, with its version, e.g. `onnxruntime 1.22.0`; loads it to know."""
        return self._loaded().engine

    @property
    def metadata(self) -> dict[str, str]:
        """The graph's own key-value metadata, e.g. the recogniser's dictionary."""
        return self._loaded().metadata

    @property
    def inputs(self) -> list[str]:
        """Names of the graph's inputs."""
        return self._loaded().inputs

    def run(self, inputs: Mapping[str, Array]) -> list[Array]:
        """All outputs, in the graph's order, for named inputs.

        Raises `BackendConfigError` when the file cannot be loaded.
        """
        return self._loaded().run(inputs)

    def __call__(self, batch: Array) -> list[Array]:
        """`run` for a graph with one input."""
        backend = self._loaded()
        return backend.run({backend.inputs[0]: batch})

    def __reduce__(self) -> tuple[type[OnnxModel], tuple[Path, int, Engine, bool]]:
        return OnnxModel, (self._path, self._threads, self._engine, self._arena)

    def _loaded(self) -> _Backend:
        with self._lock:
            if self._backend is None:
                self._backend = self._load()
            return self._backend

    def _load(self) -> _Backend:
        if resolve_engine(self._engine) == "openvino":
            try:  # OpenVINO raises bare RuntimeErrors, for a graph it cannot convert too
                return _load_openvino(self._path, self._threads, self._arena)
            except Exception as error:
                if self._engine == "openvino":
                    raise BackendConfigError(f"OpenVINO cannot load {self._path}: {error}") from error
        try:
            return _load_onnxruntime(self._path, self._threads, self._arena)
        except Exception as error:
            raise BackendConfigError(f"{self._path} cannot be loaded: {error}") from error


class _Backend:
    """A loaded model, whatever runs it."""

    def __init__(
        self,
        run: Callable[[Mapping[str, Array]], list[Array]],
        engine: str,
        inputs: list[str],
        metadata: dict[str, str],
    ) -> None:
        self.run = run
        self.engine = engine
        self.inputs = inputs
        self.metadata = metadata


def resolve_engine(engine: Engine) -> Literal["onnxruntime", "openvino"]:
    """What `engine` means here: for `auto`, OpenVINO when it is installed.

    Raises `MissingExtraError` when OpenVINO is asked for and not installed.
    """
    if engine == "openvino":
        need("openvino", "engine: openvino")
    return "openvino" if engine != "onnxruntime" and is_installed("openvino") else "onnxruntime"


def import_runtime() -> None:
    """Import what runs models: once, for all processes that are forked from this one.

    It starts no thread before a model is loaded. OpenVINO would, so that one is left to who uses it.
    """
    if resolve_engine("auto") == "onnxruntime":
        hush()
        import onnxruntime  # noqa: F401


def _load_onnxruntime(path: Path, threads: int, arena: bool) -> _Backend:
    hush()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ONNXRUNTIME_ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.enable_cpu_mem_arena = arena
    # memory patterns are planned per input shape: they only pay off for a fixed one
    options.enable_mem_pattern = arena
    # idle threads must not burn the CPU that other workers need
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    provider = ("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})
    session = onnxruntime.InferenceSession(str(path), options, providers=[provider])

    def run(inputs: Mapping[str, Array]) -> list[Array]:
        return list(session.run(None, dict(inputs)))

    names = [value.name for value in session.get_inputs()]
    metadata = dict(session.get_modelmeta().custom_metadata_map)
    return _Backend(run, f"onnxruntime {onnxruntime.__version__}", names, metadata)


def _load_openvino(path: Path, threads: int, arena: bool) -> _Backend:
    import onnx
    import openvino

    config = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino.Core().compile_model(str(path), "CPU", config)
    request = compiled.create_infer_request()
    lock = threading.Lock()
    outputs = list(compiled.outputs)

    def run(inputs: Mapping[str, Array]) -> list[Array]:
        # a request holds one inference at a time, and its buffers are reused by the next
        with lock:
            result = request.infer(dict(inputs))
            values = [np.array(result[output]) for output in outputs]
            if not arena:
                compiled.release_memory()
        return values

    # OpenVINO drops ONNX metadata
    model = onnx.load(str(path), load_external_data=False)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    names = [value.get_any_name() for value in compiled.inputs]
    return _Backend(run, f"openvino {openvino.__version__.split('-')[0]}", names, metadata)
