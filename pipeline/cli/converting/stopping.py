"""Progress that ends a run: at the first document that could not be converted."""

from __future__ import annotations

from docmill.pipeline.cli.console import LiveProgress
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.stages.results.records import StageRecord

__all__ = ["FailFast", "FirstFailureError"]


class FirstFailureError(BackendConfigError):
    """A document was not converted, and nothing else is to be done then: a retry would come to the same."""


class FailFast:
    """The progress of a run as it is shown, which stops the run at the first failure.

    Called by Dagster with the run's logger, it is itself the progress of that run's stages.
    """

    def __init__(self, shown: LiveProgress) -> None:
        self._shown = shown
        #: The record of the document that stopped the run.
        self.first: StageRecord | None = None

    def __call__(self, _log: object) -> FailFast:
        """The progress of a stage of the run that `_log` belongs to."""
        return self

    def begin(self, stage: str, documents: int) -> None:
        """A stage starts."""
        self._shown.begin(stage, documents)

    def pages(self, count: int) -> None:
        """So many more pages are done."""
        self._shown.pages(count)

    def document(self, record: StageRecord) -> None:
        """A document left the stage. Raises `FirstFailureError` when it cannot be converted."""
        self._shown.document(record)
        if not record.usable:
            self.first = record
            raise FirstFailureError(record.message)

    def end(self) -> None:
        """The stage is over."""
        self._shown.end()
