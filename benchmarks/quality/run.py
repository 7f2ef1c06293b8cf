"""One converter on one corpus."""

from __future__ import annotations

import time

import msgspec

from benchmarks.quality.cases import judge
from benchmarks.quality.corpus import Corpus
from benchmarks.quality.effort import Effort, convert_counted
from benchmarks.quality.engines.output import Converter, EngineError, Output
from benchmarks.quality.fair import Fairness
from benchmarks.quality.report import EngineReport
from benchmarks.quality.scores import score_documents, score_halves

__all__ = ["Run", "run_engine"]


class Run(msgspec.Struct, frozen=True):
    """What came of it; without outputs when the converter could not be had."""

    corpus: Corpus
    report: EngineReport
    outputs: dict[str, Output]


def run_engine(
    corpus: Corpus, name: str, converter: Converter, fairness: Fairness, *, counted: bool = False
) -> Run:
    """Convert every PDF of the corpus and score what comes; `counted`: its CPU too, of two PDFs or more."""
    started = time.perf_counter()
    report = EngineReport(corpus=corpus.name, engine=name, version=converter.version, fair=fairness)
    effort: Effort | None = None
    try:
        if counted and len(corpus.pdfs) > 1:
            outputs, effort = convert_counted(converter, corpus.pdfs)
        else:
            outputs = converter.convert(corpus.pdfs)
    except EngineError as error:
        return Run(corpus, msgspec.structs.replace(report, unavailable=str(error)), {})
    seconds = round(time.perf_counter() - started, 3)
    documents = score_documents(corpus.subjects, outputs, fairness)
    report = msgspec.structs.replace(
        report,
        seconds=seconds,
        effort=effort,
        halves=score_halves(documents),
        documents=documents,
        cases=[judge(case, outputs[case.kind]) for case in corpus.cases],
        skipped=corpus.skipped,
    )
    return Run(corpus, report, outputs)
