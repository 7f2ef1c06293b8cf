"""`docmill convert` with the options that say what is told, where results go, and when to stop."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from tests.support.file_server import FileServer
from tests.support.model_cache import weights
from tests.support.s3 import MotoServer

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parents[1] / "samples"
COLUMNS = 80
NOISE = np.random.default_rng(0).integers(0, 256, (700, 700, 3), np.uint8)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def docmill(tmp_path: Path) -> Run:
    """Runs the command in an empty folder, at a terminal of 80 columns, with a home of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
    environment = {
        **inherited,
        "DOCMILL_HOME": str(tmp_path / "home"),
        "DOCMILL_MODELS": str(weights("layout").parent),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": str(COLUMNS),
    }

    def run(*arguments: object, limit: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        # by a shell: code between fork and exec would run beside the threads that gRPC starts in a fork
        limited = ["sh", "-c", f'ulimit -f {limit // 512} && exec "$@"', "sh"] if limit else []
        return subprocess.run(
            [*limited, sys.executable, "-m", "docmill.pipeline.cli", *map(str, arguments)],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def widest(text: str) -> int:
    return max(len(line.rstrip()) for line in text.splitlines())


def test_bad_files_beside_good_ones_in_json_in_tables_and_in_a_plan(docmill: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in" / "a folder with a long name" / "and another one within it"
    folder.mkdir(parents=True)
    long = folder / f"{'an annual report with a long name ' * 3}.pdf"
    long.write_bytes((SAMPLES / "form.pdf").read_bytes())
    (folder / "encrypted.pdf").symlink_to(SAMPLES / "encrypted.pdf")
    (folder / "dead.pdf").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.pdf")
    command = ("convert", "in", "-f", "md", "--ocr", "off", "-j", 1)

    planned = docmill(*command, "--dry-run", "--json")
    assert planned.returncode == 1
    assert [(each["name"].rpartition("/")[2], each.get("found")) for each in lines(planned.stdout)] == [
        (long.name, False),
        ("encrypted.pdf", False),
        ("dead.pdf", None),
        ("pipe.pdf", None),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["in"]

    run = docmill(*command, "--json")
    assert run.returncode == 1, run.stderr
    told = {each["name"].rpartition("/")[2]: each for each in lines(run.stdout)}
    assert {name: (each["status"], each["reason"]) for name, each in told.items()} == {
        long.name: ("converted", ""),
        "encrypted.pdf": ("quarantined", "encrypted"),
        "dead.pdf": ("quarantined", "source_missing"),
        "pipe.pdf": ("quarantined", "not_a_file"),
    }
    [file] = told[long.name]["files"]
    assert "Application for a Library Card" in Path(file).read_text()
    assert widest(run.stderr) <= COLUMNS
    for words in ("source_missing", "not_a_file", "1 converted, 3 quarantined"):
        assert words in run.stderr

    again = docmill(*command, "--dry-run")
    assert "nothing: found again" in again.stderr
    assert "from pages on" in again.stderr  # what failed is tried again
    quiet = docmill(*command, "--quiet")
    assert (quiet.returncode, quiet.stdout) == (1, "")
    assert len(re.findall(r"^quarantined ", quiet.stderr, re.MULTILINE)) == 3
    assert "pages in" not in quiet.stderr

    for command_ in (["documents"], ["status", long], ["settings", "--all"]):
        shown = docmill(*command_)
        assert shown.returncode == 0, shown.stderr
        assert widest(shown.stdout) <= COLUMNS
    assert not docmill("convert", *([folder / "dead.pdf"] * 2)).stdout


def test_one_document_from_a_server_to_standard_output(docmill: Run, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret-of-the-file\n")
    form = (SAMPLES / "form.pdf").read_bytes()
    with FileServer({"/form.pdf": form}, token="s3cret-of-the-file") as server:
        address = f"{server.address}/form.pdf"
        command = ("convert", address, "--output-file", "-", "--ocr", "off", "-j", 1)
        refused = docmill(*command, "--header", "X-Token: env:TOKEN", TOKEN="s3cret-of-the-variable")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "source_unreadable" in refused.stderr
        run = docmill(*command, "--header", "X-Token: @token", "--header", "X-More: s3cret-that-was-typed")
        assert run.returncode == 0, run.stderr
        assert "Application for a Library Card" in run.stdout
        _, headers = server.requests[-1]
        assert headers["x-more"] == "s3cret-that-was-typed"
    assert not (tmp_path / "out").exists()
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert [path for path in kept if b"s3cret" in path.read_bytes()] == []
    assert "s3cret" not in run.stderr


def test_pictures_are_files_beside_the_document_and_others_of_its_name_stay(
    docmill: Run, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "an été.pdf").write_bytes((SAMPLES / "annual_report.pdf").read_bytes())
    options = ("--image-export-mode", "referenced", "-j", 2, "--out", "out", "--json", "--ocr", "off")
    run = docmill("convert", "a", *options)
    assert run.returncode == 0, run.stderr
    out = tmp_path / "out"
    pictures = sorted((out / "an été_artifacts").iterdir())
    assert pictures
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    quoted = f"an%20%C3%A9t%C3%A9_artifacts/{pictures[0].name}"
    assert f"![Image]({quoted})" in (out / "an été.md").read_text()
    assert quoted in (out / "an été.html").read_text()
    document = json.loads((out / "an été.json").read_text())
    assert document["pictures"][0]["image"]["uri"] == f"an été_artifacts/{pictures[0].name}"
    [told] = lines(run.stdout)
    assert str(pictures[0]) in told["files"]

    (tmp_path / "an été.pdf").write_bytes((SAMPLES / "form.pdf").read_bytes())
    before = (out / "an été.md").read_bytes()
    run = docmill("convert", "an été.pdf", *options)
    assert run.returncode == 0, run.stderr
    assert "another document's results" in " ".join(run.stderr.split())
    [told] = lines(run.stdout)
    assert Path(told["files"][0]).name.startswith("an été-")
    assert (out / "an été.md").read_bytes() == before
    run = docmill("convert", "a/an été.pdf", "--out", "out", "-f", "md", "--ocr", "off")
    assert "<!-- image -->" in (out / "an été.md").read_text()


def test_the_first_failure_stops_and_what_is_left_goes_on(docmill: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("encrypted.pdf", "form.pdf", "hebrew.pdf"):
        (tmp_path / "in" / name).write_bytes((SAMPLES / name).read_bytes())
    command = ("convert", "in", "-f", "md", "--ocr", "off", "-j", 1, "--batch-size", 1)
    run = docmill(*command, "--fail-fast", "--json")
    assert run.returncode == 1, run.stderr
    assert [each["name"] for each in lines(run.stdout)] == ["encrypted.pdf"]
    assert "Stopped at the first failure; 2 more wait" in " ".join(run.stderr.split())
    (tmp_path / "in" / "dead.pdf").symlink_to("nowhere")
    run = docmill(*command, "--fail-fast", "--json")
    assert [each["name"] for each in lines(run.stdout)] == ["dead.pdf"]
    run = docmill(*command)
    assert run.returncode == 1, (run.returncode, run.stdout, run.stderr)
    assert "2 converted, 2 quarantined" in run.stderr


def test_a_bucket_that_is_not_there_is_found_before_any_work(docmill: Run, tmp_path: Path) -> None:
    with MotoServer() as server:
        run = docmill(
            "convert", SAMPLES / "form.pdf", "--out", "s3://no-such-bucket/out", **server.environment
        )
        assert run.returncode == 2
        said = " ".join(run.stderr.split())
        assert "there is no bucket for the output at s3://no-such-bucket/out" in said
        assert "--out" in said
        assert not (tmp_path / "home" / "store").exists()
        out = f"s3://bucket/{tmp_path.name}"
        options = ("-f", "md", "--image-export-mode", "referenced", "--pages", "5", "--json", "-j", 1)
        run = docmill("convert", SAMPLES / "annual_report.pdf", "--out", out, *options, **server.environment)
        assert run.returncode == 0, run.stderr
        [told] = lines(run.stdout)
        store = server.store(tmp_path.name)
        names = store.list("")
        assert told["files"] == [store.full_path(name) for name in [names[0], *names[1:]]]
        assert [name.partition("/")[0] for name in names] == ["annual_report.md", "annual_report_artifacts"]
        assert names[1].encode() in store.read("annual_report.md")


def test_a_disk_that_is_full_is_named_before_any_work(docmill: Run, tmp_path: Path) -> None:
    run = docmill("convert", SAMPLES / "form.pdf", limit=1 << 18)
    assert run.returncode == 2
    [line] = run.stderr.splitlines()
    assert line.startswith(f"docmill: there is no room for docmill's home at {tmp_path / 'home'}")
    assert "the same command goes on" in line


def test_a_disk_that_fills_up_on_the_way_is_one_line(docmill: Run, tmp_path: Path) -> None:
    page = canvas.Canvas(str(tmp_path / "noise.pdf"), (600, 800))
    page.drawString(72, 700, "A picture that no compression makes smaller:")
    page.drawInlineImage(Image.fromarray(NOISE), 100, 300, 350, 350)
    page.save()
    command = ("convert", "noise.pdf", "-f", "json", "--pictures", "--ocr", "off", "-j", 1)
    run = docmill(*command, limit=(1 << 20) + 4096)
    assert run.returncode == 2, run.stderr
    assert "Traceback" not in run.stderr
    # Dagster's database, which keeps its log open, may be the first to find out
    assert re.search(r"there is no room for (the store|Dagster)", " ".join(run.stderr.split()))
    assert not list(tmp_path.rglob("*.partial"))
    assert not (tmp_path / "out" / "noise.json").exists()
    run = docmill(*command)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "out" / "noise.json").stat().st_size > 1 << 20


def test_shells_complete_the_choices(docmill: Run) -> None:
    def completed(*words: str) -> list[str]:
        shell = {
            "_DOCMILL_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(("docmill", "convert", *words)),
            "COMP_CWORD": str(len(words) + 1),
        }
        command = [str(Path(sys.executable).parent / "docmill")]
        environment = {**os.environ, **shell, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return run.stdout.split()

    assert completed("--layout", "tri") == ["triton", "triton:cdla"]
    assert completed("--understanding", "") == ["off", "fallback", "doubts", "all", "pictures"]
    assert completed("--format", "md,h") == ["md,html"]
    assert "--fail-fast" in completed("--fail")
