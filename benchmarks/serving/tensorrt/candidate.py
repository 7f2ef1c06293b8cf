"""A model folder for a variant of a served model: its configuration, with the contract as it is."""

from __future__ import annotations

import re
from pathlib import Path

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.local.triton.repository import model_names
from docmill.resources.weights.served_digest import CONFIG, without_digest

__all__ = ["CandidateError", "engine_config", "graph_config"]

_BACKEND = 'backend: "onnxruntime"'
#: Sizes to put batches together for: those of the engine.
_PREFERRED = re.compile(r"preferred_batch_size: \[[^\]\n]{0,200}\]")
_HEAD = """# A TensorRT engine of {of}, let in by benchmarks.serving.tensorrt: its contract is that model's.
# It runs on the GPU model and in the release of TensorRT that built it.
"""


class CandidateError(BackendConfigError):
    """A model that no variant can be made of."""


def engine_config(repository: Path, of: str, name: str, most: int) -> str:
    """The configuration of a TensorRT engine of the model `of`. Raises `CandidateError`."""
    config = _named(repository, of, name)
    config = config.replace(_BACKEND, 'platform: "tensorrt_plan"')
    config = re.sub(r"(?m)^max_batch_size: \d{1,9}$", f"max_batch_size: {most}", config)
    sizes = ", ".join(str(2**power) for power in range(2, most.bit_length()) if 2**power <= most)
    config = _PREFERRED.sub(f"preferred_batch_size: [ {sizes or most} ]", config)
    # an engine is of a GPU: where there is none it is not to load
    config = config.replace("kind: KIND_AUTO", "kind: KIND_GPU")
    return _HEAD.format(of=of) + config


def graph_config(repository: Path, of: str, name: str) -> str:
    """The configuration of another graph of the model `of`. Raises `CandidateError`."""
    return _named(repository, of, name)


def _named(repository: Path, of: str, name: str) -> str:
    if of not in model_names(repository):
        raise CandidateError(
            f"{repository} has no model {of}: `docmill models pull docling` installs docling's"
        )
    config = without_digest((repository / of / CONFIG).read_text("utf-8"))
    if _BACKEND not in config or f'name: "{of}"' not in config:
        raise CandidateError(f"{of} is no ONNX model that names itself and its backend in its {CONFIG}")
    return config.replace(f'name: "{of}"', f'name: "{name}"')
