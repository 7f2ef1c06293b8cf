"""A server as our process; here small programs stand in for the server."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from docmill.resources.local.errors import ServerPathError, ServerStartError, ServerStoppedError
from docmill.resources.local.places import ServerHome
from docmill.resources.local.server_process import ServerProcess, free_ports
from docmill.resources.local.triton.environment import Environment
from docmill.resources.local.triton.places import TritonHome
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.local.vllm.environment import Environment as VllmEnvironment
from docmill.resources.local.vllm.server import LocalVllm, VllmSettings

#: Says that it is ready, and ends well after a second when it is told to stop.
POLITE = """
import pathlib, signal, subprocess, sys, time
def stop(*_):
    time.sleep(1)
    print("finished what was in flight", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
child = subprocess.Popen(["sleep", "600"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
while True:
    time.sleep(0.05)
"""
DEAF = POLITE.replace("time.sleep(1)", "return")


class Program(ServerProcess):
    """A Python program that is ready once it has written the number of its own process into a file."""

    name = "the program"
    poll_s = 0.02
    linger_s = 0.2

    def __init__(
        self, folder: Path, code: str, start_limit_s: float = 20.0, exit_limit_s: float = 5.0
    ) -> None:
        super().__init__(start_limit_s, exit_limit_s)
        self._command = [sys.executable, "-c", code, str(folder / "ready")]
        self._ready = folder / "ready"
        self._log = folder / "logs" / "program.log"

    @property
    def log(self) -> Path:
        return self._log

    @property
    def child(self) -> int:
        return int(self._ready.read_text())

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        return self._command, dict(os.environ)

    def _is_ready(self) -> bool:
        return self._ready.exists() and bool(self._ready.read_text())

    def _hear(self, line: str) -> str | None:
        return line.strip() if line.startswith("E") else None


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def gone(pid: int) -> bool:
    """Whether a process ends at once; killing takes the kernel a moment."""
    deadline = time.monotonic() + 2
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not runs(pid)


def test_a_server_is_ready_inside_and_gone_outside_and_finishes_what_it_does(tmp_path: Path) -> None:
    with Program(tmp_path, POLITE) as program:
        pid, child = program.pid, program.child
        program.wait(0.1)
        assert runs(pid) and runs(child)
    assert gone(pid) and gone(child)
    assert program.log.read_text() == "finished what was in flight\n"
    with pytest.raises(ServerStoppedError, match="the program is not running"):
        _ = program.pid


def test_a_server_that_does_not_stop_is_killed_after_its_limit_with_its_own_processes(tmp_path: Path) -> None:
    with Program(tmp_path, DEAF, exit_limit_s=0.3) as program:
        pid, child = program.pid, program.child
        started = time.monotonic()
    assert 0.4 < time.monotonic() - started < 5
    assert gone(pid) and gone(child)


def test_a_start_that_fails_says_the_last_reasons_and_where_the_log_is(tmp_path: Path) -> None:
    code = "print('E one\\nE two\\nnothing\\nE three\\nE four'); raise SystemExit(7)"
    said = r"the program did not start: status 7 \(E two; E three; E four; all it said is in .*program\.log\)"
    program = Program(tmp_path, code)
    with pytest.raises(ServerStartError, match=said), program:
        pass
    assert program.log.read_text().splitlines() == ["E one", "E two", "nothing", "E three", "E four"]
    silent = Program(tmp_path, "raise SystemExit(3)")
    with pytest.raises(ServerStartError, match=r"status 3 \(its log is .*program\.log\)"), silent:
        pass


def test_a_start_that_takes_too_long_is_given_up_and_leaves_nothing(tmp_path: Path) -> None:
    late = Program(tmp_path, "import time; time.sleep(600)", start_limit_s=0.3)
    with pytest.raises(ServerStartError, match=r"not ready after 0\.3 s .*; raise --start-limit"), late:
        pass
    # what others have started and not waited for has no command line
    alive = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    assert not [p for p in alive if "time.sleep(600)" in p.cmdline()]
    with pytest.raises(ServerStoppedError):
        _ = late.pid


def test_a_server_that_ends_by_itself_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    code = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text('1'); time.sleep(0.5)"
    code += "; print('E no memory'); sys.exit(9)"
    with (
        Program(tmp_path, code) as program,
        pytest.raises(ServerStoppedError, match=r"ended with status 9 \(E no memory; "),
    ):
        program.wait(20)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_free_ports_are_all_different_and_a_taken_one_is_named_with_its_option(taken: int) -> None:
    wanted = {"--http-port": 0, "--grpc-port": 0, "--metrics-port": 0}
    ports = free_ports("127.0.0.1", wanted)
    assert len(set(ports)) == 3 and all(ports)
    assert free_ports("127.0.0.1", {"--port": ports[0]}) == ports[:1]
    with pytest.raises(ServerStartError, match=rf"port {taken} .*Address already.*with --port, or 0 for any"):
        free_ports("127.0.0.1", {"--port": taken})


def test_a_triton_server_that_does_not_start_leaves_the_memory_of_the_one_at_its_port(
    tmp_path: Path, taken: int
) -> None:
    environment = Environment(tmp_path, tmp_path, "", tmp_path)
    settings = ServerSettings(tmp_path, (), Ports(0, taken, 0))
    running = Path("/dev/shm") / f"docmill-triton-{os.getpid()}-{taken}-1"
    running.touch()
    try:
        with (
            pytest.raises(ServerStartError, match=f"port {taken} .*--grpc-port"),
            LocalServer(settings, environment, TritonHome(tmp_path)),
        ):
            pass
        assert running.exists()
    finally:
        running.unlink()


def test_a_triton_server_says_that_it_cannot_work_in_a_folder_with_a_space(tmp_path: Path) -> None:
    environment = Environment(tmp_path, tmp_path, "", tmp_path)
    settings = ServerSettings(tmp_path / "my models", (), Ports(0, 0, 0))
    with (
        pytest.raises(ServerPathError, match=r"my models; give a --repository without one"),
        LocalServer(settings, environment, TritonHome(tmp_path)),
    ):
        pass


def test_a_vllm_server_that_fails_says_its_last_lines(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\necho loading\necho\necho "$VLLM_CPU_KVCACHE_SPACE GB"\necho "no $1"\nexit 1\n'
    )
    program.chmod(0o755)
    heard: list[str] = []
    settings = VllmSettings(tmp_path, "model", port=0, kv_cache_gb=2)
    server = LocalVllm(settings, VllmEnvironment(tmp_path), ServerHome(tmp_path), heard.append)
    with pytest.raises(ServerStartError, match=r"status 1 \(loading; 2 GB; no serve; all it said"), server:
        pass
    assert heard == ["loading", "2 GB", "no serve"]
