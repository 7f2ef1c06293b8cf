"""A real vLLM server for tests: its environment is made once, and it serves the tiny model."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pikepdf

from docmill.resources.clients.vllm.metrics import read_metrics
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.local.places import ServerHome
from docmill.resources.local.vllm.environment import Environment, prepare_environment
from docmill.resources.local.vllm.places import shipped
from docmill.resources.local.vllm.server import LocalVllm, VllmSettings

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"
MODEL = "ibm-granite/granite-docling-258M"


def home() -> ServerHome:
    return ServerHome(Path(os.environ.get("DOCMILL_HOME") or ROOT / ".docmill") / "vllm")


@functools.cache
def environment() -> Environment:
    return prepare_environment(home(), shipped())


def serve(port: int = 0) -> LocalVllm:
    return LocalVllm(VllmSettings(shipped().tiny, MODEL, port=port), environment(), home())


class CrowdedVllm(LocalVllm):
    """One whose KV cache has room for the answers to a few pages: a dozen requests fill it, and some wait."""

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        command, variables = super()._prepare()
        return [*command, "--num-gpu-blocks-override", "9"], variables


def crowded(port: int) -> CrowdedVllm:
    settings = VllmSettings(shipped().tiny, MODEL, port=port, max_model_len=1024)
    return CrowdedVllm(settings, environment(), home())


def answered(url: str) -> int:
    """Answers that a server has given since its start."""
    return read_metrics(VlmServer(url)).answered


def learned_document(folder: Path, repeats: int) -> Path:
    """A PDF of pages that the tiny model knows by heart, over and over."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "learned.pdf"
    with pikepdf.open(SAMPLES / "many_pages.pdf") as source, pikepdf.new() as made:
        for _ in range(repeats):
            made.pages.extend(source.pages[:4])
        made.save(path)
    return path
