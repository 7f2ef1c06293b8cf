"""What each process has asked of a model, kept in files that outlive a killed process.

Beside them is what the server said that they took, where it says that.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from docmill.resources.clients.metering.told import Done, Told

__all__ = ["Asked", "RequestTally", "read_tallies"]

_FORMAT = struct.Struct("<qqqqqqqq")
_INSTANCE = struct.Struct("<qqqqq")


@dataclass(frozen=True)
class Asked:
    """Inferences that were sent, those of them that were answered, and those that were turned away.

    Of the others nobody knows: they are under way, or whoever asked has given up or died. Of those answered,
    so many came with the server's word what they took, nanoseconds in all, and with what their instance has
    done: the latest that was heard of each. `given_up` is how often the server was given up as silent.

    Inferences come in requests of any size: `open` are those whose end nobody knows, `refusals` those that
    were turned away.
    """

    sent: int = 0
    answered: int = 0
    refused: int = 0
    told: int = 0
    device_ns: int = 0
    instances: Mapping[int, Done] = field(default_factory=dict)
    given_up: int = 0
    open: int = 0
    refusals: int = 0

    def __add__(self, other: Asked) -> Asked:
        latest = dict(self.instances)
        for instance, done in other.instances.items():
            latest[instance] = max(done, latest.get(instance, done))
        return Asked(
            self.sent + other.sent,
            self.answered + other.answered,
            self.refused + other.refused,
            self.told + other.told,
            self.device_ns + other.device_ns,
            latest,
            self.given_up + other.given_up,
            self.open + other.open,
            self.refusals + other.refusals,
        )

    def since(self, before: Asked) -> Asked:
        """What has been asked since then."""
        return Asked(
            self.sent - before.sent,
            self.answered - before.answered,
            self.refused - before.refused,
            self.told - before.told,
            self.device_ns - before.device_ns,
            self.instances,
            self.given_up - before.given_up,
            self.open - before.open,
            self.refusals - before.refusals,
        )

    @property
    def unknown(self) -> int:
        """What became of so many is not known."""
        return self.sent - self.answered - self.refused


class RequestTally:
    """The count of this process; used from several threads."""

    def __init__(self, folder: Path, model: str) -> None:
        self._file = os.open(folder / f"{model}.{os.getpid()}", os.O_WRONLY | os.O_CREAT, 0o600)
        self._lock = threading.Lock()
        self._asked = Asked()

    def __del__(self) -> None:
        os.close(self._file)

    def add(self, asked: Asked, told: Told | None = None) -> None:
        """Count more, and what the server said of it; it is written before this returns."""
        if told:
            asked = replace(
                asked,
                told=asked.answered,
                device_ns=told.device_ns,
                instances={told.instance: told.done},
            )
        with self._lock:
            self._asked += asked
            os.pwrite(self._file, _pack(self._asked), 0)


def read_tallies(folder: Path, model: str) -> dict[int, Asked]:
    """What the processes have asked of a model, by process id; nothing when the folder has gone."""
    found = {}
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            name, _, process = path.name.rpartition(".")
            content = path.read_bytes() if name == model else b""
            if content:  # a new one is empty at first
                found[int(process)] = _unpack(content)
    return found


def _pack(asked: Asked) -> bytes:
    inferences = (asked.sent, asked.answered, asked.refused, asked.told, asked.device_ns)
    requests = (asked.given_up, asked.open, asked.refusals)
    instances = (_INSTANCE.pack(each, *astuple(done)) for each, done in asked.instances.items())
    return _FORMAT.pack(*inferences, *requests) + b"".join(instances)


def _unpack(content: bytes) -> Asked:
    instances = _INSTANCE.iter_unpack(content[_FORMAT.size :])
    latest = {instance: Done(*done) for instance, *done in instances}
    numbers = _FORMAT.unpack(content[: _FORMAT.size])
    sent, answered, refused, told, device_ns, given_up, pending, refusals = numbers
    return Asked(sent, answered, refused, told, device_ns, latest, given_up, pending, refusals)
