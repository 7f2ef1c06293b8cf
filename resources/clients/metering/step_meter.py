"""What a server spends on a step's requests, whoever else asks it and whatever becomes of the step's workers.

The server's counters are read four times a second. Models that tell say with each answer what it took, and
that is what a chunk costs. They also say what they have done for the step by then, whether heard of or not:
that, calibrated by the counters, is what the step costs.

Others say nothing. Then the counters are also read whenever a worker's chunk is done; between two readings
the step's inferences take their share of what all took, and what is so gathered is shared out to chunks by
their inferences. What is gathered and never shared out is what chunks cost that were lost.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from docmill.resources.clients.metering.calibration import Calibration
from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.metering.tally import Asked

__all__ = ["CountersReader", "ModelMeter", "ModelMeters"]

#: The server counts an execution shortly after it has sent the answers.
_SETTLE_S = 0.5
_POLL_S = 0.005
#: Who else is on the server, and how fast it is, changes meanwhile.
_EVERY_S = 0.25
_NANO = 1e-9


class CountersReader(Protocol):
    """Reads a server's counters; see `StatisticsReader`."""

    def look_up(self) -> None:
        """Find out which servers there are."""

    def read(self) -> Counters | None:
        """The counters; None when there are none."""

    def close(self) -> None:
        """Read no more."""


class ModelMeter:
    """One model; `asked()` is what each process of the step has asked of it so far."""

    def __init__(self, model: str, reader: CountersReader, asked: Callable[[], Mapping[int, Asked]]) -> None:
        self.model = model
        self._reader = reader
        self._asked = asked
        reader.look_up()
        self._counters = reader.read()
        #: What has been counted since the step began, and of it what is not shared with the others yet.
        self._grown = Counters()
        self._stretch = (0.0, 0)
        self._lock = threading.Lock()
        self._now: Mapping[int, Asked] = {}
        self._answered = 0
        #: Answered inferences that the server has not counted yet.
        self._ahead = 0
        self._spent = self._unshared = 0.0
        self._shared_out = 0
        self._before: dict[int, Asked] = {}
        self._calibration = Calibration()
        #: Seconds and inferences that were not the step's, as far as is known.
        self._others = (0.0, 0)

    @property
    def rejections(self) -> int:
        """Inferences that were turned away."""
        return sum(asked.refused for asked in self._asked().values())

    @property
    def given_up(self) -> int:
        """How often a process gave the server up as silent."""
        return sum(asked.given_up for asked in self._asked().values())

    def look(self) -> None:
        """Share what was spent since the last time with the others on the server, by what was asked since."""
        with self._lock:
            self._read()
            self._now = self._asked()
            everything = self._everything
            self._calibration.look(self._grown, everything)
            if everything.told:
                self._ahead = 0
                return
            self._ahead += everything.answered - self._answered
            self._answered = everything.answered
            self._take_part()

    def took(self, worker: int) -> float | None:
        """The seconds of what a worker was answered since the last time; None when the server does not say,
        or nothing was asked.
        """
        if not self._is_told():
            self._settle()
        with self._lock:
            own = self._new_of(worker)
            if not own.answered:
                return None
            if self._everything.told:
                return self._told(own)
            if self._counters is None:
                return None
            seconds = self._unshared * own.answered / (self._answered - self._shared_out)
            self._unshared -= seconds
            self._shared_out += own.answered
            return seconds

    def lost(self, worker: int) -> None:
        """What a worker was answered since the last time is not shared out."""
        self.look()
        with self._lock:
            self._new_of(worker)

    def close(self) -> float | None:
        """The seconds of the whole step; None when the server does not say, or nothing was asked.

        What killed workers had sent is the step's as well, as far as the server has computed it: what was
        still in the queue it counts as failed.
        """
        self._settle()
        if self._everything.told:
            seconds = self._whole()
        elif self._counters and self._everything.sent:
            seconds = self._spent + self._of_others(self._unheard())[0]
        else:
            seconds = None
        self._reader.close()
        return seconds

    @property
    def _everything(self) -> Asked:
        return sum(self._now.values(), Asked())

    def _is_told(self) -> bool:
        """Whether the server says what it took, by what has been asked until now."""
        with self._lock:
            self._now = self._asked()
            return self._everything.told > 0

    def _told(self, asked: Asked) -> float:
        """The seconds of what was answered; what came without a word took as long as the rest."""
        everything = self._everything
        silent = (asked.answered - asked.told) / everything.told
        return (asked.device_ns + silent * everything.device_ns) * _NANO

    def _unheard(self) -> int:
        """Inferences whose answers nobody heard, without those that the server has dropped from its queue."""
        everything = self._everything
        dropped = max(0, self._grown.failures - everything.refusals)
        size = everything.unknown / everything.open if everything.open else 0.0
        return max(0, everything.unknown - round(dropped * size))

    def _whole(self) -> float:
        """The step's seconds where the server tells: what it has counted if nobody else was there."""
        unheard = 0
        if self._counters:
            more = self._counted_besides(self._unheard())
            unheard = min(more, self._unheard())
            if more == unheard:
                return self._grown.device_ns * _NANO
        everything = self._everything
        told = sum(done.own_items for done in everything.instances.values())
        told_ns = sum(done.own_ns for done in everything.instances.values())
        silent = max(0, everything.answered + unheard - told)
        return self._calibration.factor * (1.0 + silent / told) * told_ns * _NANO

    def _counted_besides(self, wanted: int) -> int:
        """Inferences that the server has counted besides those answered; it is given time for so many."""
        deadline = time.monotonic() + _SETTLE_S
        while True:
            found = self._grown.inferences - self._everything.answered
            if found >= wanted or time.monotonic() > deadline:
                return max(0, found)
            time.sleep(_POLL_S)
            self._read()

    def _new_of(self, worker: int) -> Asked:
        now = self._now.get(worker, Asked())
        before, self._before[worker] = self._before.get(worker, Asked()), now
        return now.since(before)

    def _settle(self) -> None:
        """Look, and wait for the server to have counted what it has answered."""
        self.look()
        deadline = time.monotonic() + _SETTLE_S
        while self._ahead and self._counters:
            if time.monotonic() > deadline:
                self._ahead = 0  # they were counted by a server that has been started anew since
                return
            time.sleep(_POLL_S)
            with self._lock:
                self._read()
                self._take_part()

    def _read(self) -> None:
        """What all have spent since the last time is at first the others'."""
        counters = self._reader.read()
        if counters is None:
            return
        grown = counters.since(self._counters) if self._counters else Counters()
        self._counters = counters
        self._grown += grown
        self._stretch = (grown.device_ns * _NANO, grown.inferences)

    def _take_part(self) -> None:
        """The step's part of the last stretch, and the others' part of it.

        What the server counted before the step did is among what was the others' before.
        """
        seconds, inferences = self._stretch
        self._stretch = (0.0, 0)
        own = min(self._ahead, inferences)
        part = seconds * own / inferences if inferences else 0.0
        late, lent = self._of_others(self._ahead - own)
        self._ahead -= own + lent
        self._spent += part + late
        self._unshared += part + late
        self._others = (
            self._others[0] + seconds - part - late,
            self._others[1] + inferences - own - lent,
        )

    def _of_others(self, wanted: int) -> tuple[float, int]:
        """The seconds of so many inferences that were counted as the others', or of as many as there are."""
        seconds, inferences = self._others
        found = min(wanted, inferences)
        return (seconds * found / inferences if found else 0.0), found


