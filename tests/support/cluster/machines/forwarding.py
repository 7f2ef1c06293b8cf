"""Connections that are passed on: what comes to a port of one address reaches a port of loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

__all__ = ["forwarded", "pass_on"]


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """A connection, to its end. Raises OSError where nobody listens at the port of loopback."""
    inner, outer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(_pump(reader, outer), _pump(inner, writer))
    finally:
        outer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


@contextmanager
def forwarded(address: str, ports: Sequence[int]) -> Iterator[None]:
    """Connections to these ports of an address are passed on to the same ports of loopback."""
    loop, ended, begun = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    # the loop itself forgets tasks of connections that one side has closed
    under_way: set[asyncio.Task[None] | None] = set()

    def to(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            under_way.add(task)
            with suppress(OSError, asyncio.CancelledError):
                await pass_on(reader, writer, port)
            writer.close()
            under_way.discard(task)

        return passing

    async def serve() -> None:
        servers = [await asyncio.start_server(to(port), address, port) for port in ports]
        begun.set()
        await ended.wait()
        for server in servers:
            server.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="forwarding", daemon=True)
    thread.start()
    assert begun.wait(30), f"{address} has not these ports: {ports}"
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
