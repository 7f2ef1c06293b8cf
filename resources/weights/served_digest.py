"""The digest of a model in a model repository: a parameter of its configuration, which servers tell clients.

It stands for all files that decide what the model answers: graphs, weights, labels, alphabets and code. So
new weights behind the same name and version are another model to clients, whatever put them there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from docmill.resources.weights.copies import write_changed
from docmill.resources.weights.served_code import ACCOUNT_CODE

__all__ = ["CONFIG", "drop_digest", "model_digest", "without_digest", "write_digest", "written_digest"]

CONFIG = "config.pbtxt"
#: What is beside a model's files and decides nothing, like `ACCOUNT_CODE`, which tells what was done: where
#: they came from, compiled code, other settings.
_LEFT_OUT = re.compile(r"\.|__pycache__$|config\.pbtxt$|configs$|README\.md$|.*\.(source|pyc)$")
_BLOCK = """
# SHA-256 of this model's files, written by docmill: clients tell results of other weights apart by it
parameters {
  key: "digest"
  value { string_value: "%s" }
}
"""
_WRITTEN = re.compile(
    r"\n# SHA-256 of this model's files, written by docmill[^\n]*\n"
    r'parameters \{\n  key: "digest"\n  value \{ string_value: "([0-9a-f]{64})" \}\n\}\n'
)


def model_digest(model: Path) -> str:
    """The SHA-256, in hex, of the paths and contents of a model's files."""
    whole = hashlib.sha256()
    for path in sorted(_files(model)):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{content}  {path.relative_to(model).as_posix()}\n".encode())
    return whole.hexdigest()


def written_digest(model: Path) -> str:
    """The digest that docmill has written into a model's configuration; empty when it has not."""
    found = _WRITTEN.search((model / CONFIG).read_text("utf-8"))
    return found[1] if found else ""


def write_digest(model: Path) -> str:
    """Write a model's digest into its configuration, and return it.

    A parameter `digest` that somebody else has written stays: it is returned empty.
    """
    config = _without(model)
    if re.search(r'\bkey\s*:\s*"digest"', config):
        return ""
    digest = model_digest(model)
    _write(model, config.rstrip("\n") + "\n" + _BLOCK % digest)
    return digest


def drop_digest(model: Path) -> None:
    """Take the digest out before files are changed: no server may load new ones under the old digest."""
    if (model / CONFIG).is_file():
        _write(model, _without(model))


def without_digest(config: str) -> str:
    """The text of a configuration without the digest that docmill has written into it."""
    return _WRITTEN.sub("", config)


def _without(model: Path) -> str:
    return without_digest((model / CONFIG).read_text("utf-8"))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name == ACCOUNT_CODE or _LEFT_OUT.match(path.name):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _write(model: Path, config: str) -> None:
    write_changed(config.encode(), model / CONFIG)
