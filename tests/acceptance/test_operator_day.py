"""A day of an operator: one settings file, files of every kind, a dead server, a cancelled run, a report.

`docmill ui` as it is started by hand, a real Triton server, and Dagster's pages in Chromium. At the end what
`docmill status` says of every file, the report's Parquet table and the output folder agree.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from benchmarks.scale.browser import Browser
from docmill.resources.local.triton.server import LocalServer, Ports
from tests.acceptance.serving import ROOT, make_repository, server
from tests.killing.corpus import small_pdfs
from tests.support.chromium import need_chromium
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1800)]

SAMPLES = ROOT / "tests" / "samples"
MODELS = ("layout_cdla",)

SETTINGS = """
[inbox]
url = "{inbox}"
batch_documents = 4
settle_seconds = 2
max_wait_seconds = 5

[exports]
out = "{out}"
formats = ["md", "json"]

[layout.backend.triton]
contract = "cdla"

[triton]
url = "{triton}"
retries = 1
patience_s = 5

[workers]
count = 2

[pricing]
per_gpu_hour = 3.6

[alerts]
webhook = {{ env = "HOOK" }}
"""


class Told(BaseHTTPRequestHandler):
    """A webhook that remembers what it was told."""

    texts: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.texts.append(json.loads(body)["text"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Office:
    """The operator's machine."""

    folder: Path
    triton_port: int
    hook: str
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        for place in (self.inbox, self.home):
            place.mkdir()
        (self.home / "docmill.toml").write_text(
            SETTINGS.format(inbox=self.inbox, out=self.out, triton=f"127.0.0.1:{self.triton_port}")
        )
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
        self.environment = inherited | {
            "DOCMILL_HOME": str(self.home),
            "DOCMILL_MODELS": str(weights("layout").parent),
            "HOOK": self.hook,
            "COLUMNS": "200",
        }

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def docmill(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "docmill.pipeline.cli", *map(str, arguments)],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def status(self, name: str) -> list[dict[str, Any]]:
        done = self.docmill("status", self.inbox / name, "--json")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return [line for line in lines if "state" in line]

    def state(self, name: str) -> str:
        """Of the file as it is now; nothing while nobody has seen it."""
        return ",".join(sorted({row["state"] for row in self.status(name)}))

    def failed(self) -> set[str]:
        done = self.docmill("documents", "--failed", "--json", "--limit", "0")
        return {json.loads(line)["name"] for line in done.stdout.splitlines()}

    def until(self, what: Callable[[], bool], seconds: float, log: Path) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                listed = self.docmill("documents").stdout
                raise AssertionError(f"{listed}\n{log.read_text()[-8000:]}")
            time.sleep(1.0)


