"""A PostgreSQL server for tests: Debian's, installed when it is missing and that can be done."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

__all__ = ["PostgresServer"]

_PACKAGE = "postgresql"


class PostgresServer:
    """Runs in a folder of its own, on a Unix socket; it can be killed and started again.

    With `port` it listens at 127.0.0.1 too, and `database` tells that address.
    """

    def __init__(self, port: int | None = None) -> None:
        self._port = port

    def __enter__(self) -> PostgresServer:
        self._programs = _programs()
        # the path of a socket may not be long
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._as = _unprivileged()
        if self._as:
            shutil.chown(self.folder, self._as)
        self._run("initdb", "-D", str(self.data), "-U", "docmill", "--auth=trust", "--no-sync")
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pid():
            self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        heard = (
            f"-c listen_addresses=127.0.0.1 -c port={self._port}" if self._port else "-c listen_addresses=''"
        )
        options = f"{heard} -c unix_socket_directories={self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.data), "-l", log, "-o", options, "-w", "start")

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        if pid := self._pid():
            os.kill(pid, signal.SIGKILL)

    def database(self, name: str) -> str:
        """The SQLAlchemy address of a new database."""
        port = str(self._port or 5432)
        self._run("createdb", "-h", str(self.folder), "-p", port, "-U", "docmill", name)
        if self._port:
            return f"postgresql+psycopg2://docmill@127.0.0.1:{port}/{name}"
        return f"postgresql+psycopg2://docmill@/{name}?host={self.folder}"

    def _pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except FileNotFoundError:
            return None

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if self._as:
            command = ["setpriv", f"--reuid={self._as}", f"--regid={self._as}", "--clear-groups", *command]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=60)


def _programs() -> Path:
    """Where `initdb` is; Debian keeps it out of the PATH."""
    for attempt in range(2):
        found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
        if on_path := shutil.which("initdb"):
            found.append(Path(on_path).resolve())
        if found:
            return found[0].parent
        if attempt == 0 and os.geteuid() == 0 and shutil.which("apt-get"):
            subprocess.run(["apt-get", "update", "-qq"], check=False)
            subprocess.run(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", _PACKAGE], check=False
            )
    return pytest.fail(f"these tests need PostgreSQL's initdb: apt-get install {_PACKAGE}")


def _unprivileged() -> str | None:
    """PostgreSQL does not run as root: the user to be instead."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return pytest.fail("PostgreSQL does not run as root, and there is no user to be instead")
