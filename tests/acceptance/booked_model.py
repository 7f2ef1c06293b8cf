"""A served layout detector that books each inference: what it took, and whose it was."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.local.triton.places import shipped

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
        self.book = (Path(args["model_repository"]) / "book").open("a", buffering=1)

    def answer(self, request, feed):
        began = time.perf_counter_ns()
        answer = super().answer(request, feed)
        own = request.request_id() != "{FOREIGN}"
        self.book.write(f"{{time.perf_counter_ns() - began}} {{own:d}}\\n")
        return answer
"""


@dataclass(frozen=True)
class Book:
    """Inferences since some moment: (nanoseconds, whether it was docmill's)."""

    lines: tuple[tuple[int, bool], ...]

    @classmethod
    def of(cls, repository: Path, skip: int = 0) -> Book:
        """What is booked, without the first lines."""
        text = (repository / BOOKED / "book").read_text()
        rows = (line.split() for line in text.splitlines()[skip:])
        return cls(tuple((int(took), own == "1") for took, own in rows))

    @property
    def own(self) -> int:
        """Requests of docmill's."""
        return sum(own for _, own in self.lines)

    @property
    def took(self) -> int:
        """Nanoseconds of all."""
        return sum(took for took, _ in self.lines)

    @property
    def own_share(self) -> float:
        """Of the time of all."""
        return sum(took for took, own in self.lines if own) / self.took


def install_booked(repository: Path) -> None:
    """Add the model to a repository that has `layout_cdla`."""
    folder = repository / BOOKED
    shutil.copytree(repository / "layout_cdla", folder)
    config = (folder / "config.pbtxt").read_text().replace('"layout_cdla"', f'"{BOOKED}"')
    config = config.replace('backend: "onnxruntime"', 'backend: "python"')
    # what warms it up would be booked as docmill's
    (folder / "config.pbtxt").write_text(re.sub(r"model_warmup \[.*\]\s*$", "", config, flags=re.DOTALL))
    backend = (shipped().backends / "onnxruntime" / "model.py").read_text()
    (folder / "1" / "model.py").write_text(backend + _BOOKING)
