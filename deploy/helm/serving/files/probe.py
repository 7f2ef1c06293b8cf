"""Probes of Triton and vLLM that ask a model, because a server that calls itself ready need not be well.

    probe.py triton|vllm start|ready|live

Ends with 0 when the server is well, with 1 and a reason when it is not. `start` also has each model of
PROBE_MODELS work once. Of vLLM, work that gets done is proof enough: a canary would wait in the queue of a
server that is busy, and tell that it is busy. Standard library only: this runs in the servers' own images.
"""

from __future__ import annotations

import base64
import json
import os
import struct
import sys
import tempfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

URL = os.environ.get("PROBE_URL", "http://127.0.0.1:8000")
TIMEOUT_S = float(os.environ.get("PROBE_TIMEOUT_S", "8"))
MODELS = [name for name in os.environ.get("PROBE_MODELS", "").split(",") if name]
#: For the sides of an input that may be of any size.
ANY_SIZE = int(os.environ.get("PROBE_ANY_SIZE", "64"))
CANARY = "docmill_canary"
SENT, EXPECTED = [1.0, -2.0, 3.5, 40.0], [3.0, -3.0, 8.0, 81.0]
SIZES = {"FP64": 8, "INT64": 8, "UINT64": 8, "FP32": 4, "INT32": 4, "UINT32": 4, "FP16": 2, "BF16": 2}
SIZES |= {"INT16": 2, "UINT16": 2, "BOOL": 1, "INT8": 1, "UINT8": 1}
#: A text of no characters is its length alone.
SIZES |= {"STRING": 4}


class UnwellError(Exception):
    """Why the server is not well."""


def ask(path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    """The answer's body. Raises `UnwellError` for an error, or when none comes in time."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    wanted = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(URL + path, data=data, headers=wanted)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        raise UnwellError(f"{path}: {error.code} {error.read()[:300]!r}") from error
    except (OSError, ValueError) as error:
        raise UnwellError(f"{path}: {error}") from error


class Memory:
    """What the last probe of this kind saw."""

    def __init__(self, name: str) -> None:
        self._file = Path(os.environ.get("PROBE_STATE", tempfile.gettempdir())) / f"probe-{name}.json"

    def read(self) -> dict[str, Any]:
        """What was kept; nothing at first."""
        try:
            return dict(json.loads(self._file.read_text()))
        except (OSError, ValueError):
            return {}

    def write(self, seen: Mapping[str, Any]) -> None:
        """Keep it for the next probe."""
        new = self._file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(seen))
        new.replace(self._file)


def canary() -> None:
    """Raise `UnwellError` unless tensors reach a model and come back: y = 2 x + 1."""
    sent = [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": SENT}]
    answer = json.loads(ask(f"/v2/models/{CANARY}/infer", {"inputs": sent}))
    got = [each.get("data") for each in answer["outputs"] if each["name"] == "y"]
    if got != [EXPECTED]:
        raise UnwellError(f"the canary's answer is {got}, not {EXPECTED}")


def work_once(model: str) -> None:
    """Send a model zeros of the shapes in its configuration; raise `UnwellError` unless it answers."""
    config = json.loads(ask(f"/v2/models/{model}/config"))
    batched = config.get("max_batch_size", 0) > 0
    inputs, tensors = [], []
    for each in config["input"]:
        shape = [1] * batched + [ANY_SIZE if int(side) < 0 else int(side) for side in each["dims"]]
        kind = each["data_type"].removeprefix("TYPE_")
        size = SIZES[kind]
        for side in shape:
            size *= side
        datatype = "BYTES" if kind == "STRING" else kind
        parameters = {"binary_data_size": size}
        inputs.append({"name": each["name"], "shape": shape, "datatype": datatype, "parameters": parameters})
        tensors.append(bytes(size))
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    length = {"Inference-Header-Content-Length": str(len(head)), "Content-Type": "application/octet-stream"}
    ask(f"/v2/models/{model}/infer", head + b"".join(tensors), length)


def counted() -> dict[str, tuple[int, int]]:
    """Successes and failures of each model since it was loaded."""
    stats = json.loads(ask("/v2/models/stats"))["model_stats"]
    sums: dict[str, tuple[int, int]] = {}
    for each in stats:
        done, failed = sums.get(each["name"], (0, 0))
        of = each["inference_stats"]
        sums[each["name"]] = (
            done + int(of["success"].get("count", 0)),
            failed + int(of["fail"].get("count", 0)),
        )
    return sums


def suspects(before: Mapping[str, Any], now: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """Models that have failed since, and done nothing else."""
    for model, (done, failed) in now.items():
        done_before, failed_before = before.get(model, (0, 0))
        if failed > failed_before and done <= done_before:
            yield model


def triton(kind: str) -> None:
    """A Triton server. A model whose process has died stays ready for Triton, and fails every request."""
    ask("/v2/health/ready")
    canary()
    memory = Memory(f"triton-{kind}")
    seen = memory.read()
    now = counted()
    doubted = [model for model in seen.get("doubted", ()) if model in now]
    doubted = sorted({*doubted, *suspects(seen.get("counts", {}), now)} - {CANARY})
    memory.write({"counts": now, "doubted": doubted})
    for model in MODELS if kind == "start" else doubted:
        work_once(model)
    memory.write({"counts": counted(), "doubted": []})


def tokens() -> float:
    """Tokens that vLLM has made."""
    lines = ask("/metrics").decode().splitlines()
    values = (line.rpartition(" ")[2] for line in lines if line.startswith("vllm:generation_tokens_total"))
    return sum(float(value) for value in values)


def page() -> str:
    """A small white page as a data URI. Not gray: a picture that comes to zeros is taken for padding."""
    rows = b"".join(b"\0" + b"\xff" * 64 for _ in range(64))

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    chunks = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


def vllm(kind: str) -> None:
    """A vLLM server: its engine makes tokens, of somebody's pages or of the probe's."""
    ask("/health")
    memory = Memory(f"vllm-{kind}")
    made = tokens()
    grown = made > memory.read().get("tokens", made)
    memory.write({"tokens": made})
    if grown and kind != "start":
        return
    [model] = MODELS
    options: dict[str, Any] = {"model": model, "max_tokens": 1, "temperature": 0}
    if kind == "start":
        picture = {"type": "image_url", "image_url": {"url": page()}}
        parts = [picture, {"type": "text", "text": "Convert this page to docling."}]
        messages = [{"role": "user", "content": parts}]
        answer = json.loads(ask("/v1/chat/completions", {**options, "messages": messages}))
    else:
        answer = json.loads(ask("/v1/completions", {**options, "prompt": "a"}))
    if not answer["usage"]["completion_tokens"]:
        raise UnwellError("the model made no token")


def main(server: str, kind: str) -> int:
    """Probe; the exit status."""
    try:
        {"triton": triton, "vllm": vllm}[server](kind)
    except (UnwellError, KeyError, ValueError, TypeError) as error:
        print(f"{server} is not well: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
