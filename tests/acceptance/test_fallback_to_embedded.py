"""A Triton server that starts late: embedded models stand for it, and it does their work again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.pipeline.instance.reporting.spending import numbers_of
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from docmill.resources.settings.tables import Tables, TritonTablesConfig
from tests.acceptance.serving import make_repository, server, statistics
from tests.instance.test_fallback import NOWHERE, Place
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

MODELS = ("layout_cdla", "slanet_plus")


@dataclass
class Served(Place):
    """Whose layout and tables are docmill's own models on a server."""

    def resources(self, url: str, fallback: str = "embedded") -> dict[str, Any]:
        return super().resources(url, fallback) | {
            "layout": Layout(backend=TritonLayoutConfig(contract="cdla", url=url)),
            "tables": Tables(backend=TritonTablesConfig(contract="slanet", url=url)),
        }

    def results(self) -> dict[str, bytes]:
        """Each `document.json` of the stage `documents`, by fingerprint."""
        paths = [path for path in self.store.list("documents") if path.split("/")[3] == "documents"]
        return {
            path.split("/")[4]: self.store.read(path) for path in paths if path.endswith("/document.json")
        }


def test_a_server_that_starts_late(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    place = Served(instance, tmp_path)
    assert place.run(NOWHERE).success
    for stage in ("layout", "tables"):
        assert numbers_of(place.said(stage))["fallback_documents"] == 1
    [skipped] = place.redone(NOWHERE)
    assert skipped.skip_message == "the server is away of layout, tables"
    before = place.results()
    with server(make_repository(tmp_path / "repository"), *MODELS) as triton:
        url = triton.url
        [request] = place.redone(url)
        assert request.partition_key == place.manifest.key
        assert place.run(url).success
        assert statistics(url, "layout_cdla").inference_count > 0
        for stage, model in zip(("layout", "tables"), MODELS, strict=True):
            said = place.said(stage)
            assert f"served/{model}" in said and "fallback" not in said
        [skipped] = place.redone(url)
        assert "done while a server was away" in skipped.skip_message
    after = place.results()
    # the same weights come to the same document, which is kept under either name
    assert len(after) == 2 and after.items() > before.items()
    assert len(set(after.values())) == 1
