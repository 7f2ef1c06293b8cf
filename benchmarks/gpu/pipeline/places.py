"""Which server this machine can run docling's architectures with, the best first, and it running."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.serving.places.official import official
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.triton.canary import CANARY, write_canary
from docmill.resources.local.triton.environment import Environment, prepare_environment
from docmill.resources.local.triton.places import default_triton_home, shipped
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.local.virtual_environment import VirtualEnvironment, stamp_of

__all__ = ["KINDS", "Device", "Kind", "NoServerError", "Place", "Running", "has_cuda", "running", "where"]

Device = Literal["cpu", "cuda"]
#: `official`: NVIDIA's Triton; `onnxruntime`: docmill's, with its backend; `torch`: docmill's, with models in
#: torch; `door`: no Triton, models in torch behind the same protocol.
Kind = Literal["official", "onnxruntime", "torch", "door"]
KINDS: tuple[Kind, ...] = ("official", "onnxruntime", "torch", "door")
_ROOT = Path(__file__).resolve().parents[3]
_START_S = 240.0
#: What a Python is asked: its version, its packages' folder, and what it has.
_ASK = """
import importlib.util, json, sys, sysconfig
facts = {"version": list(sys.version_info[:2]), "packages": sysconfig.get_path("purelib"), "path": sys.path}
facts["has"] = [n for n in ("torch", "transformers", "grpc", "tritonclient") if importlib.util.find_spec(n)]
print(json.dumps(facts))
"""
#: Whether its onnxruntime computes a graph on a GPU: a build for CUDA that does not find it takes the CPU.
_ASK_CUDA = """
import sys, onnxruntime
wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"]
session = onnxruntime.InferenceSession(sys.argv[1], providers=wanted)
sys.exit(session.get_providers()[0] != wanted[0])
"""
_READY = "ready at "


class NoServerError(Exception):
    """Nothing here can serve the models; says why for each kind."""


@dataclass(frozen=True)
class Place:
    """A kind of server, in words for the report, and what it is started with."""

    kind: Kind
    words: str
    environment: Environment | None = None
    #: With torch.
    python: Path | None = None
    #: Folders of that one's packages, where the server has a Python of its own.
    packages: tuple[str, ...] = ()

    @property
    def of_graphs(self) -> bool:
        """Whether it is given ONNX graphs; otherwise torch."""
        return self.kind in ("official", "onnxruntime")


@dataclass(frozen=True)
class Running:
    """Where each model answers, by its name, and the processes."""

    urls: Mapping[str, str]
    pids: Sequence[int]


def where(device: Device, python: Path, kind: Kind | None = None) -> Place:
    """The best place, or one of that kind; `python` is one with torch. Raises `NoServerError`."""
    reasons = []
    for each in [kind] if kind else KINDS:
        try:
            return _MAKERS[each](device, python)
        except (NoServerError, EnvironmentSetupError) as error:
            reasons.append(f"{each}: {error}")
    raise NoServerError("; ".join(reasons))


@contextmanager
def running(place: Place, repository: Path, models: Sequence[str], device: Device) -> Iterator[Running]:
    """The server with these models. Raises what starting raises."""
    if place.environment is not None:
        settings = ServerSettings(repository, tuple(models), Ports(0, 0, 0), start_limit_s=_START_S)
        with LocalServer(settings, place.environment, default_triton_home()) as server:
            yield Running(dict.fromkeys(models, server.url), [server.pid])
        return
    assert place.python is not None
    with ExitStack() as stack:
        doors = [stack.enter_context(_door(place.python, repository, model, device)) for model in models]
        yield Running(
            {model: url for model, (url, _) in zip(models, doors, strict=True)}, [pid for _, pid in doors]
        )


def _official(device: Device, _python: Path) -> Place:
    found = official()
    if found is None:
        raise NoServerError("no /opt/tritonserver with a backend for ONNX")
    own = shutil.which("python3", path=found.variables(dict(os.environ))["PATH"])
    if device == "cuda" and not has_cuda(Path(own or "python3"), found):
        raise NoServerError("its Python has no onnxruntime that finds CUDA: deploy/triton/Dockerfile adds it")
    return Place("official", f"NVIDIA's Triton, its ONNX Runtime, {device}", found)


def _onnxruntime(device: Device, _python: Path) -> Place:
    environment = _own(device)
    if device == "cuda" and not has_cuda(environment.folder / "bin" / "python", environment):
        raise NoServerError(
            "its onnxruntime is for CPUs, or does not find CUDA: docs/triton-operation.md puts in the other"
        )
    return Place("onnxruntime", f"docmill's Triton, its ONNX Runtime, {device}", environment)


def _torch(device: Device, python: Path) -> Place:
    facts = _facts(python)
    _need(facts, "torch", "transformers")
    environment = _own(device)
    own = _facts(environment.folder / "bin" / "python")
    if own["version"] != facts["version"]:
        raise NoServerError(f"torch is in Python {facts['version']}, the server's is {own['version']}")
    packages = tuple(each for each in facts["path"] if each)
    return Place("torch", f"docmill's Triton, models in torch, {device}", environment, python, packages)


def _own(device: Device) -> Environment:
    """docmill's Triton; made for a dry run. On a GPU no minutes go into pip that finds no network."""
    home, source = default_triton_home(), shipped()
    if device == "cuda" and not VirtualEnvironment(home.environment).made_with(stamp_of([source.lock])):
        raise NoServerError("docmill's Triton is not set up: `docmill triton setup`")
    return prepare_environment(home, source)


def _door_place(device: Device, python: Path) -> Place:
    _need(_facts(python), "torch", "transformers", "grpc", "tritonclient")
    return Place("door", f"no Triton: models in torch behind its protocol, {device}", python=python)


_MAKERS = {"official": _official, "onnxruntime": _onnxruntime, "torch": _torch, "door": _door_place}


def _facts(python: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [str(python), "-c", _ASK], capture_output=True, text=True, check=True, timeout=120
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoServerError(f"{python} does not work: {error}") from error
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def has_cuda(python: Path, environment: Environment) -> bool:
    """Whether a Python's onnxruntime computes on a GPU, as that server would run it."""
    with tempfile.TemporaryDirectory() as folder:
        write_canary(Path(folder))
        command = [str(python), "-c", _ASK_CUDA, str(Path(folder) / CANARY / "1" / "model.onnx")]
        variables = environment.variables(dict(os.environ))
        try:
            done = subprocess.run(command, env=variables, capture_output=True, timeout=120, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0


def _need(facts: Mapping[str, Any], *packages: str) -> None:
    if lacking := [name for name in packages if name not in facts["has"]]:
        raise NoServerError(f"a Python without {', '.join(lacking)}")


@contextmanager
def _door(python: Path, repository: Path, model: str, device: Device) -> Iterator[tuple[str, int]]:
    command = [str(python), "-m", "benchmarks.gpu.pipeline.door", "--device", device]
    process = subprocess.Popen(
        [*command, "--repository", str(repository), "--model", model],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    late = threading.Timer(_START_S, process.kill)
    late.start()
    assert process.stdout is not None
    # nothing that a model prints later may fill the pipe
    reading = threading.Thread(target=process.stdout.read, daemon=True)
    try:
        for line in process.stdout:
            if line.startswith(_READY):
                break
        else:
            raise NoServerError(f"the door of {model} ended with {process.wait()} before it was ready")
        late.cancel()
        reading.start()
        yield line.strip().removeprefix(_READY), process.pid
    finally:
        late.cancel()
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        if reading.ident:
            reading.join()
        process.stdout.close()
