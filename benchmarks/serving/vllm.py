"""`python -m benchmarks.serving.vllm`: a vision-language model's server, by docmill and a plain load.

The *plain* load is a bare loop over raw HTTP: as many tasks as requests may be in flight, each of which posts
a request made beforehand and reads the answer. *ready* is docmill's client with the same images, compressed
beforehand too: `VlmEngine.ask` makes the requests, bears with the server, checks every answer, and would
climb its ladder. *whole* gives it pixels instead, which it also compresses. All ask the same server for the
same pages at the same concurrency, in turn; a ratio is to plain, and the median of the repetitions. *client*
is the processor time of this process for a page, on each side.

The pages differ in the length of their answers, as a document's do: of equal pages those that begin together
end together, and the load that sends them at the same instant would get a batch that none but it can get.

Without --url a local server is started with the tiny model, which knows the pages by heart: the figures are
those of the serving path on this machine, and say nothing of a real model on a GPU. It leaves one processor
to the clients, as a server on a machine of its own would leave them all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.measuring.processes import PeakMemory
from benchmarks.metrics.environment import environment
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.understanding.choosing import Choice
from docmill.pipeline.convert.understanding.profiles import PROFILES, picture_profile
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.clients.vllm.images import data_uri
from docmill.resources.clients.vllm.metrics import read_metrics
from docmill.resources.clients.vllm.question import Question
from docmill.resources.clients.vllm.reader import Answer
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.local.vllm.environment import prepare_environment
from docmill.resources.local.vllm.places import default_vllm_home, shipped
from docmill.resources.local.vllm.server import LocalVllm, VllmSettings

_SAMPLES = Path(__file__).parents[2] / "tests" / "samples"
#: Pages that the tiny model knows.
_PAGES = (
    ("many_pages.pdf", 1),
    ("annual_report.pdf", 3),
    ("broken_page.pdf", 1),
    ("many_pages.pdf", 2),
    ("financial_statement.pdf", 1),
    ("many_pages.pdf", 3),
    ("annual_report.pdf", 1),
    ("broken_page.pdf", 3),
    ("many_pages.pdf", 4),
)
#: Fewer pages for each request in flight would measure the beginning and the end.
_ROUNDS = 4
_PROFILE = PROFILES["granite-docling"]
_WATCH_S = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    with _server(options) as server:
        report = _measure(server, options)
        report["environment"] = msgspec.to_builtins(environment())
    _print(report, Console() if sys.stdout.isatty() else Console(width=160))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.vllm", description=__doc__)
    parser.add_argument("--url", help="a server that runs already; default: a local one is started")
    parser.add_argument("--model", default=VlmServer().model, help="the model's name on the server")
    parser.add_argument("--pdf", type=Path, help="ask about this file's pages; default: nine of the samples")
    parser.add_argument("--concurrency", default="1,2,4,8,16")
    parser.add_argument(
        "--pages",
        type=int,
        default=48,
        help=f"pages of one measurement (default 48), and at least {_ROUNDS} for each request in flight",
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    return parser


@contextmanager
def _server(options: argparse.Namespace) -> Iterator[VlmServer]:
    if options.url:
        yield VlmServer(options.url, options.model)
        return
    with local_vllm(options.model) as server:
        yield VlmServer(server.url, options.model)


def local_vllm(model: str) -> LocalVllm:
    """A server at a port of its own with the tiny model, under the name of another."""
    home, source = default_vllm_home(), shipped()
    settings = VllmSettings(source.tiny, model, port=0)
    return LocalVllm(settings, prepare_environment(home, source), home)


def _measure(server: VlmServer, options: argparse.Namespace) -> dict[str, Any]:
    pages = [_Page(pixels, data_uri(pixels)) for pixels in _images(options.pdf)]
    asyncio.run(_plain(server, pages[:4], 2))
    single = [_whole(server, pages[:1], 1).seconds for _ in range(5)]
    first = [asyncio.run(_first_token(server, pages[0])) for _ in range(5)]
    concurrencies = map(int, options.concurrency.split(","))
    return {
        "pages": options.pages,
        "single_s": statistics.median(single),
        "first_token_s": statistics.median(first),
        "rows": [_row(server, pages, concurrency, options) for concurrency in concurrencies],
    }


def _row(
    server: VlmServer, known: Sequence[_Page], concurrency: int, options: argparse.Namespace
) -> dict[str, Any]:
    count = max(options.pages, _ROUNDS * concurrency)
    pages = [known[n % len(known)] for n in range(count)]
    sides: dict[str, Callable[[], _Took]] = {
        "plain": lambda: asyncio.run(_plain(server, pages, concurrency)),
        "ready": lambda: _ready(server, pages, concurrency),
        "whole": lambda: _whole(server, pages, concurrency),
    }
    runs = []
    for number in range(options.repeat):
        # in turn, so that a machine that is busy now and then is so for all
        order = list(sides) if number % 2 == 0 else list(sides)[::-1]
        runs.append({name: sides[name]() for name in order})
    # once more, watched: reading metrics and memory costs time that would be missing above
    with _Watch(server) as watch, PeakMemory() as memory:
        _whole(server, pages, concurrency)

    def median(of: Callable[[dict[str, _Took]], float]) -> float:
        return statistics.median(map(of, runs))

    return {
        "concurrency": concurrency,
        "pages": count,
        "pages_per_s": {name: count / median(_of(name, "seconds")) for name in sides},
        "client_ms": {name: 1000 * median(_of(name, "client_s")) / count for name in sides},
        "ready_ratio": median(lambda run: run["plain"].seconds / run["ready"].seconds),
        "whole_ratio": median(lambda run: run["plain"].seconds / run["whole"].seconds),
        "tokens_per_s": median(lambda run: run["whole"].tokens / run["whole"].seconds),
        "running": watch.running,
        "kv_cache": watch.kv_cache,
        "megabytes": memory.megabytes,
        "runs": [{name: asdict(took) for name, took in run.items()} for run in runs],
    }


def _images(pdf: Path | None) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    places = [(_SAMPLES / name, page) for name, page in _PAGES]
    if pdf:
        with Pdf.open(pdf) as opened:
            places = [(pdf, page) for page in range(1, opened.page_count + 1)]
    images = []
    for path, page in places:
        with Pdf.open(path) as opened:
            images.append(opened.render(page, _PROFILE.scale))
    return images


def _body(server: VlmServer, page: _Page) -> dict[str, Any]:
    image = {"type": "image_url", "image_url": {"url": page.uri}}
    content = [image, {"type": "text", "text": _PROFILE.prompt}]
    return {
        "model": server.model,
        "messages": [{"role": "user", "content": content}],
        "temperature": 0,
        "stop": list(_PROFILE.stop),
        "skip_special_tokens": False,
    }


def _of(side: str, what: str) -> Callable[[dict[str, _Took]], float]:
    """Takes one figure of one side out of a run."""
    return lambda run: float(getattr(run[side], what))


async def _plain(server: VlmServer, pages: Sequence[_Page], concurrency: int) -> _Took:
    waiting, tokens = iter([json.dumps(_body(server, page)).encode() for page in pages]), 0
    headers = {"content-type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def work() -> None:
            nonlocal tokens
            for body in waiting:
                async with session.post(f"{server.api}/chat/completions", data=body) as answer:
                    answer.raise_for_status()
                    tokens += (await answer.json())["usage"]["completion_tokens"]

        started, busy = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(concurrency)))
        return _Took(time.perf_counter() - started, time.process_time() - busy, tokens)


def _ready(server: VlmServer, pages: Sequence[_Page], concurrency: int) -> _Took:
    questions = [_ReadyQuestion(str(n), 1, _PROFILE, _Given(page)) for n, page in enumerate(pages)]
    return _docmill(server, questions, concurrency)


def _whole(server: VlmServer, pages: Sequence[_Page], concurrency: int) -> _Took:
    questions = [Question(str(n), 1, _PROFILE, _Given(page)) for n, page in enumerate(pages)]
    return _docmill(server, questions, concurrency)


def _docmill(server: VlmServer, questions: Sequence[Question], concurrency: int) -> _Took:
    """Connections and the client are made beforehand."""
    engine = VlmEngine(server, _PROFILE, picture_profile(), Choice("all"), per_worker=concurrency)
    answers: list[Answer] = []
    engine.ask(questions[:1], lambda _, answer: answers.append(answer))
    answers.clear()
    started, busy = time.perf_counter(), time.process_time()
    engine.ask(questions, lambda _, answer: answers.append(answer))
    seconds, client = time.perf_counter() - started, time.process_time() - busy
    engine.close()
    if failed := [answer.error for answer in answers if answer.error]:
        raise SystemExit(f"{len(failed)} pages failed, the figures would mean nothing: {failed[0]}")
    return _Took(seconds, client, sum(answer.generation_tokens for answer in answers))


@dataclass(frozen=True)
class _Page:
    """A page that is drawn already, and its image for those who get it compressed."""

    pixels: np.ndarray[Any, np.dtype[np.uint8]]
    uri: str


@dataclass(frozen=True)
class _Took:
    """Wall seconds, processor seconds of this process, and generated tokens."""

    seconds: float
    client_s: float
    tokens: int


@dataclass(frozen=True)
class _Given:
    """Draws a page that is drawn already."""

    page: _Page

    def __call__(self, scale: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return self.page.pixels


@dataclass(frozen=True)
class _ReadyQuestion(Question):
    """A question whose image is compressed already."""

    draw: _Given

    async def image(self, shrink: float) -> str:
        return self.draw.page.uri


async def _first_token(server: VlmServer, page: _Page) -> float:
    body = _body(server, page) | {"stream": True}
    async with aiohttp.ClientSession() as session:
        started = time.perf_counter()
        async with session.post(f"{server.api}/chat/completions", json=body) as answer:
            async for line in answer.content:
                if line.startswith(b"data: {") and json.loads(line[6:])["choices"][0]["delta"].get("content"):
                    return time.perf_counter() - started
    raise SystemExit("the server streamed no token")


class _Watch:
    """The most requests that the server had running, and the largest share of its KV cache in use."""

    def __init__(self, server: VlmServer) -> None:
        self._server = server
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.running, self.kv_cache = 0, 0.0

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_WATCH_S):
            metrics = read_metrics(self._server)
            self.running = max(self.running, metrics.running)
            self.kv_cache = max(self.kv_cache, metrics.kv_cache)


def _print(report: dict[str, Any], console: Console) -> None:
    console.print(
        f"one page alone: {1000 * report['single_s']:.0f} ms, first token after "
        f"{1000 * report['first_token_s']:.0f} ms"
    )
    table = Table(title=f"{report['pages']} pages at a time, or {_ROUNDS} for each request in flight")
    for column in (
        "in flight",
        "plain pages/s",
        "ready pages/s",
        "whole pages/s",
        "ready ratio",
        "whole ratio",
        "client ms",
        "tokens/s",
        "running",
        "KV cache",
        "MB",
    ):
        table.add_column(column, justify="right")
    for row in report["rows"]:
        table.add_row(
            str(row["concurrency"]),
            *(f"{pages:.2f}" for pages in row["pages_per_s"].values()),
            f"{row['ready_ratio']:.3f}",
            f"{row['whole_ratio']:.3f}",
            " / ".join(f"{ms:.1f}" for ms in row["client_ms"].values()),
            f"{row['tokens_per_s']:.0f}",
            str(row["running"]),
            f"{row['kv_cache']:.1%}",
            f"{row['megabytes']:.0f}",
        )
    console.print(table)
    console.print("MB: peak memory of this process and all below it; a local server is most of it")


if __name__ == "__main__":
    raise SystemExit(main())
