"""Inputs of requests in system shared memory, for a server on this machine: no copy through the connection.

A region is a file in /dev/shm that the server maps too. Its owner holds a lock on it, which ends with the
process however that ends: what nobody holds is stale, and the next client removes it.
"""

from __future__ import annotations

import mmap
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import numpy as np
from filelock import lock_descriptor
from numpy.typing import NDArray

from docmill.resources.clients.triton.errors import SharedMemoryError
from docmill.resources.clients.triton.server import Choice

__all__ = ["PREFIX", "Lease", "SharedRegions", "remove_stale"]

#: What the names of all regions begin with.
PREFIX = "docmill-input-"
_FOLDER = Path("/dev/shm")
_CALL_S = 5.0
_EXIT_S = 1.0
#: A server may still be reading for a request whose sender has died.
_STALE_AFTER_S = 60.0
_ALIGNMENT = 64
_NO_ANSWER = ("UNAVAILABLE", "DEADLINE_EXCEEDED")


@dataclass
class _Region:
    """One shared file; `registered` is the server's life in which the server was told of it."""

    name: str
    size: int
    descriptor: int
    memory: mmap.mmap
    registered: int = -1

    @classmethod
    def make(cls, size: int) -> _Region:
        """A new region; raises OSError when there is no room (a container's /dev/shm is small)."""
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(6)}"
        path = _FOLDER / name
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            lock_descriptor(descriptor)
            os.posix_fallocate(descriptor, 0, size)  # or a full file system would be a SIGBUS later
            memory = mmap.mmap(descriptor, size)
        except OSError:
            path.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        return cls(name, size, descriptor, memory)

    def remove(self) -> None:
        """Remove the file; its memory goes when the server lets go of it too."""
        (_FOLDER / self.name).unlink(missing_ok=True)
        with suppress(BufferError):
            self.memory.close()
        os.close(self.descriptor)


@dataclass(frozen=True)
class Lease:
    """Arrays of one request in a region; `offsets` say where each begins."""

    region: _Region
    offsets: list[int]
    _give_back: Callable[[_Region], None]

    def release(self) -> None:
        """The request was answered."""
        self._give_back(self.region)

    def abandon(self) -> None:
        """The server may still read: the region is not used again, and goes when the process ends."""


@dataclass
class _Pool:
    """What has to be cleaned up when the process ends."""

    client: Any
    everything: list[_Region] = field(default_factory=list)
    free: list[_Region] = field(default_factory=list)

    def close(self) -> None:
        """Let the server forget the regions, as long as it answers, and remove them."""
        answers = True
        for region in self.everything:
            if answers and region.registered >= 0:
                answers = _unregister(self.client, region.name, _EXIT_S)
            region.remove()
        self.everything.clear()
        self.free.clear()


class SharedRegions:
    """The regions of one process at one server, used again and again. Safe across threads."""

    def __init__(self, client: Any, choice: Choice, place: str) -> None:
        self._client = client
        self._choice = choice
        self._place = place
        self._lock = threading.Lock()
        self._life = 0
        self._usable = True
        self._pool = _Pool(client)
        if _FOLDER.is_dir():
            remove_stale(client)
        else:
            self._refused(f"this machine has no {_FOLDER}")
        # worker processes end without running atexit's functions, but not without these
        self.close = Finalize(self, self._pool.close, exitpriority=10)

    def put(self, arrays: Sequence[NDArray[Any]]) -> Lease | None:
        """Copy arrays into a region that the server knows; None when they have to be sent instead.

        Raises `SharedMemoryError` instead of giving None when shared memory is on rather than `auto`.
        """
        offsets, size = _layout(arrays)
        if not self._usable or not size:
            return None
        try:
            region = self._take(size)
        except OSError as error:
            self._refused(f"/dev/shm has no room: {error.strerror}")
            return None
        if region.registered != self._life and not self._register(region):
            self._release(region)
            return None
        os.utime(region.descriptor)  # writing to the memory does not say when it was last used
        for array, offset in zip(arrays, offsets, strict=True):
            target = np.frombuffer(region.memory, array.dtype, array.size, offset)
            np.copyto(target.reshape(array.shape), array)
        return Lease(region, offsets, self._release)

    def forgotten(self, *, again: bool) -> None:
        """The server was started anew: tell it of every region before it is used; `again`: do without."""
        with self._lock:
            self._life += 1
            if again:
                self._refused("the server does not keep the region")

    def _take(self, size: int) -> _Region:
        with self._lock:
            for region in sorted(self._pool.free, key=lambda region: region.size):
                self._pool.free.remove(region)
                if region.size >= size:
                    return region
                self._drop(region)  # too small for what is asked for now: make room
            region = _Region.make(size)
            self._pool.everything.append(region)
            return region

    def _drop(self, region: _Region) -> None:
        if region.registered == self._life:
            _unregister(self._client, region.name, _CALL_S)
        self._pool.everything.remove(region)
        region.remove()

    def _release(self, region: _Region) -> None:
        with self._lock:
            self._pool.free.append(region)

    def _register(self, region: _Region) -> bool:
        """Tell the server of a region; False when the arrays have to be sent."""
        from tritonclient.utils import InferenceServerException

        try:
            self._client.register_system_shared_memory(
                region.name, f"/{region.name}", region.size, client_timeout=_CALL_S
            )
        except InferenceServerException as error:
            status = str(error.status())
            if any(sign in status for sign in _NO_ANSWER):
                return False  # the request will find out for itself
            if "ALREADY_EXISTS" not in status:
                self._refused(f"the server refuses the region: {str(error.message()).strip() or status}")
                return False
        region.registered = self._life
        return True

    def _refused(self, why: str) -> None:
        """Do without from now on; raises `SharedMemoryError` when shared memory has to be used."""
        self._usable = False
        if self._choice == "on":
            raise SharedMemoryError(
                f"{self._place} cannot be given its inputs in shared memory: {why}; set `shared_memory: auto`"
            )


def remove_stale(client: Any, older_than_s: float = _STALE_AFTER_S) -> None:
    """Remove the regions of processes that are no more, and let the server forget them."""
    from tritonclient.utils import InferenceServerException

    for path in _FOLDER.glob(f"{PREFIX}*"):
        with suppress(OSError), _unowned(path) as owner:
            if owner and time.time() - path.stat().st_mtime > older_than_s:
                _unregister(client, path.name, _CALL_S)
                path.unlink(missing_ok=True)
    with suppress(InferenceServerException):
        for name in client.get_system_shared_memory_status(client_timeout=_CALL_S).regions:
            if name.startswith(PREFIX) and not (_FOLDER / name).exists():
                _unregister(client, name, _CALL_S)


@contextmanager
def _unowned(path: Path) -> Iterator[bool]:
    """Whether nobody holds the file; if so it is held for the time being."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield lock_descriptor(descriptor, blocking=False)
    finally:
        os.close(descriptor)


def _unregister(client: Any, name: str, seconds: float) -> bool:
    """Let the server forget a region; False when it does not answer. One in use stays."""
    from tritonclient.utils import InferenceServerException

    try:
        client.unregister_system_shared_memory(name, client_timeout=seconds)
    except InferenceServerException as error:
        return not any(sign in str(error.status()) for sign in _NO_ANSWER)
    return True


def _layout(arrays: Sequence[NDArray[Any]]) -> tuple[list[int], int]:
    """Where each array begins, and the size of all."""
    offsets, size = [], 0
    for array in arrays:
        offsets.append(size)
        size += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
    return offsets, size
