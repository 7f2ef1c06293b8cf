"""Resources as users configure them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.pipeline.cli.options.stages import STAGE_OPTIONS
from docmill.pipeline.convert.errors import BackendConfigError, MissingExtraError, SettingsError
from docmill.pipeline.convert.options import FORMATS, Format
from docmill.pipeline.defs.configured import built
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.resources import conversion_of
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.documents import DocumentsStage
from docmill.pipeline.stages.exports import ExportsStage
from docmill.pipeline.stages.layout import LayoutStage
from docmill.pipeline.stages.ocr import OcrStage
from docmill.pipeline.stages.pages import PagesStage
from docmill.pipeline.stages.tables import TablesStage
from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedOcr, EmbeddedTables
from docmill.resources.settings.exports import Exports
from docmill.resources.settings.workers import Workers
from docmill.resources.store import Store


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    monkeypatch.delenv("DOCMILL_MODELS", raising=False)
    return tmp_path


def configured(**config: dict[str, Any]) -> Conversion:
    """The conversion of a run with this configuration of its resources."""
    resources = {name: resource for name, resource in (defs.resources or {}).items() if name != "progress"}
    with dg.build_resources(
        resources, resource_config={name: {"config": each} for name, each in config.items()}
    ) as made:
        return conversion_of({name: getattr(made, name) for name in resources})


def test_the_defaults_convert_on_this_machine_alone(home: Path) -> None:
    conversion = configured()
    assert conversion.artifacts.store.url == str(home / "store")
    assert conversion.sources.folder == home / "sources"
    layout = conversion.stage(LayoutStage).engine
    assert isinstance(layout, EmbeddedLayout)
    assert isinstance(conversion.stage(TablesStage).engine, EmbeddedTables)
    assert isinstance(conversion.stage(OcrStage).engine, EmbeddedOcr)
    assert layout.models == home / "models"
    assert conversion.stage(ExportsStage).formats == ["html", "json", "md"]
    assert (conversion.reader.password, conversion.stage(PagesStage).range) == (None, "")
    assert conversion.workers.workers >= 1
    assert not any(home.iterdir())  # nothing is made or fetched by looking


def test_settings_reach_the_conversion(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "open sesame")
    conversion = configured(
        store={
            "url": str(home / "elsewhere"),
            "options": {"auto_mkdir": True},
            "source_options": {"anon": True},
        },
        reader={"password": {"env": "SECRET"}, "pages": "1-3", "max_pages": 5},
        workers={"count": 3, "memory_mb": 100, "task_seconds": 7.0, "document_seconds": 8.0},
        ocr={"backend": {"off": {}}},
        layout={"backend": {"embedded": {"models": "/models", "threads": 2}}},
        assembly={"hierarchy": False, "pictures": True},
        exports={"formats": ["chunks", "md", "md"]},
    )
    assert conversion.artifacts.store.url == str(home / "elsewhere")
    assert conversion.sources.options == {"anon": True}
    assert (conversion.reader.password, conversion.stage(PagesStage).range) == ("open sesame", "1-3")
    assert conversion.reader.limits.max_pages == 5
    assert (conversion.workers.workers, conversion.workers.memory_mb) == (3, 100)
    assert (conversion.limits.task_s, conversion.limits.document_s) == (7.0, 8.0)
    assert conversion.stage(OcrStage).engine is None
    layout = conversion.stage(LayoutStage).engine
    assert isinstance(layout, EmbeddedLayout)
    assert (str(layout.models), layout.threads) == ("/models", 2)
    assembly = conversion.stage(DocumentsStage).assembly
    assert (assembly.hierarchy, assembly.pictures) == (False, True)
    assert conversion.stage(ExportsStage).formats == ["chunks", "md"]


@pytest.mark.parametrize(
    "config",
    [
        {"layout": {"backend": {"magic": {}}}},
        {"ocr": {"backend": {"embedded": {"threads": 0}}}},
        {"workers": {"count": -1}},
        {"reader": {"max_pages": 0}},
        {"store": {"uri": "typo"}},
    ],
)
def test_settings_that_make_no_sense_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(dg.DagsterError):
        configured(**config)


def test_unknown_formats_are_refused_with_those_there_are() -> None:
    """By the launchpad, before anything runs; by the settings file; by the command line."""
    with pytest.raises(dg.DagsterInvalidConfigError, match="odt"):
        configured(exports={"formats": ["md", "odt"]})
    with pytest.raises(SettingsError, match="odt") as set_:
        built(Exports, {"formats": ["md", "odt"]})
    with pytest.raises(BackendConfigError, match="docx, odt") as asked:
        STAGE_OPTIONS["format"].config("md,odt,docx")
    assert all(name in str(error.value) for name in FORMATS for error in (set_, asked))


def test_the_launchpad_knows_the_formats() -> None:
    schema = Exports.to_config_schema().as_field().config_type
    formats = schema.fields["formats"].config_type  # type: ignore[attr-defined]
    while not isinstance(formats, dg.Enum):
        [formats] = formats.type_params
    assert {each.config_value for each in formats.enum_values} == set(FORMATS) == set(Format)


def test_formats_of_a_resource_are_those_of_its_runs() -> None:
    assert configured(exports={"formats": ["json"]}).stage(ExportsStage).formats == ["json"]
    assert Exports(formats=["json", "md", "json"]).checked_formats() == ["json", "md"]  # type: ignore[list-item]
    assert Exports().checked_formats() == ["html", "json", "md"]


@pytest.mark.parametrize("missing", ["semchunk", "transformers", "tree_sitter"])
def test_chunks_without_their_extra_are_refused_before_anything_is_done(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"format chunks needs .*pip install 'docmill\[chunks\]'"):
        configured(exports={"formats": ["md", "chunks"]})
    assert configured(exports={"formats": ["md"]}).stage(ExportsStage).formats == ["md"]


def test_page_ranges_are_checked() -> None:
    with pytest.raises(BackendConfigError, match="page range"):
        configured(reader={"pages": "three"})


def test_workers_follow_the_machine() -> None:
    assert Workers().processes >= 1
    assert Workers(count=5).processes == 5


def test_the_store_of_the_environment(home: Path) -> None:
    assert Store().open().url == str(home / "store")
    assert Store(url="s3://bucket/x", options={"anon": True}).open().options == {"anon": True}
