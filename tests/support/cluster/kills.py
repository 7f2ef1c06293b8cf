"""Kills of pods and of the control plane's parts, at the boundaries of stages."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import dagster as dg

from tests.killing.corpus import small_pdfs
from tests.killing.gates import Gates, Message
from tests.killing.matrix import Death, Findings, Kill, Killer
from tests.support.cluster.control_plane import Part
from tests.support.cluster.deployment import ClusterDeployment

__all__ = ["ClusterKiller", "Passed", "pass_through"]

_PARTS: dict[str, Part] = {"scheduler": "scheduler", "apiserver": "apiserver"}


@dataclass
class ClusterKiller(Killer):
    """The same watch and the same accounts as without a cluster; other victims."""

    deployment: ClusterDeployment
    _waiting: list[threading.Thread] = field(default_factory=list)

    def join(self) -> None:
        """Until what was killed has been started again."""
        for thread in self._waiting:
            thread.join()

    def _kill(self, kill: Kill, message: Message) -> None:
        self._disaster.acquire()
        standing = self._standing(message.batch)
        with self._lock:
            self.deaths.append(Death(kill, message.batch, time.monotonic(), standing))
        match kill.victim:
            case "run":
                self.deployment.kill_pod(message.run)
            case "step":
                self.deployment.kill_pod(message.run, message.stage)
            case "drained run":
                self.deployment.drain_pod(message.run)
            case "drained step":
                self.deployment.drain_pod(message.run, message.stage)
            case "node":
                self.deployment.lose_node()
            case "daemon":
                self.deployment.kill_daemon()
            case "triton":
                self.deployment.kill_labelled("triton")
            case "scheduler" | "apiserver":
                self.deployment.kubelet.plane.kill(_PARTS[kill.victim])
                thread = threading.Thread(target=self._start_again, args=(kill,), daemon=True)
                self._waiting.append(thread)
                thread.start()
                return
            case _:
                raise ValueError(kill.victim)
        self._disaster.release()

    def _start_again(self, kill: Kill) -> None:
        try:
            time.sleep(kill.outage_s)
            self.deployment.kubelet.plane.start(_PARTS[kill.victim])
        except BaseException as error:
            self.errors.append(error)
            raise
        finally:
            self._disaster.release()


@dataclass(frozen=True)
class Passed:
    """What came of a corpus that passed through."""

    findings: Findings
    deaths: Sequence[Death]
    #: Kills that were never due.
    left: Sequence[Kill]
    #: What was written, by its name.
    outputs: dict[str, bytes]
    seconds: float


def pass_through(
    deployment: ClusterDeployment, documents: int, batch: int, kills: Sequence[Sequence[Kill]], limit_s: float
) -> Passed:
    """Put so many documents into the inbox, kill by plan, and wait until all have come to an end.

    AssertionError when that takes longer than `limit_s`, or when something of the harness itself failed.
    """
    killer = ClusterKiller(deployment, [list(plan) for plan in kills])
    batches = -(-documents // batch)
    exports = dg.AssetKey("exports")
    started = time.monotonic()
    with Gates(deployment.folder / "gates", killer.passing):
        expected = {}
        for name, data, reason in small_pdfs(documents):
            deployment.inbox.write(name, data)
            expected[name] = reason

        def over() -> bool:
            if not deployment.settled(documents):
                return False
            with deployment.instance() as instance:
                return len(instance.get_materialized_partitions(exports)) == batches

        deployment.until(over, limit_s)
        killer.join()
    seconds = time.monotonic() - started
    assert not killer.errors, killer.errors
    outputs = {
        name: deployment.out.read(name) for name in deployment.out.list("") if name.endswith((".md", ".json"))
    }
    return Passed(killer.findings(expected), killer.deaths, killer.left, outputs, seconds)
