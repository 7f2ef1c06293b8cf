"""Served models that book each inference: what it took, and whose it was."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.local.triton.places import shipped
from docmill.resources.weights.served_code import put_shared_code

__all__ = ["BOOKED", "FOREIGN", "Book", "install_booked"]

BOOKED = "booked"
#: The id of requests that are not docmill's, which gives its own none.
FOREIGN = "foreign"

_BOOKING = f"""

class TritonPythonModel(TritonPythonModel):
    @staticmethod
    def auto_complete_config(config):
        add_account(config)
        return config

    def initialize(self, args):
        config = json.loads(args["model_config"])
        config["default_model_filename"] = "model.onnx"
        super().initialize({{**args, "model_config": json.dumps(config)}})
        self.lines = (Path(args["model_repository"]) / "book").open("a", buffering=1)

    def book(self, request, nanoseconds):
        own = request.request_id() != "{FOREIGN}"
        self.lines.write(f"{{nanoseconds}} {{own:d}}\\n")
"""
#: Of a model that answers requests one after another.
_EACH = """
    def answer(self, request, *feed):
        began = time.perf_counter_ns()
        answer = super().answer(request, *feed)
        self.book(request, time.perf_counter_ns() - began)
        return answer
"""
#: Of one that joins them, each of them of as many pictures as it has rows.
_TOGETHER = """
    def execute(self, requests):
        began = time.perf_counter_ns()
        answers = super().execute(requests)
        took = time.perf_counter_ns() - began
        sizes = [len(request.inputs()[0].as_numpy()) for request in requests]
        for request, size in zip(requests, sizes):
            self.book(request, took * size // sum(sizes))
        return answers
"""


@dataclass(frozen=True)
class Book:
    """Requests since some moment: (nanoseconds, whether it was docmill's)."""

    lines: tuple[tuple[int, bool], ...]

    @classmethod
    def of(cls, repository: Path, skip: int = 0) -> Book:
        """What is booked, without the first lines."""
        book = repository / BOOKED / "book"
        rows = (line.split() for line in book.read_text().splitlines()[skip:])
        return cls(tuple((int(took), own == "1") for took, own in rows))

    @property
    def foreign(self) -> int:
        """Requests that were not docmill's."""
        return sum(not own for _, own in self.lines)

    @property
    def took(self) -> int:
        """Nanoseconds of all."""
        return sum(took for took, _ in self.lines)

    @property
    def own_share(self) -> float:
        """Of the time of all."""
        return sum(took for took, own in self.lines if own) / self.took


def install_booked(model: Path, repository: Path, *, joins: bool = False) -> None:
    """Add a model to a repository as one that books; `joins` says whether it computes requests together."""
    folder = repository / BOOKED
    shutil.copytree(model, folder)
    config = (folder / "config.pbtxt").read_text().replace(f'name: "{model.name}"', f'name: "{BOOKED}"')
    config = config.replace('backend: "onnxruntime"', 'backend: "python"')
    # what warms it up would be booked as docmill's
    (folder / "config.pbtxt").write_text(re.sub(r"model_warmup \[.*\n\]\n", "", config, flags=re.DOTALL))
    code = folder / "1" / "model.py"
    if not code.exists():
        shutil.copy(shipped().backends / "onnxruntime" / "model.py", code)
        put_shared_code(shipped().models, folder / "1")
    code.write_text(code.read_text() + _BOOKING + (_TOGETHER if joins else _EACH))
