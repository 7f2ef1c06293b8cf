"""A Dockerfile as stages of instructions, with its arguments put in."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from dockerfile_parse import DockerfileParser

__all__ = ["Copy", "Run", "Stage", "StrangeInstructionError", "put_files", "stages_of"]

_REFERENCE = re.compile(r"\$\{(\w+)\}")


class StrangeInstructionError(ValueError):
    """An instruction, or an option of one, that is not understood here."""


@dataclass(frozen=True)
class Run:
    """A command line for the shell, as this user in this folder; `caches` are folders kept between builds."""

    command: str
    shell: tuple[str, ...]
    folder: str
    environment: Mapping[str, str]
    caches: tuple[str, ...]


@dataclass(frozen=True)
class Copy:
    """What is copied where: from the context, or from another stage."""

    sources: tuple[str, ...]
    to: str
    stage: str


@dataclass
class Stage:
    """One stage: what it begins with, what makes it, and how its programs are started."""

    name: str
    base: str
    steps: list[Run | Copy] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    folder: str = "/"
    user: str = "0:0"
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    healthcheck: str = ""


def stages_of(path: Path, arguments: Mapping[str, str]) -> dict[str, Stage]:
    """The stages by name, in order; `arguments` are those of `--build-arg`.

    A stage that begins with another has its environment, shell, folder and user. Raises
    `StrangeInstructionError`: what is not understood is not passed over.
    """
    stages: dict[str, Stage] = {}
    outer: dict[str, str] = {}
    stage: Stage | None = None
    for keyword, value in _instructions(path):
        if keyword == "ARG":
            name, _, default = value.partition("=")
            target = outer if stage is None else stage.arguments
            target[name] = arguments.get(name, default.strip('"'))
        elif keyword == "FROM":
            stage = _begun(_filled(value, outer), stages)
            stages[stage.name] = stage
        elif stage is None:
            raise StrangeInstructionError(f"{keyword} before FROM")
        else:
            _add(stage, keyword, value)
    return stages


def put_files(stage: Stage, context: Path, root: Path) -> None:
    """Copy what a stage takes of the context itself, with nothing of other stages, below `root`."""
    for step in stage.steps:
        if isinstance(step, Copy) and not step.stage:
            for source in step.sources:
                to = root / step.to.lstrip("/")
                if (context / source).is_dir():
                    shutil.copytree(context / source, to, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(context / source, to)


def _instructions(path: Path) -> Iterator[tuple[str, str]]:
    for each in DockerfileParser(fileobj=BytesIO(path.read_bytes())).structure:
        if each["instruction"] != "COMMENT":
            yield each["instruction"], each["value"]


def _begun(value: str, stages: Mapping[str, Stage]) -> Stage:
    base, _, name = value.partition(" AS ")
    if before := stages.get(base):
        inherited = {key: getattr(before, key) for key in ("shell", "folder", "user")}
        return Stage(name or base, base, environment=dict(before.environment), **inherited)
    return Stage(name or base, base)


def _add(stage: Stage, keyword: str, value: str) -> None:
    known = stage.arguments | stage.environment
    match keyword:
        case "RUN":
            stage.steps.append(_run(stage, value))
        case "COPY":
            stage.steps.append(_copy(stage, _filled(value, known)))
        case "ENV":
            stage.environment |= _pairs(_filled(value, known))
        case "LABEL":
            stage.labels |= _pairs(_filled(value, known))
        case "SHELL":
            stage.shell = tuple(json.loads(value))
        case "WORKDIR":
            stage.folder = _filled(value, known)
            stage.steps.append(Run(f"mkdir --parents {stage.folder}", stage.shell, "/", {}, ()))
        case "USER":
            stage.user = value
        case "CMD":
            stage.command = tuple(json.loads(value))
        case "ENTRYPOINT":
            stage.entrypoint = tuple(json.loads(value))
        case "HEALTHCHECK":
            stage.healthcheck = value
        case _:
            raise StrangeInstructionError(f"{keyword} {value}")


def _run(stage: Stage, value: str) -> Run:
    caches = []
    while value.startswith("--"):
        option, _, value = value.partition(" ")
        fields = dict(part.partition("=")[::2] for part in option.removeprefix("--mount=").split(","))
        if fields.keys() != {"type", "target"} or fields["type"] != "cache":
            raise StrangeInstructionError(f"RUN {option}")
        caches.append(fields["target"])
        value = value.lstrip()
    return Run(value, stage.shell, stage.folder, stage.environment | stage.arguments, tuple(caches))


def _copy(stage: Stage, value: str) -> Copy:
    options = [word for word in value.split() if word.startswith("--")]
    [*sources, to] = (word for word in value.split() if not word.startswith("--"))
    if any(not option.startswith("--from=") for option in options):
        raise StrangeInstructionError(f"COPY {value}")
    whole = to if to.startswith("/") else f"{stage.folder.rstrip('/')}/{to}"
    return Copy(tuple(sources), whole, options[0].removeprefix("--from=") if options else "")


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: values.get(match[1], ""), text)


def _pairs(text: str) -> dict[str, str]:
    return dict(word.partition("=")[::2] for word in shlex.split(text))