class ModelMeters:
    """The models of an engine; see `docmill.pipeline.convert.metered.StepMeter`."""

    def __init__(self, models: Sequence[ModelMeter], every_s: float = _EVERY_S) -> None:
        self._models = models
        self._every_s = every_s
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look, name="docmill-step-meter", daemon=True)
        self._looking.start()

    def took(self, worker: int) -> dict[str, float]:
        """What a worker's chunk took, by model."""
        found = {meter.model: meter.took(worker) for meter in self._models}
        return {model: seconds for model, seconds in found.items() if seconds is not None}

    def lost(self, worker: int) -> None:
        """What a worker was answered came to nothing."""
        for meter in self._models:
            meter.lost(worker)

    def close(self) -> dict[str, float]:
        """What the step took, by model."""
        self._over.set()
        self._looking.join()
        found = {meter.model: meter.close() for meter in self._models}
        return {model: seconds for model, seconds in found.items() if seconds is not None}

    def stop(self) -> None:
        """Read no more."""
        self._over.set()

    @property
    def rejections(self) -> int:
        """Inferences that were turned away."""
        return sum(meter.rejections for meter in self._models)

    @property
    def given_up(self) -> dict[str, int]:
        """How often a process gave the server up as silent, by model."""
        return {meter.model: meter.given_up for meter in self._models if meter.given_up}

    def _look(self) -> None:
        while not self._over.wait(self._every_s):
            for meter in self._models:
                meter.look()
