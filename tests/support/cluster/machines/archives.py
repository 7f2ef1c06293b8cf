"""Images as archives (OCI), of one layer each, as `ctr images import` reads them."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

__all__ = ["ImageConfig", "write_archive"]

_OCI = "application/vnd.oci.image"


@dataclass(frozen=True)
class ImageConfig:
    """What an image says of its containers."""

    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    folder: str = "/"

    def written(self) -> dict[str, Any]:
        """As OCI has it."""
        environment = [f"{key}={value}" for key, value in self.environment.items()]
        return {
            "Cmd": list(self.command),
            "Env": environment,
            "User": self.user,
            "WorkingDir": self.folder,
        }


def write_archive(to: IO[bytes], name: str, root: Path, config: ImageConfig, work: Path) -> None:
    """An image of the files below `root`; its layer is in `work` for a while."""
    layer = work / "layer.tar"
    packing = ["tar", "--create", "--numeric-owner", "--xattrs", "--directory", str(root), "."]
    with layer.open("wb") as output:
        subprocess.run(packing, stdout=output, check=True)
    with layer.open("rb") as read:
        digest = hashlib.file_digest(read, "sha256").hexdigest()
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{digest}"]}
    described = _json({"architecture": "amd64", "os": "linux", "config": config.written(), "rootfs": rootfs})
    layers = [_reference(f"{_OCI}.layer.v1.tar", digest, layer.stat().st_size)]
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": _reference(f"{_OCI}.config.v1+json", _sha256(described), len(described)),
            "layers": layers,
        }
    )
    entry = _reference(f"{_OCI}.manifest.v1+json", _sha256(manifest), len(manifest))
    index = _json(
        {
            "schemaVersion": 2,
            "manifests": [entry | {"annotations": {"io.containerd.image.name": name}}],
        }
    )
    with tarfile.open(fileobj=to, mode="w|") as archive:
        _add(archive, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(archive, "index.json", index)
        for data in (manifest, described):
            _add(archive, f"blobs/sha256/{_sha256(data)}", data)
        archive.add(layer, f"blobs/sha256/{digest}")
    layer.unlink()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def _reference(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": size}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
