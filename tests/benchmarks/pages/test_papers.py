"""Papers of our own texts: that each block has its mark, and each class its source."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.pages.composing import sample
from benchmarks.pages.flow import Document, Figure, Formula, Text
from benchmarks.pages.marks import Marks, Role
from benchmarks.pages.papers.classes import CLASSES
from benchmarks.pages.papers.composing import compose_paper
from benchmarks.pages.papers.plots import plot_words
from benchmarks.pages.papers.setting import to_paper
from benchmarks.pages.setters.latex_source import latex_colour
from benchmarks.pages.sources.catalogue import own_sources
from benchmarks.pages.styles import draw_style


def composed(seed: int) -> tuple[Document, Marks, str]:
    random, marks = Random(seed), Marks()
    sources = own_sources()
    style = draw_style(random)
    document = compose_paper(sample(sources[seed % len(sources)], random, 1500), style, random, marks)
    return document, marks, to_paper(document, style, random)


@pytest.fixture(scope="module")
def papers() -> list[tuple[Document, Marks, str]]:
    return [composed(seed) for seed in range(60)]


def test_all_classes_are_drawn_and_begin_with_their_own_line(
    papers: list[tuple[Document, Marks, str]],
) -> None:
    kinds = {document.front.kind for document, *_ in papers if document.front}
    assert kinds == set(CLASSES)
    for document, _, source in papers:
        assert document.front is not None
        assert source.startswith(CLASSES[document.front.kind].opening)
        assert source.count(r"\begin{document}") == source.count(r"\end{document}") == 1


def test_marks_follow_the_order_of_reading(papers: list[tuple[Document, Marks, str]]) -> None:
    for document, marks, source in papers:
        front = document.front
        assert front is not None
        assert [marks.known[front.title.mark].role, marks.known[front.abstract.mark].role] == [
            Role.TITLE,
            Role.PARAGRAPH,
        ]
        paragraphs = [piece.mark for piece in document.pieces if isinstance(piece, Text)]
        assert paragraphs == sorted(paragraphs)
        assert front.title.mark < front.authors[0].mark < front.abstract.mark
        assert all(latex_colour(mark) in source for mark in paragraphs)


def test_formulas_stand_in_sentences_and_figures_have_their_words(
    papers: list[tuple[Document, Marks, str]],
) -> None:
    pieces = [piece for document, *_ in papers for piece in document.pieces]
    parted = [
        n for n, piece in enumerate(pieces) if isinstance(piece, Text) and piece.how == "before-formula"
    ]
    assert parted
    assert all(isinstance(pieces[n + 1], Formula) for n in parted)
    figures = [piece for piece in pieces if isinstance(piece, Figure)]
    assert figures
    assert all([word.text for word in figure.words] == plot_words(figure.seed) for figure in figures)


def test_the_same_seed_gives_the_same_paper() -> None:
    assert composed(7)[2] == composed(7)[2]
