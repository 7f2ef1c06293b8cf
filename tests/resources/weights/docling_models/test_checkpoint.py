"""Checkpoints are looked over without being loaded."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import zipfile
from pathlib import Path

import pytest

from docmill.resources.weights.docling_models.catalogue import HERON, TABLEFORMER
from docmill.resources.weights.docling_models.checkpoint import check_checkpoint, find_checkpoint
from docmill.resources.weights.docling_models.errors import DamagedCheckpointError, MissingCheckpointError
from docmill.resources.weights.hub import HubFile
from tests.resources.weights.docling_models.safetensors_file import checkpoint, write

FILES = (HubFile("config.json", 2, hashlib.sha256(b"{}").hexdigest()), HubFile("model.safetensors", 0, ""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}")
    write(tmp_path / "model.safetensors", {"a": [2, 3], "b": [4]})
    return tmp_path


def test_a_sound_checkpoint_is_identified_by_its_bytes(folder: Path) -> None:
    found = check_checkpoint(folder, checkpoint(*FILES))
    assert found.digests["config.json"] == FILES[0].sha256
    assert not found.pinned
    pinned = HubFile("model.safetensors", 0, found.digests["model.safetensors"])
    assert check_checkpoint(folder, checkpoint(FILES[0], pinned)).pinned


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(MissingCheckpointError, match=rf"lacks {name}.*somebody/something"):
        check_checkpoint(folder, checkpoint(*FILES))


def torch_file() -> bytes:
    """What torch.save writes: a zip archive with a pickle in it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
    return data.getvalue()


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('a pickle was loaded')",)


@pytest.mark.parametrize(
    "data", [torch_file(), pickle.dumps(Trap()), pickle.dumps(Trap(), protocol=2)], ids=["zip", "new", "old"]
)
def test_pickles_are_refused_and_not_loaded(folder: Path, data: bytes) -> None:
    (folder / "model.safetensors").write_bytes(data + bytes(100))
    with pytest.raises(DamagedCheckpointError, match="is a pickle, which runs code"):
        check_checkpoint(folder, checkpoint(*FILES))


def header(**tensors: object) -> bytes:
    words = json.dumps(tensors).encode()
    return len(words).to_bytes(8, "little") + words


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no safetensors file, or is truncated"),
        (b"\x10\0\0", "no safetensors file, or is truncated"),
        ((1 << 60).to_bytes(8, "little") + b"{}", "no safetensors file, or is truncated"),
        (b"\x04\0\0\0\0\0\0\0nope", "malformed header"),
        (b"\x02\0\0\0\0\0\0\0[]", "malformed header"),
        (b"\x02\0\0\0\0\0\0\0{}", "does not describe its bytes"),
        (header(a={"data_offsets": [0]}) + bytes(4), "malformed header"),
        (header(a={"data_offsets": [4, 8]}) + bytes(8), "does not describe its bytes"),
        (header(a={"data_offsets": [0, 8]}, b={"data_offsets": [4, 8]}) + bytes(8), "does not describe"),
        (header(a={"data_offsets": [0, 8]}) + bytes(7), "truncated"),
        (header(a={"data_offsets": [0, 8]}) + bytes(9), r"has \d+ bytes instead of"),
        (b"[" * 100_000, "no safetensors file, or is truncated"),
        (b"\xa0\x86\x01\0\0\0\0\0" + b"[" * 100_000, "malformed header"),
    ],
)
def test_damaged_weights_are_named(folder: Path, data: bytes, message: str) -> None:
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(DamagedCheckpointError, match=message):
        check_checkpoint(folder, checkpoint(*FILES))


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_truncated_weights_are_named(folder: Path, cut: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DamagedCheckpointError, match=r"model\.safetensors .*truncated"):
        check_checkpoint(folder, checkpoint(*FILES))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[" * 50_000, "is no JSON"),
        ("[1]", "no JSON object"),
        (" " * 2_000_000, "too large"),
    ],
    ids=["cut", "nested", "list", "large"],
)
def test_damaged_configurations_are_named(folder: Path, text: str, message: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(DamagedCheckpointError, match=message):
        check_checkpoint(folder, checkpoint(*FILES))


def test_a_repository_is_found_alone_or_among_doclings_artifacts(tmp_path: Path) -> None:
    with pytest.raises(
        MissingCheckpointError, match=r"neither docling-project--docling-layout-heron/model\.saf"
    ):
        find_checkpoint(tmp_path, HERON)
    with pytest.raises(MissingCheckpointError, match="is no folder"):
        find_checkpoint(tmp_path / "nowhere", HERON)
    (tmp_path / "config.json").touch()
    assert find_checkpoint(tmp_path, HERON) == tmp_path
    artifacts = tmp_path / "docling-project--docling-layout-heron"
    write(artifacts / "model.safetensors", {"a": [1]})
    assert find_checkpoint(tmp_path, HERON) == artifacts


def test_the_pins_name_files_as_docling_does() -> None:
    assert HERON.folder == "docling-project--docling-layout-heron"
    assert {file.path for file in TABLEFORMER["fast"].files} == {
        "model_artifacts/tableformer/fast/tm_config.json",
        "model_artifacts/tableformer/fast/tableformer_fast.safetensors",
    }
    for pinned in (HERON, *TABLEFORMER.values()):
        assert len(pinned.revision) == 40
        assert all(len(file.sha256) == 64 for file in pinned.files)
