"""`python -m benchmarks.vllm`: a vision-language model's server, through docmill and through a plain load.

The *plain* load is a bare loop over raw HTTP: as many tasks as requests may be in flight, each of which posts
a request made beforehand and reads the answer. *docmill* is `VlmEngine.ask` with the same pages as pixels: it
compresses the images, sends them, checks every answer, and would climb its ladder. Both ask the same server
for the same pages at the same concurrency, in turn; the ratio is the median of the repetitions.

Without --url a local server is started with the tiny model, which knows the pages by heart: the figures are
those of the serving path on this machine, and say nothing of a real model on a GPU.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.metrics.environment import environment
from benchmarks.processes import PeakMemory
from pipeline.convert.pdf import Pdf
from pipeline.convert.understanding.choosing import Choice
from pipeline.convert.understanding.profiles import PROFILES, picture_profile
from resources.vllm.engine import VlmEngine
from resources.vllm.images import data_uri
from resources.vllm.metrics import read_metrics
from resources.vllm.question import Question
from resources.vllm.reader import Answer
from resources.vllm.server import VlmServer
from resources.vllm_local.environment import prepare_environment
from resources.vllm_local.places import default_vllm_home, shipped
from resources.vllm_local.server import LocalVllm, VllmSettings

_SAMPLES = Path(__file__).parents[1] / "tests" / "samples"
#: Pages that the tiny model knows.
_PAGES = (("many_pages.pdf", 1), ("many_pages.pdf", 2), ("many_pages.pdf", 3), ("many_pages.pdf", 4))
_PROFILE = PROFILES["granite-docling"]
_WATCH_S = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    with _server(options) as server:
        report = _measure(server, options)
        report["environment"] = msgspec.to_builtins(environment())
    _print(report, Console())
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vllm", description=__doc__)
    parser.add_argument("--url", help="a server that runs already; default: a local one is started")
    parser.add_argument("--model", default=VlmServer().model, help="the model's name on the server")
    parser.add_argument("--pdf", type=Path, help="ask about this file's pages; default: four of the samples")
    parser.add_argument("--concurrency", default="1,2,4,8,16")
    parser.add_argument("--pages", type=int, default=48, help="pages of one measurement (default 48)")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    return parser


@contextmanager
def _server(options: argparse.Namespace) -> Iterator[VlmServer]:
    if options.url:
        yield VlmServer(options.url, options.model)
        return
    home, source = default_vllm_home(), shipped()
    settings = VllmSettings(source.tiny, options.model, port=0)
    with LocalVllm(settings, prepare_environment(home, source), home) as server:
        yield VlmServer(server.url, options.model)


def _measure(server: VlmServer, options: argparse.Namespace) -> dict[str, Any]:
    images = _images(options.pdf)
    chosen = [images[n % len(images)] for n in range(options.pages)]
    bodies = [_body(server, image) for image in chosen]
    asyncio.run(_plain(server, bodies[:4], 2))
    single = [_docmill(server, chosen[:1], 1)[0] for _ in range(5)]
    first = [asyncio.run(_first_token(server, bodies[0])) for _ in range(5)]
    report: dict[str, Any] = {
        "pages": options.pages,
        "single_s": statistics.median(single),
        "first_token_s": statistics.median(first),
        "rows": [],
    }
    for concurrency in map(int, options.concurrency.split(",")):
        runs = []
        for number in range(options.repeat):
            sides = {
                "plain": lambda n=concurrency: asyncio.run(_plain(server, bodies, n)),
                "docmill": lambda n=concurrency: _docmill(server, chosen, n),
            }
            # in turn, so that a machine that is busy now and then is so for both
            order = list(sides) if number % 2 == 0 else list(sides)[::-1]
            took = {name: sides[name]() for name in order}
            pages = {name: options.pages / seconds for name, (seconds, _) in took.items()}
            runs.append(pages | {"tokens": took["docmill"][1] / took["docmill"][0]})
        # once more, watched: reading metrics and memory costs time that would be missing above
        with _Watch(server) as watch, PeakMemory() as memory:
            _docmill(server, chosen, concurrency)
        report["rows"].append(
            {
                "concurrency": concurrency,
                "plain_pages_per_s": statistics.median(run["plain"] for run in runs),
                "docmill_pages_per_s": statistics.median(run["docmill"] for run in runs),
                "ratio": statistics.median(run["docmill"] / run["plain"] for run in runs),
                "tokens_per_s": statistics.median(run["tokens"] for run in runs),
                "running": watch.running,
                "kv_cache": watch.kv_cache,
                "megabytes": memory.megabytes,
                "runs": runs,
            }
        )
    return report


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


def _body(server: VlmServer, pixels: np.ndarray[Any, Any]) -> dict[str, Any]:
    image = {"type": "image_url", "image_url": {"url": data_uri(pixels)}}
    content = [image, {"type": "text", "text": _PROFILE.prompt}]
    return {
        "model": server.model,
        "messages": [{"role": "user", "content": content}],
        "temperature": 0,
        "stop": list(_PROFILE.stop),
        "skip_special_tokens": False,
    }


async def _plain(server: VlmServer, bodies: Sequence[dict[str, Any]], concurrency: int) -> tuple[float, int]:
    """Wall seconds and generated tokens."""
    waiting, tokens = iter([json.dumps(body).encode() for body in bodies]), 0
    headers = {"content-type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def work() -> None:
            nonlocal tokens
            for body in waiting:
                async with session.post(f"{server.api}/chat/completions", data=body) as answer:
                    answer.raise_for_status()
                    tokens += (await answer.json())["usage"]["completion_tokens"]

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(concurrency)))
        return time.perf_counter() - started, tokens


def _docmill(
    server: VlmServer, images: Sequence[np.ndarray[Any, np.dtype[np.uint8]]], concurrency: int
) -> tuple[float, int]:
    """Wall seconds and generated tokens; connections and the client are made beforehand."""
    engine = VlmEngine(server, _PROFILE, picture_profile(), Choice("all"), per_worker=concurrency)
    answers: list[Answer] = []

    def questions(count: int) -> list[Question]:
        return [Question(str(n), 1, _PROFILE, _Given(pixels)) for n, pixels in enumerate(images[:count])]

    engine.ask(questions(1), lambda _, answer: answers.append(answer))
    answers.clear()
    started = time.perf_counter()
    engine.ask(questions(len(images)), lambda _, answer: answers.append(answer))
    seconds = time.perf_counter() - started
    engine.close()
    if failed := [answer.error for answer in answers if answer.error]:
        raise SystemExit(f"{len(failed)} pages failed, the figures would mean nothing: {failed[0]}")
    return seconds, sum(answer.generation_tokens for answer in answers)


@dataclass(frozen=True)
class _Given:
    """A page that is drawn already."""

    pixels: np.ndarray[Any, np.dtype[np.uint8]]

    def __call__(self, scale: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return self.pixels


async def _first_token(server: VlmServer, body: dict[str, Any]) -> float:
    async with aiohttp.ClientSession() as session:
        started = time.perf_counter()
        async with session.post(f"{server.api}/chat/completions", json=body | {"stream": True}) as answer:
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
    table = Table(title=f"{report['pages']} pages at a time")
    for column in (
        "in flight",
        "plain pages/s",
        "docmill pages/s",
        "ratio",
        "tokens/s",
        "running",
        "KV cache",
    ):
        table.add_column(column, justify="right")
    for row in report["rows"]:
        table.add_row(
            str(row["concurrency"]),
            f"{row['plain_pages_per_s']:.2f}",
            f"{row['docmill_pages_per_s']:.2f}",
            f"{row['ratio']:.3f}",
            f"{row['tokens_per_s']:.0f}",
            str(row["running"]),
            f"{row['kv_cache']:.1%}",
            f"{row['megabytes']:.0f}",
        )
    console.print(table)
    console.print("MB: peak memory of this process and all below it; a local server is most of it")


if __name__ == "__main__":
    raise SystemExit(main())
