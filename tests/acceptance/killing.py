"""Kill workers of a step in this process where it is known what that loses."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from docmill.resources.clients.metering.tally import Asked, read_tallies

__all__ = ["fork_server", "killed_amid_requests"]


def fork_server() -> psutil.Process:
    """This process's, whose children are the workers of its pools."""
    [found] = [
        each
        for each in psutil.Process().children()
        if "multiprocessing.forkserver" in " ".join(each.cmdline())
    ]
    return found


def killed_amid_requests(worker: psutil.Process, folder: Path, model: str) -> bool:
    """Kill a worker that waits for answers, and so has not done its chunk; leave any other.

    `folder` is where the step's workers count what they ask of the model.
    """
    worker.suspend()
    while worker.status() != psutil.STATUS_STOPPED:
        time.sleep(0.001)
    if read_tallies(folder, model).get(worker.pid, Asked()).unknown:
        worker.kill()
        return True
    worker.resume()
    return False
