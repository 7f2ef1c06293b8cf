"""The options of `docmill convert`, and the configuration of a run that they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docmill.pipeline.cli.converting.headers import Headers, parse_headers
from docmill.pipeline.cli.converting.output_file import OutputFile
from docmill.pipeline.cli.options.stages import STAGE_OPTIONS
from docmill.pipeline.convert.errors import BackendConfigError

if TYPE_CHECKING:
    import dagster as dg

    from docmill.resources.settings.exports import Exports
    from docmill.resources.store import Store

__all__ = [
    "PASSWORD_VARIABLE",
    "ConvertOptions",
    "absolute",
    "check_options",
    "out_as_set",
    "resource_config",
]

PASSWORD_VARIABLE = "DOCMILL_PASSWORD"
#: Where results go when nobody says.
_OUT = "out"


@dataclass(frozen=True)
class ConvertOptions:
    """The command's options, as `docmill convert --help` explains them.

    `stages` are those that the stages bring, by `StageOption.name`; what is left out is as it is set.
    """

    places: Sequence[str]
    out: str = ""
    stages: Mapping[str, Any] = field(default_factory=dict)
    jobs: int | None = None
    password: str = ""
    timeout: float | None = None
    memory: int | None = None
    debug_overlays: bool = False
    batch_size: int | None = None
    log_level: str = "CRITICAL"
    headers: Sequence[str] = ()
    output_file: str = ""
    quiet: bool = False
    as_json: bool = False
    dry_run: bool = False
    fail_fast: bool = False

    def check(self) -> None:
        """Raise `BackendConfigError` for an option or a choice that does not exist, or goes with no other."""
        check_options(self.stages)
        if file := self.file:
            if self.out or self.debug_overlays:
                raise BackendConfigError("--output-file takes the place of --out, and has no overlays")
            if file.is_stdout and self.as_json:
                raise BackendConfigError("--json and --output-file - both write to standard output")
            if file.is_stdout and self.stages.get("image_export_mode") == "referenced":
                raise BackendConfigError("referenced pictures need a file to lie beside, not `-`")
        self.given_headers()

    @property
    def file(self) -> OutputFile | None:
        """The file that the one document goes to. Raises `BackendConfigError` for one of no format."""
        return OutputFile.of(self.output_file, self.stages.get("format")) if self.output_file else None

    @property
    def place(self) -> str:
        """Where the results go: as it was asked, else as it is set, else `./out`; none with a file."""
        return "" if self.output_file else self.place_beside("" if self.out else out_as_set())

    def place_beside(self, as_set: str) -> str:
        """The same without a file, where it is known what is set."""
        return absolute(self.out or as_set or _OUT)

    @property
    def plain(self) -> bool:
        """Whether stages, places and `out` are all that is asked for: no plan, file, lines or overlays."""
        others = (self.output_file, self.headers, self.as_json, self.dry_run, self.debug_overlays)
        return not any(others)

    def given_headers(self) -> Headers:
        """The headers for https:// addresses. Raises `BackendConfigError` for what is none."""
        return parse_headers(self.headers)

    def lent(self) -> dict[str, str]:
        """Secrets that the environment holds while a run looks for them: Dagster keeps the names alone."""
        password = {PASSWORD_VARIABLE: self.password} if self.password else {}
        return {**password, **self.given_headers().variables}

    def run_config(self) -> dict[str, Any]:
        """The run's configuration, as the launchpad would show it. Of secrets it names the variables."""
        workers = {"count": self.jobs, "task_seconds": self.timeout, "memory_mb": self.memory}
        settings: dict[str, dict[str, Any]] = {
            "workers": {key: value for key, value in workers.items() if value is not None},
            "exports": {"out": self.place, "index": False},
            # whoever names files wants to hear of each
            "checks": {"max_failed_share": 1.0},
        }
        if self.password:
            settings["reader"] = {"password": {"env": PASSWORD_VARIABLE}}
        if self.headers:
            store: Store = _as_set("store")
            settings["store"] = {"source_headers": {**store.source_headers, **self.given_headers().named}}
        config = resource_config(settings, self.stages)
        if file := self.file:
            config["resources"]["exports"]["config"]["formats"] = [file.format]
        return {**config, "loggers": {"console": {"config": {"log_level": self.log_level}}}}


def check_options(stages: Mapping[str, Any]) -> None:
    """Raise `BackendConfigError` for an option of a stage, or a choice, that does not exist."""
    for name, chosen in stages.items():
        option = STAGE_OPTIONS.get(name)
        if option is None:
            raise BackendConfigError(f"there is no option {name}")
        if unknown := option.unknown(chosen):
            known = ", ".join(option.choices)
            raise BackendConfigError(f"{option.flag} {', '.join(unknown)!r} is unknown; choose from {known}")


def resource_config(settings: Mapping[str, Mapping[str, Any]], stages: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by resource, and what the stages' options say, as a run is configured with them."""
    merged = {name: dict(each) for name, each in settings.items()}
    for name, chosen in stages.items():
        for resource, config in STAGE_OPTIONS[name].config(chosen).items():
            merged[resource] = merged.get(resource, {}) | _beside(resource, config)
    return {"resources": {name: {"config": config} for name, config in merged.items()}}


def out_as_set() -> str:
    """Where results go as file and environment have it; empty when they do not say."""
    exports: Exports = _as_set("exports")
    return exports.out


def absolute(out: str) -> str:
    """An address as it is, a path with all that is before it."""
    return out if "://" in out else str(Path(out).expanduser().resolve())


def _as_set(name: str) -> Any:
    """A resource as file and environment have it."""
    from docmill.pipeline.defs.definitions import defs
    from docmill.pipeline.defs.resources import in_force

    return in_force((defs.resources or {})[name])


def _beside(resource: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a resource that was asked for; of a backend that is set anyway the other settings stay."""
    if "backend" not in config:
        return dict(config)
    [(kind, given)] = config["backend"].items()
    set_: dg.Config = _as_set(resource).backend
    kept = set_.model_dump(exclude={"kind"}) if getattr(set_, "kind", None) == kind else {}
    return {**config, "backend": {kind: {**kept, **given}}}
