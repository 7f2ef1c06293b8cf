"""docmill's image as deploy/Dockerfile makes it: once for all tests, and kept until what is in it changes.

It is in `$DOCMILL_HOME/image`, with the layers of its stages: five gigabytes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from docmill.resources.home import default_home
from tests.support.image.container import Container
from tests.support.image.dockerfile import Stage, stages_of
from tests.support.image.rootfs import Root, build, debian, in_context

__all__ = ["Built", "built_image"]

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
_BASE, _STAGE, _LAYERS = "debian:bookworm-slim", "docmill", "layers.json"


@dataclass(frozen=True)
class Built:
    """The image's root, and the last stage of its Dockerfile."""

    root: Root
    stage: Stage
    #: Of the stages' layers.
    folder: Path

    def container(self, folder: Path) -> Container:
        """A container of it that writes below `folder`."""
        return Container(self.root, self.stage.user, self.stage.folder, self.stage.environment, folder)


def built_image() -> Built:
    """The image of this checkout; made where it is not there, which takes minutes. Raises `BuildError`."""
    home = (default_home() / "image").absolute()
    home.mkdir(parents=True, exist_ok=True)
    folder = home / _key()
    stages = stages_of(DOCKERFILE, {"BASE": _BASE})
    with FileLock(home / "building.lock"):
        if not (folder / _LAYERS).exists():
            for old in home.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            started = time.monotonic()
            base = debian(folder / "debian")
            between = time.monotonic()
            root = build(stages, _STAGE, ROOT, {_BASE: base}, folder)
            seconds = f"{between - started:.0f} s for Debian, {time.monotonic() - between:.0f} s for the rest"
            print(f"\nthe image: {root.megabytes} MB, {seconds}")
            (folder / _LAYERS).write_text(json.dumps([str(layer) for layer in root.layers]))
        layers = json.loads((folder / _LAYERS).read_text())
    return Built(Root(tuple(map(Path, layers))), stages[_STAGE], folder)


def _key() -> str:
    """Of all that it is made of, but for Debian's packages."""
    found = hashlib.sha256(DOCKERFILE.read_bytes())
    for path in in_context(ROOT):
        found.update(f"\n{path.relative_to(ROOT)}\n".encode())
        data = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        found.update(hashlib.sha256(data).digest())
    return found.hexdigest()[:16]
