"""TableFormer's architecture with random weights, installed as users do it, and asked without a server."""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path

import numpy as np

from benchmarks.serving.random_tableformer import TABLES, RandomTableFormer
from docmill.resources.local.triton.places import shipped
from tests.acceptance.heron_checkpoints import ROOT, copy, docmill_home

CODE = ROOT / "model_repository" / "tableformer" / "1"
sys.path[:0] = [str(ROOT / "deploy" / "export"), str(CODE)]

from table_decoding.loop import Choose, Table, decode  # noqa: E402
from table_decoding.onnx_engine import OnnxEngine  # noqa: E402
from tableformer_cases import pictures, scripted  # noqa: E402

__all__ = ["BRIEF", "MAX_TAGS", "TABLES", "alone", "checkpoint", "pictures", "repository", "scripted"]

#: The same model, made to stop after three tags.
BRIEF = "tableformer_brief"
#: Where the served model stops: beyond the first two sizes of its cache.
MAX_TAGS = 150


@functools.cache
def checkpoint() -> Path:
    """The fast variant, in a folder like docling's repository. Not docling's weights."""
    return RandomTableFormer(docmill_home()).checkpoint()


@functools.cache
def repository() -> Path:
    """A repository with the model as `docmill models pull docling` installs it, and the brief one."""
    folder = RandomTableFormer(docmill_home()).repository()
    config = (shipped().models / TABLES / "config.pbtxt").read_text()
    (folder / TABLES / "config.pbtxt").write_text(_with_parameter(config, "max_tags", str(MAX_TAGS)))
    copy(folder / TABLES, folder / BRIEF)
    brief = _with_parameter(config, "max_tags", "3").replace(f'name: "{TABLES}"', f'name: "{BRIEF}"')
    (folder / BRIEF / "config.pbtxt").unlink()
    (folder / BRIEF / "config.pbtxt").write_text(brief)
    return folder


def alone(images: np.ndarray, max_tags: int = MAX_TAGS, choose: Choose | None = None) -> list[Table]:
    """Each picture by itself, in this process; with `choose`, all together."""
    if choose is not None:
        return decode(_engine(), images, max_tags, choose)
    return [_alone(image.tobytes(), max_tags) for image in images]


@functools.cache
def _alone(image: bytes, max_tags: int) -> Table:
    [table] = decode(_engine(), np.frombuffer(image, np.float32).reshape(1, 3, 448, 448), max_tags)
    return table


@functools.cache
def _engine() -> OnnxEngine:
    return OnnxEngine(repository() / TABLES / "1", threads=1)


def _with_parameter(config: str, key: str, value: str) -> str:
    assert not re.search(rf'key: "{key}"', config)
    return f'{config}\nparameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'
