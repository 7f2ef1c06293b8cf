"""What worker processes do in tests: found by name, as `module:function`, and light to import."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from docmill.pipeline.convert.errors import (
    BackendConfigError,
    BackendUnavailableError,
    EncryptedPdfError,
    PageError,
    PageTooLargeError,
)
from docmill.pipeline.stages.results.artifacts import Piece
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.selection import CHUNK_PAGES, FirstPages, NoPages, Pages, WholeDocument
from docmill.resources.clients.tracing.spans import current_span

_MEGABYTE = 1 << 20


def no_context() -> None:
    """Tasks that need nothing."""


def given_context(value: Any) -> Any:
    """The context is what the pool was given."""
    return value


def counting_context(folder: str) -> Path:
    """Leaves a file for each worker that starts."""
    (Path(folder) / str(os.getpid())).touch()
    return Path(folder)


def broken_context() -> None:
    raise RuntimeError("no context today")


def killed_context(folder: str, times: int) -> None:
    """Killed while it starts, the first so many times; leaves a file each time."""
    begun = len(list(Path(folder).iterdir()))
    (Path(folder) / str(begun)).touch()
    if begun < times:
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


def misconfigured_context() -> None:
    raise BackendConfigError("the settings are wrong")


def slow_context() -> None:
    time.sleep(1.0)


class Leaving:
    """A context that leaves a file when nobody holds it any more."""

    def __init__(self, file: str) -> None:
        self._file = Path(file)

    def __del__(self) -> None:
        self._file.touch()


def add(_context: object, first: int, second: int) -> int:
    return first + second


def context_of(context: Any) -> Any:
    return context


def pid(_context: object, _n: int = 0) -> int:
    return os.getpid()


def sleep(_context: object, seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def compute(_context: object, cpu_seconds: float, then: str = "") -> None:
    """Computes for so long, then perhaps meets a document's error."""
    until = time.process_time() + cpu_seconds
    while time.process_time() < until:
        pass
    if then:
        raise EncryptedPdfError(then)


def meet(_context: object, folder: str, number: int, others: int) -> int:
    """Waits until as many tasks as `others` are under way beside this one."""
    (Path(folder) / str(number)).touch()
    while len(list(Path(folder).iterdir())) <= others:
        time.sleep(0.01)
    return number


def blob(_context: object, size: int) -> bytes:
    return bytes(size)


def die(_context: object, how: int) -> None:
    """Die of the signal `how`, or end with the exit status `-how`."""
    if how <= 0:
        os._exit(-how)
    os.kill(os.getpid(), how)
    time.sleep(60)


def allocate(_context: object, megabytes: int) -> int:
    return len(bytearray(megabytes * _MEGABYTE))


def unpicklable(_context: object) -> Any:
    return lambda: None


def raise_document_error(_context: object) -> None:
    raise EncryptedPdfError("it is locked", page=3)


def raise_backend_error(_context: object) -> None:
    raise BackendUnavailableError("nobody answers")


def raise_bug(_context: object) -> None:
    raise IndexError("off by one")


# --- stages ---


class Page(msgspec.Struct):
    """A page of the stages below."""

    number: int
    text: str = ""
    error: str | None = None


@dataclass(frozen=True)
class Script:
    """What happens to a document. Each call of a worker leaves a file in `calls`.

    `faults` says what befalls a page: `kill`, `hang`, `bug`, `broken`, `too_large`; `kill_once` only the
    first time. Page 0 stands for opening the document, and -1 for looking over it at the end.
    """

    calls: str
    page_count: int = 20
    faults: Mapping[int, str] = field(default_factory=dict)
    page_seconds: float = 0.0

    def called(self, name: str, pages: list[int]) -> None:
        path = Path(self.calls) / f".{time.time_ns()}-{os.getpid()}"
        path.write_bytes(msgspec.json.encode([name, pages, os.getpid()]))
        path.rename(path.with_name(path.name[1:]))  # who looks meanwhile sees it whole or not at all

    def suffer(self, page: int) -> None:
        match self.faults.get(page):
            case "kill":
                os.kill(os.getpid(), signal.SIGSEGV)
                time.sleep(60)
            case "kill_once":
                mark = Path(self.calls) / f"once-{page}"
                if not mark.exists():
                    mark.touch()
                    os.kill(os.getpid(), signal.SIGSEGV)
                    time.sleep(60)
            case "hang":
                time.sleep(60)
            case "bug":
                raise IndexError("off by one")
            case "too_large":
                raise PageTooLargeError(f"page {page} is too large", page=page)
            case "broken":
                raise PageError(f"page {page} cannot be loaded", page=page)
            case "locked":
                raise EncryptedPdfError("it is locked")


def calls_in(folder: Path) -> list[tuple[str, list[int], int]]:
    """The calls in order: name, pages, process."""
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "once")))
    return [msgspec.json.decode(path.read_bytes(), type=tuple[str, list[int], int]) for path in paths]


def read(script: Script, job: Job, which: FirstPages | NoPages | Pages) -> Chunk:
    """The first stage: it finds out which pages there are."""
    asked = list(which.numbers) if isinstance(which, Pages) else [0] if isinstance(which, NoPages) else []
    script.called("read", asked)
    script.suffer(0)
    if isinstance(which, Pages):
        return _do(script, job, asked)
    selected = list(range(1, script.page_count + 1))
    chunk = _do(script, job, selected[:CHUNK_PAGES] if isinstance(which, FirstPages) else [])
    chunk.record.selected = selected
    chunk.record.extra["title"] = job.document.name
    return chunk


def work(script: Script, job: Job, asked: Pages) -> Chunk:
    """A stage by pages that are known."""
    numbers = list(asked.numbers)
    script.called("work", numbers)
    return _do(script, job, numbers)


def whole(script: Script, job: Job, _: WholeDocument) -> Chunk:
    """A stage that does a document whole."""
    script.called("whole", [])
    script.suffer(0)
    return Chunk(b"", _record(script, job, []))


def look_over(script: Script, parts: Sequence[Piece]) -> dict[str, Any]:
    """The end of a stage."""
    script.called("look_over", [len(parts)])
    script.suffer(-1)
    return {"style": "plain"}


def _do(script: Script, job: Job, numbers: list[int]) -> Chunk:
    for number in numbers:
        script.suffer(number)
        time.sleep(script.page_seconds)
    pages = [Page(number, f"{job.document.name} {number}") for number in numbers]
    return Chunk(encode_pages(pages), _record(script, job, numbers))


def _record(script: Script, job: Job, numbers: list[int]) -> StageRecord:
    noted = [
        PageIssue(n, job.stage, "not_recognised", "unknown script")
        for n in numbers
        if script.faults.get(n) == "note"
    ]
    return StageRecord(
        stage=job.stage,
        document=job.document.id,
        name=job.document.name,
        page_count=script.page_count,
        pages=numbers,
        issues=noted,
        counts={"pages": len(numbers)},
    )


def ask(_context: object, then: str = "") -> bool:
    """Make two requests, if only in name, and then what `then` says; whether OpenTelemetry is imported."""
    for number in (1, 2):
        current_span().child("request", {"number": number}, "client").end("" if number == 1 else "refused")
    if then == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(60)
    if then == "backend":
        raise BackendUnavailableError("nobody answers")
    return any(name.partition(".")[0] == "opentelemetry" for name in sys.modules)
