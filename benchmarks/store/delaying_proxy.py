"""An HTTP proxy that answers a little later than the server behind it, and notes every request.

It is a process of its own, so that what it does takes nothing from who is measured. Whose request it was is
told by the connection: it belongs to the process that started the proxy, or to another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import msgspec
import psutil

__all__ = ["DelayingProxy", "Request", "longest_chain", "seconds_under_way"]

_END = b"\r\n\r\n"
_CHUNK = 1 << 16
_CONDITION = re.compile(rb"(?<=\n)if-(?:none-)?match:[^\n]*\n", re.IGNORECASE)


class Request(msgspec.Struct, frozen=True):
    """One request: what was asked, whether by the process that is measured, and when (monotonic seconds)."""

    method: str
    target: str
    ours: bool
    begun: float
    ended: float


class DelayingProxy:
    """Stands before the server at `port` of this machine; each answer comes `delay_s` later.

    Without `conditions` the server does not hear of `If-Match` and `If-None-Match`, as one that ignores them.
    """

    def __init__(self, port: int, delay_s: float, folder: Path, *, conditions: bool = True) -> None:
        self._behind, self._delay, self._log = port, delay_s, folder / "requests.jsonl"
        self._conditions = conditions

    def __enter__(self) -> DelayingProxy:
        command = [sys.executable, "-m", "benchmarks.store.delaying_proxy"]
        arguments = (
            *(str(self._behind), str(self._delay), str(self._log), str(psutil.Process().pid)),
            *(() if self._conditions else ("unconditional",)),
        )
        self._process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()  # it has nothing to lose, and whoever ignores SIGTERM hands that on
        self._process.communicate()

    def requests(self) -> list[Request]:
        """All that have been answered so far, in the order of their answers."""
        return msgspec.json.Decoder(Request).decode_lines(self._log.read_bytes())


def longest_chain(requests: Iterable[Request]) -> int:
    """The most requests each of which was sent when the one before it had been answered."""
    count, free = 0, 0.0
    for request in sorted(requests, key=lambda request: request.ended):
        if request.begun >= free:
            count, free = count + 1, request.ended
    return count


def seconds_under_way(requests: Iterable[Request]) -> float:
    """Seconds in which at least one of the requests was under way."""
    total, covered = 0.0, 0.0
    for request in sorted(requests, key=lambda request: request.begun):
        total += max(0.0, request.ended - max(request.begun, covered))
        covered = max(covered, request.ended)
    return total


class _Relay:
    """The proxy's own process."""

    def __init__(self, behind: int, delay_s: float, log: Path, measured: int, *, conditions: bool) -> None:
        self._behind, self._delay, self._conditions = behind, delay_s, conditions
        self._log = log.open("ab", buffering=0)
        self._measured = psutil.Process(measured)

    async def serve(self) -> None:
        server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ours = self._is_ours(writer.get_extra_info("peername")[1])
        there, back = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await self._exchange((reader, writer), (there, back), ours)
        finally:
            writer.close()
            back.close()

    async def _exchange(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        ours: bool,
    ) -> None:
        head = await client[0].readuntil(_END)
        begun = time.monotonic()
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        fields = dict(_fields(head))
        server[1].write(head if self._conditions else _CONDITION.sub(b"", head))
        if "100-continue" in fields.get("expect", ""):
            client[1].write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for piece in _body(client[0], fields):
            server[1].write(piece)
        await server[1].drain()
        answer = await server[0].readuntil(_END)
        while answer.split(b" ", 2)[1].startswith(b"1"):
            answer = await server[0].readuntil(_END)
        if method != "HEAD" and answer.split(b" ", 2)[1] not in (b"204", b"304"):
            answer += b"".join([piece async for piece in _body(server[0], dict(_fields(answer)))])
        await asyncio.sleep(self._delay)
        # noted first: whoever has an answer finds its request noted
        done = Request(method, target, ours, begun, time.monotonic())
        self._log.write(msgspec.json.encode(done) + b"\n")
        client[1].write(answer)
        await client[1].drain()

    def _is_ours(self, port: int) -> bool:
        return any(each.laddr.port == port for each in self._measured.net_connections("tcp"))


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.lower(), value.strip()


async def _body(reader: asyncio.StreamReader, fields: dict[str, str]) -> AsyncIterator[bytes]:
    """The body's bytes as they are on the wire."""
    if "chunked" in fields.get("transfer-encoding", ""):
        while True:
            line = await reader.readline()
            size = int(line.partition(b";")[0], 16)
            yield line + await reader.readexactly(size + 2)
            if not size:
                return
    left = int(fields.get("content-length", "0"))
    while left:
        piece = await reader.readexactly(min(left, _CHUNK))
        left -= len(piece)
        yield piece


def _main(arguments: Sequence[str]) -> None:
    behind, delay_s, log, measured, *rest = arguments
    relay = _Relay(int(behind), float(delay_s), Path(log), int(measured), conditions=not rest)
    asyncio.run(relay.serve())


if __name__ == "__main__":
    _main(sys.argv[1:])
