"""What an operator sees in Chromium after `docmill convert`, with `docmill ui` on the same home."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from benchmarks.scale.browser import Browser
from tests.support.chromium import need_chromium
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
DOCMILL = [sys.executable, "-m", "docmill.pipeline.cli"]
_BODY = "document.body.innerText"
#: Dagster's pages, cold, on a machine that does other things too.
_LIMIT_S = 240.0


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home of docmill in which a sample was converted, and a file that is none."""
    folder = tmp_path_factory.mktemp("operator")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "DOCMILL"))}
    made = {
        **kept,
        "DOCMILL_HOME": str(folder / "home"),
        "DOCMILL_MODELS": str(weights("layout").parent),
        "DOCMILL_PRICING_PER_CPU_HOUR": "0.04",
    }
    (folder / "broken.pdf").write_bytes((ROOT / "tests/samples/two_column_paper.pdf").read_bytes()[:2000])
    files = [str(ROOT / "tests/samples/two_column_paper.pdf"), str(folder / "broken.pdf")]
    command = [*DOCMILL, "convert", *files, "--out", str(folder / "out"), "--format", "md"]
    converted = subprocess.run(command, env=made, capture_output=True, text=True, check=False)
    assert converted.returncode == 1, converted.stderr  # one of them is broken
    return made


@pytest.fixture(scope="module")
def ui(environment: dict[str, str]) -> Iterator[str]:
    """The address that `docmill ui` says to begin at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = Path(environment["DOCMILL_HOME"]) / "ui.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*DOCMILL, "ui", "--port", str(port)],
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/server_info", log)
        said = re.search(r"http://127\.0\.0\.1:\d+/asset-groups\S+", log.read_text("utf-8"))
        assert said is not None, log.read_text("utf-8")
        yield said.group()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """One for each page: Chromium does not always leave the Timeline for another one."""
    need_chromium()
    with Browser(tmp_path / "profile") as made:
        yield made


def wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"the UI does not start: {log.read_text('utf-8')}")


def page(ui: str, path: str) -> str:
    return ui.partition("/asset-groups")[0] + path


def test_the_first_page_is_the_graph_with_its_groups_open(ui: str, browser: Browser) -> None:
    names = ("inbox", "pages", "ocr", "layout", "tables", "documents", "exports", "corpus_report")
    shown = " && ".join(f"{_BODY}.includes('{name}')" for name in names)
    browser.load(ui, shown, _LIMIT_S)


def test_the_run_is_on_the_timeline(ui: str, browser: Browser) -> None:
    browser.load(page(ui, "/overview/activity/timeline"), f"/docmill\\s+1/.test({_BODY})", _LIMIT_S)


def test_the_run_is_on_the_page_of_its_job(ui: str, browser: Browser) -> None:
    job = "/locations/docmill/jobs/convert_documents/runs"
    browser.load(page(ui, job), f"{_BODY}.includes('docmill/command: convert')", _LIMIT_S)


def test_overlays_are_seen_at_once(ui: str, browser: Browser) -> None:
    pictures = "[...document.querySelectorAll('img[alt^=\"page \"]')]"
    shown = f"{pictures}.length > 0 && {pictures}.every(each => each.naturalWidth > 300)"
    browser.load(page(ui, "/assets/layout?view=overview"), shown, _LIMIT_S)


def test_a_preview_comes_first_then_the_documents_with_the_reason_in_the_second_column(
    ui: str, browser: Browser
) -> None:
    order = "/preview[^]*documents_table[^]*document\\s+reason\\s+status[^]*corrupt[^]*all_stages.cost_USD/"
    browser.load(page(ui, "/assets/exports?view=overview"), f"{order}.test({_BODY})", _LIMIT_S)
