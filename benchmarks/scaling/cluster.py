"""A cluster that works a queue of batches off, simulated second by second.

A run is a pod: it starts, reads its pages (CPU), sends them to the servers of the models, and puts documents
together (CPU). Pods stand on CPU nodes, each server on a GPU node; nodes are started when something has no
room and are given back when they have been empty for a while, as Kubernetes' cluster autoscaler does. What
ready servers can do is shared by the runs that send.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.scaling.autoscaler import Autoscaler, Scaling

__all__ = ["Moment", "Outcome", "Policy", "Seen", "Site", "simulate"]

#: Of a run: before it sends pages, while it does, and after.
_READS, _SENDS, _ENDS = range(3)
_HOUR_S = 3600.0
#: Runs are not alike: without this they would all read at once, and then all send.
_UNLIKE = (0.7, 1.3)


@dataclass(frozen=True)
class Site:
    """What everything takes. Seconds are wall time of a pod unless said otherwise."""

    pages_per_run: float
    #: A pod's start, its pages read, and its documents put together.
    reads_s: float
    ends_s: float
    #: Pages a second that a pod can send, and a server can do.
    sends: float
    serves: float
    #: Pages on their way to the servers, of one pod that sends.
    in_flight: float
    #: Nodes of CPUs: pods each, seconds until one is there, seconds empty until it goes.
    pods_per_node: int
    cpus_per_node: int
    cpu_node_s: float
    #: A GPU node with its server: until it is there, and from then until its model answers.
    gpu_node_s: float
    model_s: float
    idle_s: float
    #: Runs at a time.
    most_runs: int


@dataclass(frozen=True)
class Seen:
    """What a scaler may ask: batches that wait or work, pages that are not done yet, those on their way."""

    batches: float
    waiting_pages: float
    pending_pages: float


@dataclass(frozen=True)
class Policy:
    """How many servers there are: those of a ScaledObject on what is seen, or always `most`."""

    name: str
    scaling: Scaling
    look: Callable[[Seen], Sequence[float | None]] | None = None


@dataclass(frozen=True)
class Moment:
    """The cluster at a second."""

    at: float
    replicas: int
    ready: int
    runs: int
    waiting_pages: float


@dataclass(frozen=True)
class Outcome:
    """When the last document was done, what was paid for until all was given back, and how it went."""

    finished_s: float
    gpu_hours: float
    cpu_hours: float
    #: Of the paid hours of GPUs.
    busy: float
    moments: tuple[Moment, ...]

    def cost(self, gpu_hour: float, cpu_hour: float) -> float:
        """By these prices of an hour."""
        return self.gpu_hours * gpu_hour + self.cpu_hours * cpu_hour


@dataclass
class _Pool:
    """Things that take a while to be there; each is paid for from the second it is asked for."""

    takes_s: float
    asked: list[float] = field(default_factory=list)

    def resize(self, now: float, wanted: int) -> None:
        while len(self.asked) < wanted:
            self.asked.append(now)
        del self.asked[wanted:]  # the youngest: those that are not ready go first

    def ready(self, now: float) -> int:
        return sum(now - asked >= self.takes_s for asked in self.asked)


def simulate(
    site: Site, policy: Policy, arrivals: Sequence[tuple[float, int]], every_s: float = 60.0
) -> Outcome:
    """Work off batches that arrive at these seconds, so many at each, until all servers that can go are gone.

    Servers that `policy` never takes away are paid until the last document is done.
    """
    return _Simulation(site, policy, arrivals, every_s).run()


class _Simulation:
    def __init__(
        self, site: Site, policy: Policy, arrivals: Sequence[tuple[float, int]], every_s: float
    ) -> None:
        self._site, self._policy, self._every_s = site, policy, every_s
        self._arrivals = sorted(arrivals)
        self._scaler = Autoscaler(policy.scaling)
        self._servers = _Pool(site.gpu_node_s + site.model_s)
        self._nodes = _Pool(site.cpu_node_s)
        self._nodes_used = -math.inf
        self._waiting = 0
        #: Of each run: what it does, and how much is left of that (seconds, or pages).
        self._doing = np.zeros(0, np.int64)
        self._left = np.zeros(0, np.float64)
        self._gpu_s = self._cpu_s = self._busy_s = 0.0
        self._moments: list[Moment] = []
        self._dice = np.random.default_rng(0)

    def run(self) -> Outcome:
        least = self._policy.scaling.least if self._policy.look else self._policy.scaling.most
        self._servers.asked = [-math.inf] * least  # those are there before anything comes
        now, finished = 0.0, 0.0
        while True:
            self._arrive(now)
            if self._waiting or len(self._doing) or self._arrivals:
                finished = now
            elif len(self._servers.asked) <= least and not self._nodes.asked:
                break
            self._scale(now)
            self._note(now)
            self._start(now)
            self._work(now)
            now += 1.0
        paid = max(self._gpu_s, 1.0)
        return Outcome(
            finished, self._gpu_s / _HOUR_S, self._cpu_s / _HOUR_S, self._busy_s / paid, tuple(self._moments)
        )

    def _arrive(self, now: float) -> None:
        while self._arrivals and self._arrivals[0][0] <= now:
            self._waiting += self._arrivals.pop(0)[1]

    def _seen(self) -> Seen:
        pages = self._waiting * self._site.pages_per_run
        pages += self._site.pages_per_run * np.count_nonzero(self._doing == _READS)
        sending = self._doing == _SENDS
        pages += float(self._left[sending].sum())
        batches = float(self._waiting + len(self._doing))
        return Seen(batches, pages, self._site.in_flight * np.count_nonzero(sending))

    def _scale(self, now: float) -> None:
        if self._policy.look:
            values = self._policy.look(self._seen())
            self._servers.resize(now, self._scaler.decide(now, len(self._servers.asked), values))
        runs = min(self._site.most_runs, self._waiting + len(self._doing))
        wanted = math.ceil(runs / self._site.pods_per_node)
        if wanted >= len(self._nodes.asked):
            self._nodes_used = now
        if wanted > len(self._nodes.asked) or now - self._nodes_used > self._site.idle_s:
            self._nodes.resize(now, wanted)

    def _start(self, now: float) -> None:
        room = min(self._site.most_runs, self._nodes.ready(now) * self._site.pods_per_node) - len(self._doing)
        begun = min(self._waiting, max(0, room))
        self._waiting -= begun
        self._doing = np.append(self._doing, np.full(begun, _READS))
        self._left = np.append(self._left, self._site.reads_s * self._dice.uniform(*_UNLIKE, begun))

    def _work(self, now: float) -> None:
        """A second of everything."""
        sending = self._doing == _SENDS
        senders, ready = np.count_nonzero(sending), self._servers.ready(now)
        rate = min(self._site.sends, ready * self._site.serves / senders) if senders else 0.0
        done = np.minimum(self._left[sending], rate)
        self._busy_s += float(done.sum()) / self._site.serves
        self._left[sending] -= done
        self._left[~sending] -= 1.0
        over = self._left <= 0
        self._left = np.where(over & (self._doing == _READS), self._site.pages_per_run, self._left)
        self._left = np.where(over & sending, self._site.ends_s, self._left)
        stays = ~(over & (self._doing == _ENDS))
        self._doing = (self._doing + over)[stays]
        self._left = self._left[stays]
        self._gpu_s += len(self._servers.asked)
        self._cpu_s += len(self._nodes.asked) * self._site.cpus_per_node

    def _note(self, now: float) -> None:
        if now % self._every_s == 0:
            ready, pages = self._servers.ready(now), self._seen().waiting_pages
            self._moments.append(Moment(now, len(self._servers.asked), ready, len(self._doing), pages))
