import pytest

from docmill.resources.clients.triton import TritonServer


@pytest.mark.parametrize(
    ("url", "host", "port", "local"),
    [
        ("localhost:8001", "localhost", 8001, True),
        ("127.0.0.1:1", "127.0.0.1", 1, True),
        ("[::1]:8001", "::1", 8001, True),
        ("10.0.0.7:8001", "10.0.0.7", 8001, False),
        ("dns:///triton.serving.svc:8001", "triton.serving.svc", 8001, False),
    ],
)
def test_where_a_server_is(url: str, host: str, port: int, local: bool) -> None:
    server = TritonServer(url)
    assert (server.host, server.port, server.is_local) == (host, port, local)
    assert [server.wants(choice) for choice in ("auto", "on", "off")] == [local, True, False]
