from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.quality.corpus import CorpusError, read_corpus
from benchmarks.quality.engines.output import Output
from benchmarks.quality.fair import Fairness, fair, is_fair
from benchmarks.quality.grid import GridCell
from benchmarks.quality.halves import Half, half_of
from benchmarks.quality.markdown import markdown_grids
from benchmarks.quality.scores import score_documents, score_halves
from benchmarks.quality.truths import TableTruth, TextTruth

CELL = '<cell start-row="{}" start-col="{}" {}><content>{}</content></cell>'


def competition(*cells: str, rows: int = 0) -> str:
    region = f'<region page="1" row-increment="{rows}" col-increment="0">{"".join(cells)}</region>'
    return f'<?xml version="1.0"?><document><table id="1">{region}</table></document>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ta", "tb", "tb2", "el", "md", "own", "none", "broken"):
        (tmp_path / f"{name}.pdf").write_bytes(b"%PDF-1.4\n")
    head, body = (
        CELL.format(0, 0, 'end-col="1"', "H"),
        CELL.format(1, 0, "", "x") + CELL.format(1, 1, "", "y"),
    )
    (tmp_path / "ta-str.xml").write_text(competition(head, body))
    (tmp_path / "tb-str.xml").write_text(competition(body, rows=-1))
    (tmp_path / "tc-str.xml").write_text(competition(body, rows=-1))
    (tmp_path / "broken-str.xml").write_text("<document><table>")
    elements = [
        {"type": "text", "data": "Words."},
        {"type": "table", "data": r"\begin{tabular}{c} a & b \\ \end{tabular}", "complexity": "simple"},
    ]
    (tmp_path / "el.json").write_text(json.dumps(elements))
    (tmp_path / "md.truth.md").write_text("# One\n\n# Two\n")
    (tmp_path / "md.md").write_text("# Another tool's\n")
    (tmp_path / "own.md").write_text("# Title\n\n## One\n")
    (tmp_path / "own.json").write_text('{"another": "tool"}')
    return tmp_path


def test_truths_are_found_by_their_form(folder: Path) -> None:
    corpus = read_corpus(folder)
    truths = {subject.name: subject.truth for subject in corpus.subjects}
    assert truths["md"] == TextTruth("# One\n\n# Two\n")
    assert truths["own"] == TextTruth("# Title\n\n## One\n")
    assert truths["el"] == TableTruth((((GridCell(0, 0, 0, 0, "a"), GridCell(0, 0, 1, 1, "b")),),))
    assert isinstance(truths["tb"], TableTruth)
    [[[x, y]], _] = truths["tb"].readings
    assert (x, y) == (GridCell(0, 0, 0, 0, "x"), GridCell(0, 0, 1, 1, "y"))
    assert corpus.skipped["none"] == corpus.skipped["tb2"] == "no truth beside it"
    assert "broken-str.xml" in corpus.skipped["broken"]


def test_files_of_other_letters_are_other_readings_unless_they_are_another_pdfs(folder: Path) -> None:
    truths = {subject.name: subject.truth for subject in read_corpus(folder).subjects}
    assert isinstance(truths["ta"], TableTruth)
    # tb has a PDF of its own
    assert [len(reading[0]) for reading in truths["ta"].readings] == [3, 2]


def test_a_folder_without_truths_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
    with pytest.raises(CorpusError, match="truth"):
        read_corpus(tmp_path)


def test_halves_are_by_name(folder: Path) -> None:
    # sha256("el") = ...: even numbers are for development
    names = {
        half: {subject.name for subject in read_corpus(folder, half).subjects} for half in list(Half)[:2]
    }
    assert names[Half.DEVELOPMENT] | names[Half.CHECK] == {"ta", "tb", "el", "md", "own"}
    assert not names[Half.DEVELOPMENT] & names[Half.CHECK]
    assert half_of("eu-009a") is Half.DEVELOPMENT
    assert half_of("eu-009b") is Half.CHECK


def test_the_nearest_reading_counts_and_figures_are_means(folder: Path) -> None:
    subjects = [subject for subject in read_corpus(folder).subjects if subject.name in {"ta", "el"}]
    right = markdown_grids("| x | y |\n|---|---|\n")
    outputs = {"ta": Output("", right), "el": Output(failure="it crashed")}
    lost, found = score_documents(subjects, outputs, Fairness.AUTO)
    assert (lost.name, lost.figures["relations_f1"], lost.failure) == ("el", 0.0, "it crashed")
    assert (found.name, found.figures["relations_f1"]) == ("ta", 1.0)
    whole = score_halves([lost, found])[-1]
    assert (whole.half, whole.documents) == (Half.ALL, 2)
    assert whole.figures == {
        "relations_recall": 0.5,
        "relations_precision": 0.5,
        "relations_f1": 0.5,
        "relations_mean": 0.5,
    }


def test_fair_where_most_truths_have_no_title(folder: Path) -> None:
    untitled, titled = "# One\n\n# Two", "# Title\n\n## One"
    assert is_fair([untitled, untitled, titled], Fairness.AUTO)
    assert not is_fair([untitled, titled], Fairness.AUTO)
    assert is_fair([titled], Fairness.ALWAYS)
    assert not is_fair([untitled], Fairness.NEVER)
    output = "# Title\n\n# One\n\nText\n\n# References\n\nBook"
    assert fair(untitled, output).split() == ["#", "One", "Text"]
    assert "Book" in fair("# One\n\n# References", output)


def test_a_paper_is_scored_fair_without_being_told(folder: Path) -> None:
    [subject] = [subject for subject in read_corpus(folder).subjects if subject.name == "md"]
    outputs = {"md": Output("# Title\n\n# One\n\n# Two\n\n# References\n\nBook\n")}
    assert score_documents([subject], outputs, Fairness.AUTO)[0].main == 1.0
    assert score_documents([subject], outputs, Fairness.NEVER)[0].main < 0.8
