"""How busy a GPU is while something runs, from its driver."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from types import TracebackType

__all__ = ["Utilisation"]

_EVERY_MS = 100


class Utilisation:
    """Samples of `nvidia-smi` while the context is open; `mean` is in 0..1, or None without a driver."""

    def __init__(self, index: int = 0) -> None:
        self._index = index
        self._seen: list[tuple[float, float]] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def samples(self) -> int:
        """How many there are so far."""
        return len(self._seen)

    @property
    def mean(self) -> float | None:
        """Over the samples so far."""
        return self.between(float("-inf"), float("inf"))

    def between(self, since: float, until: float) -> float | None:
        """Over the samples of a stretch of `time.perf_counter`, rounded."""
        found = [share for at, share in list(self._seen) if since <= at <= until]
        return round(sum(found) / len(found), 3) if found else None

    def __enter__(self) -> Utilisation:
        program = shutil.which("nvidia-smi")
        if program is not None:
            query = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
            every = [f"--loop-ms={_EVERY_MS}", f"--id={self._index}"]
            self._process = subprocess.Popen([program, *query, *every], stdout=subprocess.PIPE, text=True)
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._reader is not None:
            self._process.terminate()
            self._process.wait()
            self._reader.join()

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line.strip().isdecimal():
                    self._seen.append((time.perf_counter(), int(line) / 100))
