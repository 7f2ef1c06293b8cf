"""Previews and overlays: what Dagster's UI shows at once, and what it shows when somebody asks."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from docmill.pipeline.instance.reporting.metadata import overlay_metadata, preview_metadata
from docmill.pipeline.instance.run_output import RunOutput, picture_keeper

#: MetadataEntry.tsx of the UI: longer Markdown is behind `[Show Markdown]`.
SHOWN_AT_ONCE = 1000
PAGES = [(f"a folder with a long name/{number}.pdf", 12, b"jpeg" * 5000) for number in range(2)]


def javascript_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def markdown(metadata: dict[str, dg.MarkdownMetadataValue]) -> str:
    [value] = metadata.values()
    assert value.value is not None
    return value.value


def test_overlays_are_shown_at_once_where_the_web_server_has_them(tmp_path: Path) -> None:
    kept = {"base_dir": str(tmp_path)}
    manager = {"module": RunOutput.__module__, "class": RunOutput.__name__, "config": kept}
    with dg.instance_for_test(overrides={"compute_logs": manager}) as instance:
        keep = picture_keeper(instance, "run1", "layout")
        shown = markdown(overlay_metadata(PAGES, keep))
        assert javascript_length(shown) < SHOWN_AT_ONCE
        assert shown.count("![page 12](/logs/run1/pictures/layout-") == 2
        output = instance.compute_log_manager
        assert isinstance(output, RunOutput)
        # as the web server looks them up
        found = output.get_captured_local_path(["run1", "pictures", "layout-1"], "jpg")
        assert Path(found).read_bytes() == PAGES[1][2]


def test_elsewhere_they_are_in_the_database_in_one_entry() -> None:
    with dg.instance_for_test() as instance:
        shown = markdown(overlay_metadata(PAGES, picture_keeper(instance, "run1", "layout")))
    assert shown.count("data:image/jpeg;base64,") == 2
    assert overlay_metadata([]) == {}


def test_previews_of_several_documents_are_shown_at_once() -> None:
    for count in (1, 2, 3):
        some = [(f"{number}{'long ' * 40}.pdf", "🙂 text " * 400) for number in range(count)]
        shown = markdown(preview_metadata(some))
        assert 600 < javascript_length(shown) < SHOWN_AT_ONCE
        assert shown.count(".pdf") == 0 and shown.count("…") == 2 * count
    assert markdown(preview_metadata([("a.pdf", "# All of it\n")])) == "**a.pdf**\n\n# All of it"
    assert preview_metadata([]) == {}
