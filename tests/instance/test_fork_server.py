"""What docmill uses of multiprocessing's fork server, held against the Python that runs it.

It needs nothing but psutil, so that any Python can be asked.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what uses it is Linux's")

ROOT = Path(__file__).parents[2]
#: What every interpreter begins with. Its processes sleep; `origin` is what they were forked from.
BEGINNING = """
import multiprocessing, os, signal, sys, time
from multiprocessing import forkserver
import psutil
from docmill.pipeline.instance.warm import fork_server

context = multiprocessing.get_context("forkserver")

def started():
    process = context.Process(target=time.sleep, args=(60,))
    process.start()
    return process

def origin():
    process = started()
    found = psutil.Process(process.pid)
    name, parent = found.name(), found.parent()
    process.kill()
    process.join()
    return name, parent

def gone(process):
    deadline = time.monotonic() + 20
    while process.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return True

"""


def said(code: str) -> list[str]:
    """What an interpreter of its own prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BEGINNING + code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_processes_come_from_one_that_was_forked_here() -> None:
    assert said(
        """
assert fork_server.threads() == 1
print(fork_server.fork_server_of_this_process([]))
name, parent = origin()
print(name, parent.pid == forkserver._forkserver._forkserver_pid, parent.ppid() == os.getpid())
"""
    ) == ["True", "docmill-workers", "True", "True"]


def test_it_imports_more() -> None:
    code = """
fork_server.fork_server_of_this_process(["antigravity_of_nobody", "this"])
started().kill()
"""
    assert "Beautiful" in said(code)


def test_another_is_executed_when_it_has_died() -> None:
    assert said(
        """
fork_server.fork_server_of_this_process([])
_, parent = origin()
parent.kill()
os.waitid(os.P_PID, parent.pid, os.WEXITED | os.WNOWAIT)
name, other = origin()
print(name != "docmill-workers", other.pid != parent.pid)
"""
    ) == ["True", "True"]


@pytest.mark.parametrize("name", ["_forkserver_address", "_forkserver_alive_fd", "_forkserver_pid"])
def test_where_a_name_is_gone_one_is_executed_as_usual(name: str) -> None:
    """In a class that is as it is, but for that name."""
    assert said(
        f"""
class Other:
    def __init__(self):
        self.__dict__.update({{key: None for key in fork_server._STATE if key != "{name}"}})
theirs, forkserver._forkserver = forkserver._forkserver, Other()
print(fork_server.fork_server_of_this_process([]), fork_server.threads())
forkserver._forkserver = theirs
print(origin()[0] != "docmill-workers")
"""
    ) == ["False", "1", "True"]


def test_it_ends_with_the_process_that_it_was_forked_from() -> None:
    [pid] = said(
        """
fork_server.fork_server_of_this_process([])
print(origin()[1].pid)
"""
    )
    deadline = time.monotonic() + 20
    while psutil.pid_exists(int(pid)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_is_not_dead_because_its_fork_server_is() -> None:
    assert said(
        """
context.Process._Popen = staticmethod(fork_server.WatchedProcess)
process, killed = started(), started()
killed.kill()
print(gone(killed), killed.exitcode)
server = psutil.Process(forkserver._forkserver._forkserver_pid)
server.kill()
server.wait()
time.sleep(0.1)
print([process.is_alive() for _ in range(3)], process.exitcode)
process.join(timeout=0.1)
print(process.is_alive())
process.kill()
print(gone(process), process.exitcode)
"""
    ) == ["True", "-9", "[True,", "True,", "True]", "None", "True", "True", "255"]


def test_a_process_has_temporary_files_of_its_own() -> None:
    assert said(
        """
from multiprocessing import util
first = util.get_temp_dir()
fork_server.forget_temporary_folder()
print(util.get_temp_dir() != first)
"""
    ) == ["True"]
