"""The figures of documents, and of halves of a corpus.

Of tables: recall, precision and F1 of neighbour relations (`benchmarks.quality.relations`). Of texts: NID,
TEDS, MHS and headings F1 (`benchmarks.quality.markdown_metrics`); `overall` is the mean of those of NID,
TEDS and MHS that the document has. Over documents every figure is the mean of those that have it, but
`relations_f1` is the F1 of mean recall and mean precision, as the ICDAR 2013 competition has it; the mean
of the documents' is `relations_mean`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.metrics.counts import Counts, mean
from benchmarks.quality.corpus import Subject
from benchmarks.quality.engines.output import Output
from benchmarks.quality.fair import Fairness, fair, is_fair
from benchmarks.quality.halves import Half
from benchmarks.quality.markdown_metrics import (
    heading_counts,
    heading_similarity,
    table_similarity,
    text_similarity,
)
from benchmarks.quality.relations import compare_relations
from benchmarks.quality.truths import TableTruth, TextTruth

__all__ = ["DocumentScore", "Figures", "HalfScore", "score_documents", "score_halves"]

#: Figure by name, from 0 to 1; None where it is not measured.
Figures = dict[str, float | None]

#: What documents are ranked by, in the order of choice.
_MAIN = ("overall", "relations_f1")


def main_figure(figures: Figures) -> float:
    """Overall, or F1 of relations; 1 where nothing was to be found."""
    return next((value for name in _MAIN if (value := figures.get(name)) is not None), 1.0)


class DocumentScore(msgspec.Struct, frozen=True):
    """One document."""

    name: str
    half: Half
    figures: Figures
    failure: str | None = None

    @property
    def main(self) -> float:
        """The figure that says it in one: overall, or F1 of relations."""
        return main_figure(self.figures)


class HalfScore(msgspec.Struct, frozen=True):
    """Several documents together."""

    half: Half
    documents: int
    figures: Figures

    @property
    def main(self) -> float:
        """The figure that says it in one, as of documents."""
        return main_figure(self.figures)


def score_documents(
    subjects: Sequence[Subject], outputs: dict[str, Output], fairness: Fairness
) -> list[DocumentScore]:
    """Each document's figures, the worst first; `outputs` by name."""
    texts = [subject.truth.markdown for subject in subjects if isinstance(subject.truth, TextTruth)]
    fairly = is_fair(texts, fairness)
    scores = [
        DocumentScore(
            subject.name,
            subject.half,
            _figures(subject.truth, outputs[subject.name], fairly=fairly),
            outputs[subject.name].failure,
        )
        for subject in subjects
    ]
    return sorted(scores, key=lambda score: (score.main, score.name))


def score_halves(scores: Sequence[DocumentScore]) -> list[HalfScore]:
    """Both halves and all together; a half without documents is left out."""
    chosen = {half: [score.figures for score in scores if half in (Half.ALL, score.half)] for half in Half}
    return [HalfScore(half, len(figures), _means(figures)) for half, figures in chosen.items() if figures]


def _figures(truth: TableTruth | TextTruth, output: Output, *, fairly: bool) -> Figures:
    if isinstance(truth, TextTruth):
        markdown = fair(truth.markdown, output.markdown) if fairly else output.markdown
        return _text_figures(truth.markdown, markdown)
    readings = [compare_relations(reading, output.grids) for reading in truth.readings]
    return _relation_figures(max(readings, key=lambda counts: counts.f1 or 0.0))


def _relation_figures(counts: Counts) -> Figures:
    """A document without relations in its truth has no recall; one without any found has a precision of 0."""
    precision = counts.precision
    return {
        "relations_recall": counts.recall,
        "relations_precision": 0.0 if precision is None and counts.missed else precision,
        "relations_f1": counts.f1,
    }


def _text_figures(truth: str, output: str) -> Figures:
    figures: Figures = {
        "nid": text_similarity(truth, output),
        "teds": table_similarity(truth, output),
        "mhs": heading_similarity(truth, output),
    }
    return {"overall": mean(figures.values()), **figures, "headings_f1": heading_counts(truth, output).f1}


def _means(figures: Sequence[Figures]) -> Figures:
    names = dict.fromkeys(name for document in figures for name in document)
    means = {name: mean(document.get(name) for document in figures) for name in names}
    if "relations_f1" in means:
        recall, precision = means["relations_recall"] or 0.0, means["relations_precision"] or 0.0
        means["relations_mean"] = means["relations_f1"]
        total = recall + precision
        means["relations_f1"] = 2 * recall * precision / total if total else 0.0
    return means
