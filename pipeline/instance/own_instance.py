"""The Dagster instance that the command line uses: the user's own, or one below docmill's home."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.instance.dagster_internals import kept_engines
from docmill.resources.home import default_home
from docmill.resources.local.places import shipped_roots

__all__ = ["open_instance"]

_SETTINGS = "dagster.yaml"
#: As instances named the launcher before its module moved; no module of that name is left.
_FORMER_LAUNCHER = re.compile(r"^( +module: )pipeline\.launcher( *\r?)$", re.MULTILINE)
_LAUNCHER = "docmill.pipeline.instance.launcher"
#: Parts of the settings as an earlier docmill shipped them, and as they are now. What somebody changed stays.
_FOLLOWED = (
    (
        "  module: dagster.core.run_coordinator\n  class: QueuedRunCoordinator\n",
        "  module: docmill.pipeline.instance.coordinator\n  class: LanedRunCoordinator\n",
    ),
    (
        "# Steps say what they do in the event log; capturing their output as well costs two processes a "
        "step.\n",
        "# What runs write to stdout and stderr.\n",
    ),
    (
        "  module: dagster.core.storage.noop_compute_log_manager\n  class: NoOpComputeLogManager\n",
        "  module: docmill.pipeline.instance.run_output\n  class: RunOutput\n",
    ),
    (
        "telemetry:\n  enabled: false\n\n# Batches wait in a queue.",
        "telemetry:\n  enabled: false\n\nnux:\n  enabled: false\n\n# Batches wait in a queue.",
    ),
)


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The instance of $DAGSTER_HOME, else of $DOCMILL_HOME/dagster; new ones are as deploy/dagster.yaml.

    An instance below docmill's home that an earlier docmill made is brought up to date. Of one elsewhere
    nothing is changed: `BackendConfigError` says what to change in it.
    """
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(default_home() / "dagster")))
    settings = home / _SETTINGS
    if not home.exists() or (_is_own(home) and not settings.exists()):
        home.mkdir(parents=True, exist_ok=True)
        candidates = (root / "deploy" / _SETTINGS for root in shipped_roots())
        shipped = next(path for path in candidates if path.is_file())
        settings.write_bytes(shipped.read_bytes())
    elif settings.exists():
        _bring_up_to_date(settings, own=_is_own(home))
    with kept_engines(), dg.DagsterInstance.get() as instance:
        yield instance


def _is_own(home: Path) -> bool:
    return home.resolve().is_relative_to(default_home().resolve())


def _bring_up_to_date(settings: Path, *, own: bool) -> None:
    """Name what is docmill's as it is called now, and add what has come since."""
    before = settings.read_bytes().decode()
    after = _FORMER_LAUNCHER.sub(rf"\g<1>{_LAUNCHER}\g<2>", before)
    if not own and after != before:
        raise BackendConfigError(
            f"{settings} names docmill's run launcher by a module that has moved, and it is not docmill's to "
            f"change: write `module: {_LAUNCHER}` there in place of `module: pipeline.launcher`"
        )
    if own:
        for former, now in _FOLLOWED:
            after = after.replace(former, now)
    if after == before:
        return
    # at once: a daemon may read it at any time
    written = settings.with_suffix(".yaml.new")
    written.write_bytes(after.encode())
    written.replace(settings)
