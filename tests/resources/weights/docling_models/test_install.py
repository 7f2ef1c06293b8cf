"""Models are installed whole or not at all."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from docmill.resources.local.triton.places import shipped
from docmill.resources.weights.docling_models import install as module
from docmill.resources.weights.docling_models.catalogue import HERON, Export, Served, export_of
from docmill.resources.weights.docling_models.errors import InstallError
from docmill.resources.weights.docling_models.export import Check
from docmill.resources.weights.docling_models.install import (
    Source,
    install,
    is_installed,
    read_source,
    write_digests,
)
from docmill.resources.weights.served_digest import drop_digest, model_digest, written_digest

EXPORT = Export(
    kind="layout",
    checkpoint=HERON,
    script="x.py",
    arguments=(),
    served=(
        Served("one", {"model.onnx": "a.onnx", "more.onnx": "weights.onnx"}),
        Served("two", {"model.onnx": "b.onnx", "more.onnx": "weights.onnx"}),
    ),
    pictures=False,
)
SOURCE = Source(
    repository="somebody/something",
    revision="",
    checkpoint={"model.safetensors": "abc"},
    exporter="1",
    parity=[Check("boxes", 1e-6, 1e-4, True)],
)


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """The project's repository: model `one` has code of its own beside the weights."""
    folder = tmp_path / "configs"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "config.pbtxt").write_text(f'name: "{name}"')
    (folder / "one" / "1" / "part").mkdir(parents=True)
    (folder / "one" / "1" / "model.py").write_text("# code")
    (folder / "one" / "1" / "part" / "loop.py").write_text("# more code")
    (folder / "one" / "1" / "old.onnx").write_text("weights")
    (folder / "shared").mkdir()
    (folder / "shared" / "docmill_account.py").write_text("# shared code")
    return folder


