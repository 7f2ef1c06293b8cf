"""`docmill models pull docling`: from checkpoints to models that Triton can serve."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.local.triton.places import Shipped
from docmill.resources.local.virtual_environment import stamp_of
from docmill.resources.weights.docling_models.catalogue import Checkpoint, Export, Kind, Variant, export_of
from docmill.resources.weights.docling_models.checkpoint import (
    LocalCheckpoint,
    check_checkpoint,
    find_checkpoint,
)
from docmill.resources.weights.docling_models.environment import prepare_export_environment
from docmill.resources.weights.docling_models.errors import ExportError
from docmill.resources.weights.docling_models.export import Parity, run_exporter
from docmill.resources.weights.docling_models.install import (
    Source,
    install,
    is_installed,
    shipped_config,
    write_digests,
)
from docmill.resources.weights.docling_models.pictures import draw_pages
from docmill.resources.weights.hub import Hub, HubFile

__all__ = ["Places", "Pulled", "fetch_checkpoint", "pull"]

Report = Callable[[str], None]


@dataclass(frozen=True)
class Places:
    """The project's files, the home of the export environment, the hub's cache, the model repository."""

    shipped: Shipped
    home: Path
    cache: Path
    repository: Path


@dataclass(frozen=True)
class Pulled:
    """The models of one export: newly made, with their parity, or found as they are to be."""

    export: Export
    checkpoint: LocalCheckpoint
    parity: Parity | None


def pull(
    kind: Kind,
    variant: Variant,
    places: Places,
    folder: Path | None,
    hub: Hub,
    report: Report = lambda _: None,
) -> Pulled:
    """Install the models of a kind, from `folder` or else from the hub, unless they are there already.

    Raises `ModelDownloadError`, `CheckpointError`, `EnvironmentSetupError`, `ExportError` and `InstallError`;
    whatever was installed before stays then.
    """
    export = export_of(kind, variant)
    script = places.shipped.exporters / export.script
    if not script.is_file():
        raise ExportError(f"this installation of docmill cannot export {kind}: {script} is missing")
    for model in export.served:
        shipped_config(places.shipped.models, model.folder)
    found = (
        find_checkpoint(folder, export.checkpoint)
        if folder is not None
        else fetch_checkpoint(hub, export.checkpoint, places.cache, report)
    )
    checkpoint = check_checkpoint(found, export.checkpoint)
    source = _source(export, variant, checkpoint, places.shipped)
    if is_installed(places.repository, export, source):
        write_digests(places.repository, export)
        return Pulled(export, checkpoint, None)
    environment = prepare_export_environment(places.home, places.shipped, report)
    # in docmill's home, which has room for weights; the system's temporary folder may not
    with tempfile.TemporaryDirectory(dir=places.home, prefix=".export-") as scratch:
        out, pictures = Path(scratch) / "out", Path(scratch) / "pictures"
        arguments = ["--checkpoint", str(checkpoint.folder.resolve()), *export.arguments]
        if export.pictures:
            draw_pages(places.shipped.samples, pictures)
            arguments += ["--pictures", str(pictures)]
        out.mkdir()
        parity = run_exporter(environment, script, arguments, out, report=report)
        report(f"installing {', '.join(model.folder for model in export.served)}")
        made = Source(
            repository=source.repository,
            revision=source.revision,
            variant=source.variant,
            checkpoint=source.checkpoint,
            exporter=source.exporter,
            versions=parity.versions,
            parity=parity.checks,
        )
        install(places.repository, places.shipped.models, export, out, made)
    return Pulled(export, checkpoint, parity)


def fetch_checkpoint(hub: Hub, checkpoint: Checkpoint, cache: Path, report: Report = lambda _: None) -> Path:
    """The checkpoint's folder in `cache`, after fetching what is missing. Raises `ModelDownloadError`."""
    repository, folder = checkpoint.repository, cache / checkpoint.folder / checkpoint.revision
    otherwise = (
        f"put {repository} ({', '.join(file.path for file in checkpoint.files)}) into a folder "
        f"DIR/{checkpoint.folder} and run: docmill models pull docling --from DIR"
    )

    def begin(file: HubFile) -> None:
        report(f"fetching {repository} {file.path} ({file.size / 1e6:.1f} MB)")

    hub.fetch(repository, checkpoint.revision, checkpoint.files, folder, otherwise, begin)
    return folder


def _source(export: Export, variant: Variant, checkpoint: LocalCheckpoint, shipped: Shipped) -> Source:
    folder = shipped.exporters
    scripts = [*sorted(folder.rglob("*.py")), *sorted(folder.glob("*.lock"))]
    for model in export.served:
        scripts += sorted((shipped.models / model.folder / "1").rglob("*.py"))
    return Source(
        repository=export.checkpoint.repository,
        revision=export.checkpoint.revision if checkpoint.pinned else "",
        variant=variant if export.kind == "tables" else "",
        checkpoint=dict(checkpoint.digests),
        exporter=stamp_of(scripts),
    )
