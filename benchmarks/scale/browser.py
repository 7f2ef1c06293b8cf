"""Chromium without a window, driven through its DevTools protocol."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import urlopen

import psutil
from websockets.sync.client import ClientConnection, connect

__all__ = ["Browser", "BrowserMissingError", "Loaded", "chromium"]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Dagster's UI greets who opens it for the first time, above the page.
_NO_GREETING = "try { localStorage.setItem('communityNux', '1') } catch (e) {}"
#: Windows' codes of keys, which Chromium acts on.
_KEYS = {"Tab": 9, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40}
_START_S = 60.0
_STOP_S = 10.0
_LOOK_EVERY_S = 0.05


class BrowserMissingError(Exception):
    """There is no Chromium on the PATH."""

    def __init__(self) -> None:
        super().__init__(f"none of {', '.join(_NAMES)} is on the PATH: apt-get install chromium")


def chromium() -> str:
    """Chromium's program. Raises `BrowserMissingError`."""
    for name in _NAMES:
        if program := shutil.which(name):
            return program
    raise BrowserMissingError


@dataclass(frozen=True)
class Loaded:
    """A page: seconds until it showed what was waited for, and megabytes of its JavaScript heap then."""

    seconds: float
    heap_mb: float


class Browser:
    """One window with a profile of its own in `folder`; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sent = 0

    def __enter__(self) -> Browser:
        program = chromium()
        arguments = [
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--window-size=2800,1400"),
            *("--remote-debugging-port=0", f"--user-data-dir={self._folder}", "about:blank"),
        ]
        self._process = psutil.Popen(
            [program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with ExitStack() as started:
            started.callback(self._stop)
            self._socket = started.enter_context(self._connect())
            self._call("Page.enable")
            self._call("Performance.enable")
            self._call("Page.addScriptToEvaluateOnNewDocument", source=_NO_GREETING)
            self._closing = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def load(self, url: str, shows: str, limit_s: float = 180.0) -> Loaded:
        """Go to the address and wait until a JavaScript expression is true there. Raises `TimeoutError`."""
        self._call("Page.navigate", url="about:blank")
        started = time.monotonic()
        self._call("Page.navigate", url=url)
        self.wait(shows, limit_s)
        seconds = time.monotonic() - started
        metrics = {each["name"]: each["value"] for each in self._call("Performance.getMetrics")["metrics"]}
        return Loaded(seconds, metrics["JSHeapUsedSize"] / 1e6)

    def wait(self, shows: str, limit_s: float = 180.0) -> None:
        """Wait until a JavaScript expression is true. Raises `TimeoutError`."""
        deadline = time.monotonic() + limit_s
        while not self._evaluate(shows):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {limit_s:g} s: {shows}")
            time.sleep(_LOOK_EVERY_S)

    def point_at(self, selector: str, *, click: bool = False) -> None:
        """Move the mouse to the middle of the first element of a CSS selector, once it is there."""
        find = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{find} !== null")
        where = (
            f"{find}.scrollIntoView({{block: 'center', behavior: 'instant'}}), {find}.getBoundingClientRect()"
        )
        middle = f"(box => [box.x + box.width / 2, box.y + box.height / 2])(({where}))"
        answer = self._call("Runtime.evaluate", expression=middle, returnByValue=True)
        x, y = answer["result"]["value"]
        kinds = ("mouseMoved", "mousePressed", "mouseReleased") if click else ("mouseMoved",)
        for kind in kinds:
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    def press(self, key: str) -> None:
        """Press a key that writes nothing: `Tab`, `Escape`, `ArrowDown`."""
        for kind in ("rawKeyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=_KEYS[key]
            )

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def _connect(self) -> AbstractContextManager[ClientConnection]:
        port = self._folder / "DevToolsActivePort"
        deadline = time.monotonic() + _START_S
        while not port.is_file() or len(port.read_text().splitlines()) < 2:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError("Chromium does not start")
            time.sleep(_LOOK_EVERY_S)
        with urlopen(f"http://127.0.0.1:{port.read_text().splitlines()[0]}/json/list") as answer:
            [page] = [each for each in json.load(answer) if each["type"] == "page"]
        return connect(page["webSocketDebuggerUrl"], max_size=None)

    def _stop(self) -> None:
        if self._process.poll() is not None:
            return
        # the processes below the first one outlive it by a moment, and still write to the profile
        family = [self._process, *self._process.children(recursive=True)]
        self._process.terminate()
        _, left = psutil.wait_procs(family, _STOP_S)
        for process in left:
            process.kill()
        psutil.wait_procs(left)

    def _evaluate(self, expression: str) -> bool:
        answer = self._call("Runtime.evaluate", expression=f"!!({expression})", returnByValue=True)
        return answer["result"].get("value") is True

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._sent += 1
        self._socket.send(json.dumps({"id": self._sent, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._sent:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result
