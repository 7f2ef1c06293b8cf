"""A model repository to measure with: docling's own models where they are installed, else random ones."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx
from filelock import FileLock

from benchmarks.beside_docling.random_heron import SCRIPTS, RandomHeron
from benchmarks.gpu.pipeline.places import Place
from benchmarks.gpu.pipeline.scripted import scripted
from docmill.resources.home import default_home
from docmill.resources.local.triton.places import default_triton_home, shipped
from docmill.resources.local.triton.repository import is_complete
from docmill.resources.weights.docling_models.pull import Places, pull
from docmill.resources.weights.hub import Hub
from docmill.resources.weights.onnx_graphs.half_precision import halved
from docmill.resources.weights.served_code import ACCOUNT_CODE, put_shared_code
from docmill.resources.weights.served_digest import CONFIG

__all__ = ["HERON", "TABLES", "Models", "make_models"]

HERON = "docling-project--docling-layout-heron-uint8"
TABLES = "tableformer"
Size = Literal["full", "small"]
_VARIANT = {"full": "accurate", "small": "fast"}
_TAGS = {"full": 150, "small": 30}
_OWN = Path(__file__).parent / "heron_torch"
_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Models:
    """The repository, and whose weights are in it."""

    repository: Path
    weights: str


def make_models(place: Place, size: Size, precision: str, instances: int, folder: Path) -> Models:
    """Fill `folder`. Minutes the first time: graphs of random weights are kept in docmill's home.

    With two instances of the layout model one is given its pages while the other computes.
    """
    folder.mkdir(parents=True)
    made = _made(place, size, precision, folder)
    config = folder / HERON / CONFIG
    config.write_text(config.read_text("utf-8").replace("count: 1", f"count: {instances}"))
    return made


def _made(place: Place, size: Size, precision: str, folder: Path) -> Models:
    installed = default_triton_home().models
    if place.of_graphs and size == "full" and all(_is_there(installed / name) for name in (HERON, TABLES)):
        for name in (HERON, TABLES):
            shutil.copytree(installed / name, folder / name)
        return Models(folder, "docling's, as installed, in single precision")
    if place.of_graphs:
        _heron_graph(size, precision, folder / HERON)
        shutil.copytree(_tableformer_graphs(size) / TABLES, folder / TABLES)
        _set(folder / TABLES, max_tags=_TAGS[size])
    else:
        assert place.python is not None
        _heron_torch(size, precision, folder / HERON)
        _tableformer_torch(size, place.python, folder / TABLES)
        for name in (HERON, TABLES):
            _append(folder / name / "1" / ACCOUNT_CODE, place.packages)
    tags = f"tables of {_TAGS[size]} tags"
    return Models(folder, f"random ({size} sizes), {precision}, answers of papers, {tags}")


def _is_there(model: Path) -> bool:
    return (model / CONFIG).is_file() and is_complete(model)


def _heron_graph(size: Size, precision: str, model: Path) -> None:
    """The exported graph with answers of papers."""
    made = RandomHeron(default_home()).repository(size) / HERON
    (model / "1").mkdir(parents=True)
    shutil.copy(made / CONFIG, model)
    graph = onnx.load(made / "1" / "model.onnx")
    onnx.save(scripted(halved(graph) if precision == "fp16" else graph), model / "1" / "model.onnx")
    if precision == "tf32":
        _set(model, use_tf32="true")


def _heron_torch(size: Size, precision: str, model: Path) -> None:
    shutil.copytree(_OWN, model, ignore=shutil.ignore_patterns("__pycache__"))
    put_shared_code(shipped().models, model / "1")
    _set(model, root=_ROOT, size=size, precision=precision)


def _tableformer_graphs(size: Size) -> Path:
    """A repository with the exported graphs."""
    variant, home = _VARIANT[size], default_home()
    heron, script = RandomHeron(home), SCRIPTS / "random_tableformer.py"
    checkpoint = heron.place(f"gpu-tableformer-{variant}", [script])
    with FileLock(checkpoint.with_suffix(".lock")):
        if not checkpoint.exists():
            made = checkpoint.with_suffix(".new")
            shutil.rmtree(made, ignore_errors=True)
            heron.run(script, "--variant", variant, "--out", made)
            made.rename(checkpoint)
    repository = checkpoint.with_name(f"{checkpoint.name}-repository")
    places = Places(shipped(), home / "export", home / "none", repository)
    pull("tables", "fast" if variant == "fast" else "accurate", places, checkpoint, Hub())
    return repository


def _tableformer_torch(size: Size, python: Path, model: Path) -> None:
    """docmill's torch engine with a checkpoint."""
    variant, version = _VARIANT[size], model / "1"
    own = shipped().models / TABLES
    shutil.copytree(own, model, ignore=shutil.ignore_patterns("*.onnx", "*.source", "__pycache__", ".*"))
    put_shared_code(shipped().models, version)
    made = model.parent.with_name("tableformer-checkpoint")
    command = [str(python), str(SCRIPTS / "random_tableformer.py"), "--variant", variant, "--out", str(made)]
    subprocess.run(command, check=True)
    [weights] = made.rglob("*.safetensors")
    shutil.copy(weights, version / "tableformer.safetensors")
    config = (model / CONFIG).read_text("utf-8")
    config = config.replace('string_value: "onnxruntime"', 'string_value: "torch"')
    config = config.replace("encoder.onnx,step.onnx,boxes.onnx", "tableformer.safetensors")
    (model / CONFIG).write_text(config)
    _set(model, variant=variant, max_tags=_TAGS[size])


def _append(code: Path, folders: Sequence[str]) -> None:
    """Have a module that every model imports first put these folders at the end of Python's path.

    At the end: the server's older NumPy comes first, without which it reads zeros. It takes no PYTHONPATH.
    """
    before, rest = code.read_text("utf-8").split("\nimport json\n", 1)
    code.write_text(f"{before}\nimport json\nimport sys\n\nsys.path.extend({list(folders)!r})\n{rest}")


def _set(model: Path, **parameters: object) -> None:
    with (model / CONFIG).open("a") as config:
        for key, value in parameters.items():
            config.write(f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n')
