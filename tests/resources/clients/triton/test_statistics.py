from collections.abc import Iterator

import numpy as np
import pytest

from docmill.resources.clients.triton import TritonServer
from docmill.resources.clients.triton.statistics import Counters, StatisticsReader, UsageMeter
from tests.support.kserve_server import KServeServer, Model


class Readings(StatisticsReader):
    """A server whose counters are read one after another; the last stays."""

    def __init__(self, *counters: Counters | None) -> None:
        self._left = list(counters)

    def look_up(self) -> None:
        pass

    def read(self) -> Counters | None:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


def meter(own: Iterator[int], *readings: Counters | None) -> UsageMeter:
    return UsageMeter("layout", Readings(*readings), lambda: next(own))


def grown(inferences: int, seconds: float) -> Counters:
    return Counters(inferences=inferences, device_ns=int(seconds * 1e9))


def test_own_inferences_take_their_share_of_what_all_took() -> None:
    usage = meter(iter([5, 7]), grown(100, 10.0), grown(108, 12.0))
    assert usage.close() == {"layout": pytest.approx(0.5)}


def test_an_execution_that_is_counted_late_is_waited_for() -> None:
    usage = meter(iter([0, 2]), grown(0, 0.0), grown(1, 0.1), grown(2, 0.3))
    assert usage.close() == {"layout": pytest.approx(0.3)}


def test_after_a_restart_the_new_counters_are_what_there_is() -> None:
    usage = meter(iter([0, 4]), grown(100, 10.0), grown(4, 1.0))
    assert usage.close() == {"layout": pytest.approx(1.0)}


def test_nothing_asked_is_nothing_spent_and_no_statistics_is_no_figure() -> None:
    assert meter(iter([3, 3]), grown(100, 10.0), grown(108, 12.0)).close() == {}
    assert meter(iter([0, 1]), None).close() == {}
    assert meter(iter([0, 1]), grown(0, 0.0), None).close() == {}


def test_a_name_with_several_addresses_is_several_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their counters are added up: requests are spread over all of them."""

    def answer(inputs: list[np.ndarray]) -> list[np.ndarray]:
        return inputs

    models = [
        Model(inputs=[("x", "FP32")], outputs=[("y", "FP32")], answer=answer, device_ns=ns, inferences=count)
        for ns, count in ((10**9, 10), (3 * 10**9, 10))
    ]
    with KServeServer({"m": models[0]}) as one, KServeServer({"m": models[1]}) as other:
        addresses = [one.url, other.url]
        monkeypatch.setattr("docmill.resources.clients.triton.statistics._addresses", lambda _: addresses)
        reader = StatisticsReader(TritonServer("triton:8001"), None, "m", "")
        reader.look_up()
        assert reader.read() == Counters(inferences=20, executions=20, requests=20, device_ns=4 * 10**9)
        addresses[:] = [one.url, "127.0.0.1:1"]
        reader.look_up()
        assert reader.read() == Counters(inferences=10, executions=10, requests=10, device_ns=10**9)