@dataclass
class Ui:
    """`docmill ui`, in a process group of its own."""

    office: Office
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Ui:
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "docmill.pipeline.cli", "ui", "--port", str(self.port)],
                env=self.office.environment,
                cwd=self.office.folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.office.until(self._answers, 120, self.log)
        return self

    def __exit__(self, *_error: object) -> None:
        family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
        _gone, left = psutil.wait_procs(family, 20)
        for each in left:
            each.kill()

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            data: dict[str, Any] = json.load(answer)["data"]
        return data

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.graphql(
            "{ runsOrError { ... on Runs { results { runId status jobName tags { key value } } } } }"
        )["runsOrError"]["results"]
        return found

    def launch(self, job: str) -> str:
        [place] = self.graphql(
            "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
        )["repositoriesOrError"]["nodes"]
        launched = self.graphql(
            """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
                 ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }""",
            params={
                "selector": {
                    "repositoryName": place["name"],
                    "repositoryLocationName": place["location"]["name"],
                    "jobName": job,
                },
                "runConfigData": {},
            },
        )["launchRun"]
        return str(launched["run"]["runId"])

    def run_status(self, run: str) -> str:
        return next(str(each["status"]) for each in self.runs() if each["runId"] == run)

    def _answers(self) -> bool:
        try:
            return "version" in self.graphql("{ version }")
        except OSError:
            return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def told() -> Iterator[tuple[str, list[str]]]:
    texts: list[str] = []
    handler = type("Told", (Told,), {"texts": texts})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as hook:
        Thread(target=hook.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{hook.server_address[1]}/hook", texts
        hook.shutdown()


def triton(repository: Path, port: int) -> LocalServer:
    return server(repository, *MODELS, ports=Ports(free_port(), port, free_port()))


def test_a_day(tmp_path: Path, told: tuple[str, list[str]]) -> None:
    need_chromium()
    hook, _texts = told
    repository = make_repository(tmp_path / "repository")
    office = Office(tmp_path, free_port(), hook)
    pdfs = {name: data for name, data, reason in small_pdfs(12) if not reason}
    good = list(pdfs)[:3]
    late = list(pdfs)[3:6]
    log = tmp_path / "ui.log"

    def drop(name: str, data: bytes) -> None:
        (office.inbox / name).write_bytes(data)

    def settled(*names: str) -> bool:
        return all(office.state(name) not in ("", "queued", "interrupted") for name in names)

    with Ui(office, free_port(), log) as ui:
        serving = triton(repository, office.triton_port)
        with serving:
            # morning: files of every kind, one of them still growing, one there twice
            for name in good:
                drop(name, pdfs[name])
            drop("twin.pdf", pdfs[good[0]])
            drop("broken.pdf", (SAMPLES / "truncated.pdf").read_bytes())
            drop("locked.pdf", (SAMPLES / "encrypted.pdf").read_bytes())
            drop("notes.txt", b"no PDF")
            whole = (SAMPLES / "form.pdf").read_bytes()
            with (office.inbox / "growing.pdf").open("wb") as growing:
                for start in range(0, len(whole), len(whole) // 8 + 1):
                    growing.write(whole[start : start + len(whole) // 8 + 1])
                    growing.flush()
                    time.sleep(1.0)
            morning = [*good, "twin.pdf", "broken.pdf", "locked.pdf", "growing.pdf"]
            office.until(lambda: settled(*morning), 300, log)
            assert {name: office.state(name) for name in morning} == {
                **dict.fromkeys([*good, "twin.pdf", "growing.pdf"], "converted"),
                "broken.pdf": "quarantined",
                "locked.pdf": "quarantined",
            }
            assert office.failed() == {"broken.pdf", "locked.pdf"}
            # the layout came from the server that the file names: it has a price
            assert all(row["device_seconds"] for row in office.status(good[1]))

            # a better scan of the broken one takes its place
            drop("broken.pdf", pdfs[late[0]])
            office.until(lambda: office.state("broken.pdf") == "converted", 200, log)
            assert office.failed() == {"locked.pdf"}

            # the password is found
            (tmp_path / "password").write_text("docmill\n")
            again = office.docmill(
                "retry", office.inbox / "locked.pdf", "--password-file", tmp_path / "password", "--follow"
            )
            assert again.returncode == 0, again.stderr
            assert office.state("locked.pdf") == "converted"

        # noon: the server is gone, and files come in; somebody loses patience and cancels their runs
        for name in late[1:]:
            drop(name, pdfs[name])
        office.until(lambda: all(office.state(name) for name in late[1:]), 120, log)
        time.sleep(20)
        assert not any(office.state(name) in ("converted", "failed") for name in late[1:])
        active = ("QUEUED", "STARTING", "STARTED")
        waiting = {run["runId"] for run in ui.runs() if run["status"] in active}
        assert waiting
        for run in waiting:
            ui.graphql("mutation ($run: String!) { terminateRun(runId: $run) { __typename } }", run=run)
        office.until(lambda: all(office.state(name) == "interrupted" for name in late[1:]), 240, log)
        assert set(late[1:]) <= office.failed()

        # afternoon: it is back
        with triton(repository, office.triton_port):
            resumed = office.docmill("backfill", "--yes", "--follow")
            assert resumed.returncode == 0, resumed.stderr
            office.until(lambda: settled(*late[1:]), 300, log)
            assert {office.state(name) for name in late[1:]} == {"converted"}
            overview = office.docmill("overview", "--json")
            assert overview.returncode == 0, overview.stderr
            assert json.loads(overview.stdout)["documents_waiting"] == 0

            # evening: the report, and a look at the pages
            report = ui.launch("report_corpus")
            office.until(lambda: ui.run_status(report) in ("SUCCESS", "FAILURE"), 120, log)
            assert ui.run_status(report) == "SUCCESS"
            for page, words in (
                ("/assets/exports?view=partitions", "Materialized ("),
                ("/assets/exports?view=overview", "documents_table"),
                ("/runs", "convert_documents"),
            ):
                # each in a window of its own: Chromium hangs on some ways from one to another
                with Browser(tmp_path / f"chromium-{len(words)}") as browser:
                    shows = f"document.body.textContent.includes({json.dumps(words)})"
                    browser.load(f"{ui.url}{page}", shows)
                    (tmp_path / f"{len(words)}.png").write_bytes(browser.picture())

    everything = [*morning, *late[1:]]
    [table] = (office.home / "store").glob("reports/*/documents.parquet")
    reported = pq.read_table(table).to_pylist(maps_as_pydicts="strict")
    latest = {row["name"]: row for row in reported if row["state"] != "superseded"}
    for name in everything:
        rows = [row for row in office.status(name) if row["name"] == name]
        [row] = rows
        assert latest[name]["state"] == row["state"] == "converted", name
        for extension in ("md", "json"):
            assert (office.out / Path(name).with_suffix(f".{extension}")).is_file(), name
    published = {path.stem for path in office.out.glob("*.md")}
    assert published == {Path(name).stem for name in everything}
    assert not list(office.out.rglob("*.partial"))
