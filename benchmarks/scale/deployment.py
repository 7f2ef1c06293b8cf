"""Dagster as users have it, in a folder of its own: the shipped instance, the daemon and the web server."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import dagster as dg

from benchmarks.measuring.clean_environment import clean_environment
from benchmarks.scale.tree import ProcessTree
from docmill.pipeline.cli.ui import ui_command
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["Deployment", "NotReadyError", "wait_until"]

_SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "dagster.yaml"
_POSTGRES = '\nstorage:\n  postgres:\n    postgres_url: "{url}"\n'
#: As it is installed: Dagster has no public module to run.
_DAEMON = str(Path(sys.executable).with_name("dagster-daemon"))
_DEFINITIONS = "docmill.pipeline.defs.definitions"
_ONE_RUN = ("max_concurrent_runs: 2", "max_concurrent_runs: 1")
_EVERY_S = 0.5


class NotReadyError(Exception):
    """Something did not come about in the time it was given."""


def wait_until(what: str, happened: Callable[[], bool], seconds: float) -> None:
    """Look twice a second; `NotReadyError` says what did not happen within so many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what}: not within {seconds:g} s")
        time.sleep(_EVERY_S)


@dataclass(frozen=True)
class Deployment:
    """The shipped instance, with one run at a time, a store and an inbox below `folder`.

    `postgres` is the SQLAlchemy address of a database that it uses instead of SQLite, `out` where results are
    put under the names of their files.
    """

    folder: Path
    postgres: str = ""
    out: Path | None = None

    @cached_property
    def home(self) -> Path:
        """$DAGSTER_HOME; made when it is first asked for."""
        home = self.folder / "dagster"
        if home.is_dir():
            return home
        home.mkdir(parents=True)
        self.inbox.mkdir(exist_ok=True)
        storage = _POSTGRES.format(url=self.postgres) if self.postgres else ""
        settings = _SHIPPED.read_text("utf-8").replace(*_ONE_RUN)
        (home / "dagster.yaml").write_text(settings + storage, "utf-8")
        return home

    @property
    def environment(self) -> dict[str, str]:
        """What the processes see: nothing of docmill or Dagster that is set here, but where models are."""
        return clean_environment(self.folder) | {
            "DAGSTER_HOME": str(self.home),
            "DOCMILL_INBOX": str(self.inbox),
            "DOCMILL_OUT": str(self.out or ""),
        }

    @property
    def inbox(self) -> Path:
        """What the sensor `new_pdfs` looks at."""
        return self.folder / "inbox"

    @property
    def store(self) -> DocumentStore:
        """The store that its runs use."""
        return DocumentStore(str(self.folder / "store"))

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """The instance, opened in this process too."""
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            yield instance

    @contextmanager
    def daemon(self) -> Iterator[ProcessTree]:
        """Dagster's daemon and its code server, once it has begun to evaluate sensors."""
        with self._evaluating([_DAEMON, "run", "-m", _DEFINITIONS], "daemon") as tree:
            yield tree

    @contextmanager
    def services(self) -> Iterator[ProcessTree]:
        """All that `docmill ui` starts: web server, daemon, and one code server for both, which stays."""
        with self._evaluating(ui_command("127.0.0.1", _free_port()), "dev") as tree:
            yield tree

    @contextmanager
    def web_server(self) -> Iterator[tuple[ProcessTree, str]]:
        """Dagster's web server with its code server, and its address."""
        port = _free_port()
        command = [sys.executable, "-m", "dagster_webserver", "-m", _DEFINITIONS]
        with self._tree([*command, "-h", "127.0.0.1", "-p", str(port)], "webserver") as tree:
            url = f"http://127.0.0.1:{port}"
            wait_until("the web server answers", lambda: _answers(f"{url}/server_info"), 180)
            yield tree, url

    @contextmanager
    def _evaluating(self, command: list[str], name: str) -> Iterator[ProcessTree]:
        with self.instance() as instance, self._tree(command, name) as tree:

            def beating() -> bool:
                return tree.running and "SENSOR" in instance.get_daemon_statuses() and _ticked(instance)

            wait_until("the daemon evaluates sensors", beating, 180)
            yield tree

    def _tree(self, command: list[str], name: str) -> ProcessTree:
        return ProcessTree(command, self.environment, self.folder / f"{name}.log")


def _ticked(instance: dg.DagsterInstance) -> bool:
    """Whether a sensor has been evaluated to the end."""
    states = instance.all_instigator_state()
    return any(instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1) for state in states)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
