"""A model of a repository: what its `config.pbtxt` says, and whether a request fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2, service_pb2
from tritonclient.utils import np_to_triton_dtype

from docmill_ray.refusal import RefusedError
from docmill_ray.tensors import Array

__all__ = ["ACCOUNT", "Served", "read_repository"]

#: The output that docmill's onnxruntime backend adds, and models in Python that have the module of that name.
ACCOUNT = "docmill_account"
_ACCOUNT_NUMBERS = 6
_ONNX, _PYTHON = "onnxruntime", "python"
_BACKENDS = Path(__file__).parents[3] / "triton" / "backends"


@dataclass(frozen=True)
class Served:
    """A model and its newest version."""

    folder: Path
    version: str
    #: The message `ModelConfig`, written: what goes between processes.
    written: bytes

    def __reduce__(self) -> tuple[type[Served], tuple[Path, str, bytes]]:
        return Served, (self.folder, self.version, self.written)

    @cached_property
    def config(self) -> Any:
        """The configuration."""
        return model_config_pb2.ModelConfig.FromString(self.written)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.folder.name

    @property
    def code(self) -> Path:
        """The module with its `TritonPythonModel`."""
        if self.config.backend == _ONNX:
            return _BACKENDS / _ONNX / "model.py"
        return self.folder / self.version / "model.py"

    @property
    def calls(self) -> list[str]:
        """The models that it calls."""
        said = self.config.parameters["calls"].string_value if "calls" in self.config.parameters else ""
        return [name.strip() for name in said.split(",") if name.strip()]

    @property
    def instances(self) -> int:
        """How many of it shall run at a time."""
        return sum(max(1, group.count) for group in self.config.instance_group) or 1

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs."""
        return [tensor.name for tensor in self.config.output]

    def metadata(self) -> Any:
        """The message `ModelMetadataResponse`."""
        config = self.config
        answer = service_pb2.ModelMetadataResponse(
            name=self.name, versions=[self.version], platform=config.backend
        )
        items = [-1] if config.max_batch_size else []
        for tensors, into in ((config.input, answer.inputs), (config.output, answer.outputs)):
            for tensor in tensors:
                datatype = model_config_pb2.DataType.Name(tensor.data_type).removeprefix("TYPE_")
                into.add(
                    name=tensor.name,
                    datatype=datatype.replace("STRING", "BYTES"),
                    shape=[*items, *tensor.dims],
                )
        return answer

    def as_json(self) -> dict[str, Any]:
        """The configuration as backends in Python get it."""
        said: dict[str, Any] = json_format.MessageToDict(
            self.config, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        return said

    def check(self, arrays: Mapping[str, Array], wanted: Sequence[str], version: str) -> int:
        """The items of a request with those inputs. Raises `RefusedError` when it does not fit."""
        if version not in ("", self.version):
            raise RefusedError(
                "NOT_FOUND", f"Request for unknown model: '{self.name}' version {version} is not found"
            )
        inputs = {tensor.name: tensor for tensor in self.config.input}
        if set(arrays) != set(inputs):
            raise _wrong(f"model '{self.name}' takes the inputs {sorted(inputs)}, not {sorted(arrays)}")
        if unknown := set(wanted) - set(self.outputs):
            raise _wrong(f"model '{self.name}' has no output {sorted(unknown)}")
        items = {self._checked(tensor, arrays[name]) for name, tensor in inputs.items()}
        if len(items) > 1:
            raise _wrong(f"the inputs of model '{self.name}' hold different numbers of items: {items}")
        return items.pop()

    def reshaped(self, name: str, array: Array) -> Array:
        """An output as clients are told of it: a backend may give it without dimensions of one."""
        tensor = next(tensor for tensor in self.config.output if tensor.name == name)
        if not tensor.HasField("reshape"):
            return array
        items = array.shape[:1] if self.config.max_batch_size else ()
        return array.reshape((*items, *tensor.dims))

    def _checked(self, tensor: Any, array: Array) -> int:
        kind = model_config_pb2.DataType.Name(tensor.data_type).removeprefix("TYPE_")
        datatype = np_to_triton_dtype(array.dtype)
        if datatype != kind.replace("STRING", "BYTES"):
            raise _wrong(f"input '{tensor.name}' of model '{self.name}' is {kind}, not {datatype}")
        most = self.config.max_batch_size
        sizes, dims = (array.shape[1:] if most else array.shape), list(tensor.dims)
        if (most and not array.ndim) or len(sizes) != len(dims):
            raise _wrong(f"input '{tensor.name}' of model '{self.name}' is {dims}, not {list(array.shape)}")
        if any(want not in (-1, have) for want, have in zip(dims, sizes, strict=True)):
            raise _wrong(f"input '{tensor.name}' of model '{self.name}' is {dims}, not {list(array.shape)}")
        if most and not 0 < len(array) <= most:
            raise _wrong(f"inference request batch-size must be <= {most} for '{self.name}'")
        return len(array) if most else 1


def read_repository(repository: Path, names: Sequence[str]) -> list[Served]:
    """Those models, after the models that they call. Raises `ValueError`."""
    found: dict[str, Served] = {}

    def add(name: str) -> None:
        if name in found:
            return
        served = _read(repository / name)
        for called in served.calls:
            if called not in names:
                raise ValueError(f"{name} calls {called}, which is to be served too")
            add(called)
        found[name] = served

    for name in names:
        add(name)
    return list(found.values())


def _read(folder: Path) -> Served:
    versions = [path.name for path in folder.glob("[1-9]*") if path.name.isdigit() and path.is_dir()]
    if not versions:
        raise ValueError(f"{folder} has no version with weights")
    try:
        config = text_format.Parse(
            (folder / "config.pbtxt").read_text("utf-8"), model_config_pb2.ModelConfig()
        )
    except (OSError, text_format.ParseError) as error:
        raise ValueError(f"{folder / 'config.pbtxt'} cannot be read: {error}") from error
    if config.backend not in (_ONNX, _PYTHON) or config.platform:
        raise ValueError(f"{folder.name} has the backend {config.backend or config.platform!r}: not for Ray")
    if not config.input or not config.output:
        raise ValueError(f"{folder.name}'s config.pbtxt names no tensors")
    if any(tensor.HasField("reshape") for tensor in config.input):
        raise ValueError(f"{folder.name} reshapes an input: not for Ray")
    config.name = folder.name
    version = max(versions, key=int)
    if config.backend == _ONNX or (folder / version / f"{ACCOUNT}.py").is_file():
        config.output.add(name=ACCOUNT, data_type=model_config_pb2.TYPE_FP64, dims=[_ACCOUNT_NUMBERS])
    return Served(folder, version, config.SerializeToString())


def _wrong(words: str) -> RefusedError:
    return RefusedError("INVALID_ARGUMENT", words)
