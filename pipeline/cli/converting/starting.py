"""What `docmill convert` does first: a sign of life, then what is quick, then imports, two at a time.

Dagster takes a CPU second to import, and docling, in the workers' fork server, another. Where there is
nothing to do, neither is imported.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from rich.console import Console

from docmill.pipeline.cli.console import print_found_again
from docmill.pipeline.cli.converting.arrow import load_arrow
from docmill.pipeline.cli.converting.found_again import found_again
from docmill.pipeline.cli.converting.known_settings import (
    KnownSettings,
    digest_of_settings,
    recall,
    remember,
)
from docmill.pipeline.cli.options.convert import ConvertOptions, out_as_set
from docmill.pipeline.stages.exports import ExportsStage
from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.running.forking import preloaded, start_fork_server
from docmill.pipeline.stages.running.loading import uncollected
from docmill.resources.settings_file import from_environment, read_settings_file

if TYPE_CHECKING:
    from docmill.pipeline.stages.conversion import Conversion

__all__ = ["convert"]

#: Objects between two garbage collections, which look through all that Dagster has made: the command ends
#: before much of it is garbage.
_COLLECT_AFTER = 50_000


def convert(options: ConvertOptions) -> int:
    """Do what `docmill convert` is asked for; returns its exit code. Raises `DocmillError`."""
    options.check()
    console = Console(stderr=True, quiet=options.quiet)
    with console.status("looking for what is done already") as status:
        digest = digest_of_settings(options.stages)
        known = recall(digest)
        done = found_again(options, known) if known else None
        if done is None:
            status.update("starting")
            if not options.dry_run:
                start_fork_server(preloaded(STAGES, _for_formats(options)))
            with uncollected():
                load_arrow()
                from docmill.pipeline.cli.convert_files import convert_places
            gc.set_threshold(_COLLECT_AFTER)
    if known and done is not None:
        print_found_again(console, done, options.out or options.place_beside(known.out))
        return 0

    def note(conversion: Conversion) -> None:
        if not options.plain or any(stage.server for stage in conversion.stages.values()):
            return
        found = KnownSettings(dict(conversion.fingerprints), out_as_set())
        if found != known and digest_of_settings(options.stages) == digest:  # nobody changed them meanwhile
            remember(digest, found)

    return convert_places(options, note)


def _for_formats(options: ConvertOptions) -> tuple[str, ...]:
    """What the formats that are wanted need of workers, as far as they can be told without Dagster."""
    asked = options.stages.get("format")
    said = asked.split(",") if asked else from_environment("exports", "formats", text=False)
    formats = said or read_settings_file().section("exports").get("formats", ())
    return ExportsStage([str(name).strip() for name in formats]).preload