def exported(folder: Path, text: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("a.onnx", "b.onnx", "weights.onnx"):
        (folder / name).write_text(f"{name} {text}")
    return folder


def files(folder: Path) -> dict[str, str]:
    """All of a repository but what says what it is made of: as to configurations, the models' digests."""
    return {
        str(path.relative_to(folder)): path.read_text().partition("\n\n# SHA-256")[0]
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("model.source", ".docmill.lock", ".config.pbtxt.shipped")
    }


def digests(repository: Path) -> list[str]:
    """What the configurations say, each of which must be right."""
    models = [repository / model.folder for model in EXPORT.served]
    found = [written_digest(model) for model in models]
    assert found == [model_digest(model) for model in models]
    return found


def test_a_version_has_the_graphs_and_the_projects_code(tmp_path: Path, configs: Path) -> None:
    repository = tmp_path / "repository"
    assert not is_installed(repository, EXPORT, SOURCE)
    install(repository, configs, EXPORT, exported(tmp_path / "out"), SOURCE)
    assert files(repository) == {
        "one/1/model.onnx": "a.onnx ",
        "one/1/more.onnx": "weights.onnx ",
        "one/1/model.py": "# code",
        "one/1/docmill_account.py": "# shared code",
        "one/1/part/loop.py": "# more code",
        "one/config.pbtxt": 'name: "one"',
        "two/1/model.onnx": "b.onnx ",
        "two/1/more.onnx": "weights.onnx ",
        "two/config.pbtxt": 'name: "two"',
    }
    assert is_installed(repository, EXPORT, SOURCE)
    found = read_source(repository, "two")
    assert (
        found is not None
        and found.parity == SOURCE.parity
        and set(found.files) == set(EXPORT.served[1].files)
    )


def test_in_the_projects_own_repository_the_code_stays(tmp_path: Path, configs: Path) -> None:
    install(configs, configs, EXPORT, exported(tmp_path / "out"), SOURCE)
    assert files(configs)["one/1/part/loop.py"] == "# more code"
    assert "one/1/old.onnx" not in files(configs)


def test_other_weights_or_another_exporter_are_installed_anew(tmp_path: Path, configs: Path) -> None:
    repository = tmp_path / "repository"
    install(repository, configs, EXPORT, exported(tmp_path / "out"), SOURCE)
    for change in ({"exporter": "2"}, {"checkpoint": {"model.safetensors": "x"}}, {"variant": "fast"}):
        assert not is_installed(repository, EXPORT, msgspec.structs.replace(SOURCE, **change))
    newer = msgspec.structs.replace(SOURCE, exporter="2")
    before = digests(repository)
    (repository / "one" / "config.pbtxt").write_text("changed by its user")
    install(repository, configs, EXPORT, exported(tmp_path / "out", "newer"), newer)
    assert files(repository)["one/1/model.onnx"] == "a.onnx newer"
    assert files(repository)["one/config.pbtxt"] == "changed by its user"
    assert is_installed(repository, EXPORT, newer)
    assert set(digests(repository)).isdisjoint(before)


def test_the_digest_of_a_model_that_was_installed_without_is_written(tmp_path: Path, configs: Path) -> None:
    repository = tmp_path / "repository"
    install(repository, configs, EXPORT, exported(tmp_path / "out"), SOURCE)
    before = digests(repository)
    for name in ("one", "two"):
        drop_digest(repository / name)
    write_digests(repository, EXPORT)
    assert digests(repository) == before


@pytest.mark.parametrize("damage", ["one/1/model.onnx", "two/1/model.source"])
def test_a_damaged_installation_is_seen(tmp_path: Path, configs: Path, damage: str) -> None:
    repository = tmp_path / "repository"
    install(repository, configs, EXPORT, exported(tmp_path / "out"), SOURCE)
    (repository / damage).write_text("x")
    assert not is_installed(repository, EXPORT, SOURCE)
    (repository / damage).unlink()
    assert not is_installed(repository, EXPORT, SOURCE)


def test_what_the_exporter_did_not_write_is_named_and_nothing_changes(tmp_path: Path, configs: Path) -> None:
    repository = tmp_path / "repository"
    install(repository, configs, EXPORT, exported(tmp_path / "out"), SOURCE)
    before = files(repository)
    out = exported(tmp_path / "out", "newer")
    (out / "b.onnx").unlink()
    with pytest.raises(InstallError, match=r"wrote no b\.onnx: nothing was installed"):
        install(repository, configs, EXPORT, out, SOURCE)
    assert files(repository) == before


@pytest.mark.parametrize("step", ["_fill", "_write"])
def test_a_disk_that_fills_up_leaves_the_old_version(
    tmp_path: Path, configs: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    repository = tmp_path / "repository"
    install(repository, configs, EXPORT, exported(tmp_path / "out"), SOURCE)
    before = files(repository)

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, step, full)
    with pytest.raises(InstallError, match=r"No space left on device.*as they were"):
        install(repository, configs, EXPORT, exported(tmp_path / "out", "newer"), SOURCE)
    assert files(repository) == before
    assert is_installed(repository, EXPORT, SOURCE)


def test_a_swap_that_was_broken_off_is_mended(tmp_path: Path, configs: Path) -> None:
    repository = tmp_path / "repository"
    install(repository, configs, EXPORT, exported(tmp_path / "out"), SOURCE)
    whole = files(repository)
    (repository / "one" / "1").rename(repository / "one" / ".1.old")
    (repository / "one" / ".1.new").mkdir()
    out = exported(tmp_path / "out")
    install(repository, configs, EXPORT, out, SOURCE)
    assert files(repository) == whole


def test_a_repository_that_cannot_be_written_is_named(tmp_path: Path, configs: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InstallError, match="--repository"):
        install(tmp_path / "file", configs, EXPORT, exported(tmp_path / "out"), SOURCE)


def test_every_model_of_doclings_has_a_configuration() -> None:
    for kind in ("layout", "tables"):
        for model in export_of(kind, "fast").served:
            assert module.shipped_config(shipped().models, model.folder).is_file()


def test_what_was_not_installed_from_doclings_has_no_source(tmp_path: Path) -> None:
    assert read_source(tmp_path, "layout_cdla") is None
    (tmp_path / "layout_cdla" / "1").mkdir(parents=True)
    (tmp_path / "layout_cdla" / "1" / "model.source").write_text("layout-25b1f27ec56a.onnx 1\n")
    assert read_source(tmp_path, "layout_cdla") is None
