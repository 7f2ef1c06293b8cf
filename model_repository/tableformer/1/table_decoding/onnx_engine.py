"""The model as ONNX graphs on onnxruntime: `encoder.onnx`, `step.onnx` and `boxes.onnx` of one folder.

A step copies nothing that it needs: the graphs read and write buffers that stay where they are. The picture's
keys and values are most of what a step has to read. Those of the tags are written in place: each is input and
output of the step in the same memory, in which its first operation changes one position and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

__all__ = ["OnnxEngine"]

Array = NDArray[Any]

_HEADS, _HEAD_WIDTH = 8, 64
_WIDTH = 512
_PIXELS = 784
_TAGS, _CLASSES = 13, 3
#: Places for tags in a new cache; it is doubled when it is full.
_FIRST_CAPACITY = 64
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
#: Without TF32 a GPU finds what a CPU finds; an exhaustive search for convolutions takes seconds for each new
#: number of pictures.
_CUDA_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
#: Pictures that the encoder takes at a time: more are no faster on a CPU, and each takes 0.1 GB meanwhile.
_ENCODED_AT_ONCE = {"cpu": 1, "cuda": 16}
#: Cells whose boxes are computed at a time: 1.6 MB of intermediate values each, which the CPU's cache holds.
_BOXES_AT_ONCE = {"cpu": 4, "cuda": 256}
#: Leaving rows go at once where moving one costs as much as one step of it; a GPU's go through the host.
_SHRINK_AT = {"cpu": 1.0, "cuda": 0.5}
_ERRORS_ONLY = 3


class OnnxEngine:
    """The graphs on one device: `cpu`, or `cuda` and its number. 0 threads: as many as there are cores."""

    def __init__(self, folder: Path, device: str = "cpu", number: int = 0, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # idle threads must not burn the CPU that other models and the workers need
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = _ERRORS_ONLY
        provider: Any = _PROVIDERS[device]
        if provider not in onnxruntime.get_available_providers():
            raise ValueError(f"this build of onnxruntime has no {provider}")
        if device != "cpu":
            provider = (provider, {"device_id": number, **_CUDA_OPTIONS})
        self.device, self.number = device, number
        self.encoder, self.writer, self.boxes = (
            onnxruntime.InferenceSession(str(folder / f"{part}.onnx"), options, providers=[provider])
            for part in ("encoder", "step", "boxes")
        )

    def encode(self, images: Array) -> OnnxPictures:
        """Encode pictures [N, 3, 448, 448], float32, one row each."""
        return OnnxPictures(self, np.ascontiguousarray(images, np.float32))


class _Buffer:
    """Memory [N, ...] on the engine's device, of which graphs use rows that follow one another."""

    def __init__(self, engine: OnnxEngine, values: Array) -> None:
        self._engine = engine
        self._shape = values.shape[1:]
        self._row = values[:1].nbytes
        # the CPU's graphs work on the array itself
        self._value = values if engine.device == "cpu" else self._moved(values)

    def _moved(self, values: Array) -> Any:
        engine = self._engine
        return onnxruntime.OrtValue.ortvalue_from_numpy(values, engine.device, engine.number)

    def numpy(self) -> Array:
        """The values; on the CPU the memory itself."""
        return self._value if isinstance(self._value, np.ndarray) else self._value.numpy()

    def keep(self, rows: Sequence[int]) -> None:
        """Move rows, whose order is rising, to the front."""
        values = self.numpy()
        for row, kept in enumerate(rows):
            if row != kept:
                values[row] = values[kept]
        if values is not self._value:
            self._value = self._moved(np.ascontiguousarray(values[: len(rows)]))

    def place(self, start: int, count: int) -> tuple[str, int, type, tuple[int, ...], int]:
        """Rows from `start` on, as onnxruntime's bindings take them."""
        value = self._value
        begin = value.ctypes.data if isinstance(value, np.ndarray) else value.data_ptr()
        engine = self._engine
        return engine.device, engine.number, np.float32, (count, *self._shape), begin + start * self._row


