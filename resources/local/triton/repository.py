"""A model repository: which of its models can be served, and how the embedded ones get their weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docmill.resources.local.triton.errors import NoServableModelError
from docmill.resources.local.triton.served_detector import SERVED_DETECTOR_VERSION, served_detector
from docmill.resources.local.triton.served_ocr import OCR, install_ocr
from docmill.resources.weights.copies import copy_changed, write_changed, write_whole
from docmill.resources.weights.embedded_weights import ModelCache, Progress
from docmill.resources.weights.served_code import put_shared_code
from docmill.resources.weights.served_config import put_config
from docmill.resources.weights.served_digest import (
    CONFIG,
    drop_digest,
    model_digest,
    write_digest,
    written_digest,
)

__all__ = [
    "EMBEDDED_SERVED",
    "Servable",
    "check_digests",
    "install_embedded",
    "is_complete",
    "is_for_others",
    "model_names",
    "servable",
    "versions_of",
]

_WEIGHTS = "model.onnx"
_CODE = "model.py"
_SOURCE = "model.source"
#: What Triton looks for in a version's folder when the configuration names no file, by backend or platform.
_DEFAULT_FILES = {
    "onnxruntime": "model.onnx",
    "onnxruntime_onnx": "model.onnx",
    "pytorch": "model.pt",
    "pytorch_libtorch": "model.pt",
    "tensorrt": "model.plan",
    "tensorrt_plan": "model.plan",
}


@dataclass(frozen=True)
class Servable:
    """An embedded model as one of the server's: its folder, its weights' name, and what is made of them."""

    folder: str
    weights: str
    rewrite: Callable[[bytes], bytes] | None = None
    #: Changes with what `rewrite` makes.
    version: int = 0


#: What docmill's own servers run; NVIDIA's container has more.
_BACKENDS = ("onnxruntime", "python")
_PLATFORMS = ("", "ensemble", "onnxruntime_onnx")

EMBEDDED_SERVED = (
    Servable("layout_cdla", "layout", served_detector, SERVED_DETECTOR_VERSION),
    Servable("slanet_plus", "tables"),
    Servable("ocr_detect", "ocr-detect"),
    Servable("ocr_recognise", "ocr-recognise"),
)


def model_names(repository: Path) -> list[str]:
    """The models of a repository, with weights or without."""
    return sorted(path.parent.name for path in repository.glob(f"*/{CONFIG}"))


def versions_of(model: Path) -> list[Path]:
    """The folders of a model's versions, the newest last."""
    found = (path for path in model.glob("[1-9]*") if path.name.isdigit() and path.is_dir())
    return sorted(found, key=lambda path: int(path.name))


def is_complete(model: Path) -> bool:
    """Whether a model's newest version has its weights; raises `NoServableModelError` when malformed."""
    return not _missing(model)


def is_for_others(model: Path) -> bool:
    """Whether only another server than docmill's own can run a model, such as an engine of TensorRT."""
    config = _config(model / CONFIG)
    return (config.backend or _BACKENDS[0]) not in _BACKENDS or config.platform not in _PLATFORMS


def servable(repository: Path, names: Sequence[str] = ()) -> list[str]:
    """The models of a repository that have their weights; of `names`, all or an error.

    Raises `NoServableModelError` for names that are not there or lack weights, and when nothing is left.
    """
    known = model_names(repository)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise NoServableModelError(
            f"{repository} has no model {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
        )
    missing = {name: lacking for name in names or known if (lacking := _missing(repository / name))}
    if names and missing:
        what = "; ".join(f"{name} lacks {lacking}" for name, lacking in missing.items())
        raise NoServableModelError(
            f"{what}, in {repository}: `docmill triton setup` installs the embedded models, and the "
            "repository's README.md says how others get there"
        )
    found = [name for name in names or known if name not in missing]
    if not found:
        raise NoServableModelError(
            f"no model in {repository} has weights: `docmill triton setup` installs the embedded ones"
        )
    return found


