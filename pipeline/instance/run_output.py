"""What runs write to stdout and stderr, and pictures of theirs: files that the UI shows."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import Field, StringSource

from docmill.pipeline.instance.dagster_internals import (
    CapturedLogContext,
    LocalComputeLogManager,
    has_code_server,
    output_files,
    redirect_to_file,
)
from docmill.resources.home import default_home

__all__ = ["RunOutput", "old_output", "picture_keeper"]

_OUTPUT, _PICTURES = "compute_logs", "pictures"


class RunOutput(LocalComputeLogManager):
    """Dagster's manager of local files, which sends the output of a run there and nowhere else.

    Dagster's own lets two processes copy it to the terminal, and another two watch these. Runs of the command
    line keep their terminal. What the workers of a run write is kept with it.
    """

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """`base_dir`: the folder of all runs, by default `storage` in the instance's."""
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> RunOutput:
        """As the instance's settings say."""
        home = Path(os.environ.get("DAGSTER_HOME") or default_home() / "dagster")
        return cls(config_value.get("base_dir") or str(home / "storage"), inst_data=inst_data)

    @property
    def folder(self) -> Path:
        """The folder of all runs."""
        return output_files(self, ["any"])[0].parent

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """Send this process's output into the files of a run, unless a person sees it."""
        out, err, complete = output_files(self, log_key)
        out.parent.mkdir(parents=True, exist_ok=True)
        if self._is_seen(log_key[0]):
            yield CapturedLogContext(log_key)
        else:
            with redirect_to_file(sys.stdout, out), redirect_to_file(sys.stderr, err):
                yield CapturedLogContext(log_key)
        complete.touch()

    def keep_picture(self, run_id: str, name: str, jpeg: bytes) -> str:
        """Keep a picture with a run's output; its address on the web server, which serves that folder."""
        kept = Path(self.get_captured_local_path([run_id, _PICTURES, name], "jpg"))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(jpeg)
        return f"/logs/{run_id}/{_PICTURES}/{name}/jpg"

    def _is_seen(self, run_id: str) -> bool:
        instance: dg.DagsterInstance = self._instance
        run = instance.get_run_by_id(run_id)
        return run is None or not has_code_server(run)


def old_output(instance: dg.DagsterInstance, before: datetime) -> list[Path]:
    """The folders of what runs wrote and drew, of those that were last written to before then."""
    manager = instance.compute_log_manager
    if not isinstance(manager, RunOutput):
        return []
    folders = (each for kind in (_OUTPUT, _PICTURES) for each in manager.folder.glob(f"*/{kind}"))
    return sorted(each for each in folders if each.stat().st_mtime < before.timestamp())


def picture_keeper(instance: dg.DagsterInstance, run_id: str, of: str) -> Callable[[int, bytes], str] | None:
    """What keeps numbered pictures `of` a step with its run's output; None where an instance keeps none."""
    manager = instance.compute_log_manager
    if not isinstance(manager, RunOutput):
        return None
    return lambda number, jpeg: manager.keep_picture(run_id, f"{of}-{number}", jpeg)