class OnnxPictures:
    """Encoded pictures and what has been written of each."""

    def __init__(self, engine: OnnxEngine, images: Array) -> None:
        self.shrink_at = _SHRINK_AT[engine.device]
        self._engine = engine
        self._rows = len(images)
        self._features = self._memory(_PIXELS, _WIDTH)
        self._keys = self._memory(_PIXELS, _WIDTH)
        self._gates = self._memory(_WIDTH)
        names = [output.name for output in engine.encoder.get_outputs()][3:]
        shapes = [(_HEADS, _HEAD_WIDTH, _PIXELS), (_HEADS, _PIXELS, _HEAD_WIDTH)]
        self._picture = [self._memory(*shapes[index % 2]) for index in range(len(names))]
        self._past = [self._memory(_HEADS, _FIRST_CAPACITY, _HEAD_WIDTH) for _ in names]
        self._capacity = _FIRST_CAPACITY
        self._encode(images)
        self._bind()

    def _memory(self, *shape: int) -> _Buffer:
        return _Buffer(self._engine, np.zeros((self._rows, *shape), np.float32))

    def _encode(self, images: Array) -> None:
        encoder, size = self._engine.encoder, _ENCODED_AT_ONCE[self._engine.device]
        names = [output.name for output in encoder.get_outputs()]
        buffers = [self._features, self._keys, self._gates, *self._picture]
        for start in range(0, len(images), size):
            some = images[start : start + size]
            binding = encoder.io_binding()
            binding.bind_cpu_input("images", some)
            for name, buffer in zip(names, buffers, strict=True):
                binding.bind_output(name, *buffer.place(start, len(some)))
            encoder.run_with_iobinding(binding)

    def _bind(self) -> None:
        """Tell the step's graph where everything is; again whenever something moved."""
        writer = self._engine.writer
        inputs = [value.name for value in writer.get_inputs()][2:]
        outputs = [value.name for value in writer.get_outputs()][2:]
        self._binding = writer.io_binding()
        for name, buffer in zip(inputs, [*self._picture, *self._past], strict=True):
            self._binding.bind_input(name, *buffer.place(0, self._rows))
        for name, buffer in zip(outputs, self._past, strict=True):
            self._binding.bind_output(name, *buffer.place(0, self._rows))
        self._logits = np.empty((self._rows, _TAGS), np.float32)
        self._hidden = np.empty((self._rows, _WIDTH), np.float32)
        _bind_result(self._binding, "logits", self._logits)
        _bind_result(self._binding, "hidden", self._hidden)

    def step(self, tags: Sequence[int], position: int) -> tuple[Array, Array]:
        """Logits [R, 13] and hidden states [R, 512] of the rows."""
        if position >= self._capacity:
            self._grow()
        self._binding.bind_cpu_input("tags", np.array(tags, np.int64))
        self._binding.bind_cpu_input("position", np.array([position], np.int64))
        self._engine.writer.run_with_iobinding(self._binding)
        return self._logits, self._hidden.copy()

    def _grow(self) -> None:
        past = [buffer.numpy()[: self._rows] for buffer in self._past]
        self._past = [_Buffer(self._engine, np.concatenate([p, np.zeros_like(p)], axis=2)) for p in past]
        self._capacity *= 2
        self._bind()

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone."""
        for buffer in (*self._picture, *self._past):
            buffer.keep(rows)
        self._rows = len(rows)
        self._bind()

    def boxes(self, table: int, hidden: Sequence[Array]) -> tuple[Array, Array]:
        """Boxes [C, 4] and class logits [C, 3] of a table's cells."""
        states = np.stack(hidden)
        boxes = np.empty((len(states), 4), np.float32)
        classes = np.empty((len(states), _CLASSES), np.float32)
        graph, size = self._engine.boxes, _BOXES_AT_ONCE[self._engine.device]
        binding = graph.io_binding()
        for name, buffer in (("features", self._features), ("keys", self._keys), ("gate", self._gates)):
            binding.bind_input(name, *buffer.place(table, 1))
        for start in range(0, len(states), size):
            binding.bind_cpu_input("hidden", states[start : start + size])
            _bind_result(binding, "boxes", boxes[start : start + size])
            _bind_result(binding, "classes", classes[start : start + size])
            graph.run_with_iobinding(binding)
        return boxes, classes


def _bind_result(binding: Any, name: str, result: Array) -> None:
    binding.bind_output(name, "cpu", 0, np.float32, result.shape, result.ctypes.data)
