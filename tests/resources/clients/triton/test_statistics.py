import numpy as np
import pytest

from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.triton import TritonServer
from docmill.resources.clients.triton.statistics import StatisticsReader
from tests.support.kserve_server import KServeServer, Model


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