def install_embedded(
    repository: Path, configs: Path, cache: ModelCache, progress: Progress | None = None
) -> list[str]:
    """Put the embedded models' weights into a repository, fetched when missing; the models' names.

    `configs` is what the project ships: configurations are copied from there, those that somebody changed are
    kept but for what docmill needs in them, and the code of models that docmill installed is always the
    project's. Every model that has its weights gets their digest written. Raises `ModelDownloadError`, and
    `NoServableModelError` when the repository cannot be written.
    """
    paths = cache.ensure([model.weights for model in EMBEDDED_SERVED], progress=progress)
    try:
        for name in model_names(configs):
            put_config(configs / name / CONFIG, repository / name)
        for model in EMBEDDED_SERVED:
            _install(model, paths[model.weights], repository / model.folder / "1")
        put_shared_code(configs, repository / OCR / "1")
        copy_changed(configs / OCR / "1" / _CODE, repository / OCR / "1" / _CODE)
        install_ocr(repository / OCR / "1", paths["ocr-recognise"])
        _add_calls(repository / OCR / CONFIG, configs / OCR / CONFIG)
        for name in model_names(configs):
            _update_code(configs, name, repository / name / "1")
        for name in servable(repository):
            write_digest(repository / name)
    except OSError as error:
        raise NoServableModelError(
            f"{repository} cannot be written ({error.strerror}): name another folder with --repository"
        ) from error
    return [*(model.folder for model in EMBEDDED_SERVED), OCR]


def check_digests(repository: Path, names: Sequence[str]) -> None:
    """Raise `NoServableModelError` for models whose files are not those that docmill wrote the digest of."""
    models = [repository / name for name in names]
    other = [
        model.name for model in models if (said := written_digest(model)) and said != model_digest(model)
    ]
    if other:
        raise NoServableModelError(
            f"{', '.join(other)} in {repository} has other files than its digest says: clients would take "
            "its answers for those of the former ones; `docmill triton setup --repository "
            f"{repository}` writes it anew"
        )


def _install(model: Servable, weights: Path, folder: Path) -> None:
    """The weights, unless they are there: `model.source` says of what they were made."""
    made_of = f"{weights.name} {model.version}\n"
    target, source = folder / _WEIGHTS, folder / _SOURCE
    if target.is_file() and source.is_file() and source.read_text() == made_of:
        return
    drop_digest(folder.parent)
    data = weights.read_bytes()
    write_whole(model.rewrite(data) if model.rewrite else data, target)
    source.write_text(made_of)


def _add_calls(config: Path, shipped: Path) -> None:
    """Say which models a model calls, in a configuration of a docmill that did not."""
    if "calls" not in _config(config).parameters:
        calls = _config(shipped).parameters["calls"].string_value
        parameter = f'\nparameters {{\n  key: "calls"\n  value {{ string_value: "{calls}" }}\n}}\n'
        write_changed((config.read_text("utf-8").rstrip("\n") + "\n" + parameter).encode(), config)


def _update_code(configs: Path, model: str, version: Path) -> None:
    """Put the project's code into a version that docmill installed: its graphs may be of an older docmill."""
    code = configs / model / "1"
    if not code.is_dir() or not (version / _SOURCE).is_file():
        return
    put_shared_code(configs, version)
    for path in sorted(code.rglob("*.py")):
        target = version / path.relative_to(code)
        if not target.is_file() or target.read_bytes() != path.read_bytes():
            drop_digest(version.parent)
            copy_changed(path, target)


def _missing(model: Path) -> str:
    """What a model's newest version lacks, in words; empty when it is complete."""
    versions = versions_of(model)
    config = _config(model / CONFIG)
    if config.platform == "ensemble":
        return ""
    if not versions:
        return "a version's folder with weights"
    default = config.default_model_filename or _DEFAULT_FILES.get(config.backend or config.platform, _CODE)
    more = config.parameters["files"].string_value if "files" in config.parameters else ""
    newest = versions[-1]
    lacking = [name for name in _names((default, *more.split(","))) if not (newest / name).is_file()]
    return ", ".join(f"{newest.name}/{name}" for name in lacking)


def _names(names: Iterable[str]) -> list[str]:
    return [name.strip() for name in names if name.strip()]


def _config(path: Path) -> Any:
    """The configuration, read as Triton reads it; raises `NoServableModelError` for a malformed one."""
    from google.protobuf import text_format
    from tritonclient.grpc import model_config_pb2

    try:
        return text_format.Parse(path.read_text("utf-8"), model_config_pb2.ModelConfig())
    except text_format.ParseError as error:
        raise NoServableModelError(f"{path} is malformed: {error}") from error
