"""Why a document or a page could not be converted: one class per reason, each with its remedy.

A `DocumentError` never fails a batch: it becomes that document's typed outcome. `BackendError`s are the
opposite: the server behind a stage is at fault, so the step fails and is retried.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AnswerEmptyError",
    "AnswerLateError",
    "AnswerLoopError",
    "AnswerTruncatedError",
    "AnswerUnparsableError",
    "BackendConfigError",
    "BackendError",
    "BackendUnavailableError",
    "BatchStoppedError",
    "CertificateEncryptedError",
    "CorruptPdfError",
    "DocmillError",
    "DocumentCrashedError",
    "DocumentError",
    "DocumentTimeoutError",
    "EmptyPdfError",
    "EncryptedPdfError",
    "ErrorBudgetError",
    "InternalDocumentError",
    "MissingExtraError",
    "ModelDownloadError",
    "NoRoomError",
    "NotAFileError",
    "NotAPdfError",
    "NotRecognisedError",
    "NotUnderstoodError",
    "OutOfMemoryError",
    "PageError",
    "PageRangeError",
    "PageTooLargeError",
    "PromptRefusedError",
    "RunCancelledError",
    "RunDiedError",
    "RunInterruptedError",
    "ServerAwayError",
    "ServerFailedError",
    "SettingsError",
    "SourceChangedError",
    "SourceMissingError",
    "SourceUnreadableError",
    "TagsStrippedError",
    "TextLostError",
    "TooManyBytesError",
    "TooManyPagesError",
    "WrongPasswordError",
    "document_error",
]


class DocmillError(Exception):
    """Base of every error that docmill raises."""


class DocumentError(DocmillError):
    """One document cannot be converted. `reason` is stable and machine-readable."""

    reason: ClassVar[str] = "failed"
    remedy: ClassVar[str] = "Run again with --log-level debug and report the file."
    #: True when the same bytes and settings will fail again, so a re-run need not try.
    permanent: ClassVar[bool] = True

    def __init__(self, message: str, *, page: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.page = page


class EncryptedPdfError(DocumentError):
    """The file needs a password and none was given."""

    reason = "encrypted"
    remedy = "Give the password: docmill convert --password ..., or `password` of the resource `reader`."


class CertificateEncryptedError(DocumentError):
    """The file is encrypted for holders of certificates, or in a way that PDFium does not know.

    No password opens it.
    """

    reason = "encrypted_for_others"
    remedy = (
        "No password opens it. Whoever holds the private key opens it in a viewer and saves a copy without "
        "encryption; or ask for such a copy."
    )


class WrongPasswordError(DocumentError):
    """A password was given and does not open the file."""

    reason = "wrong_password"
    remedy = "Check the password; PDF passwords are case-sensitive."


class NotAPdfError(DocumentError):
    """The bytes are not a PDF at all."""

    reason = "not_a_pdf"
    remedy = "Convert the file to PDF first, or take it out of the inbox."


class CorruptPdfError(DocumentError):
    """PDFium cannot open or read the file."""

    reason = "corrupt"
    remedy = (
        "Get a complete copy of the file, or mend it: `mutool clean FILE mended.pdf` mends the most, "
        "`qpdf FILE mended.pdf` some others."
    )


class EmptyPdfError(DocumentError):
    """The document has no pages."""

    reason = "no_pages"
    remedy = "Nothing to convert; export the document again if it should have pages."


class PageRangeError(DocumentError):
    """The page range asked for lies outside the document."""

    reason = "page_range"
    remedy = "Ask for pages that the document has."


class TooManyPagesError(DocumentError):
    """More pages than the limit allows."""

    reason = "too_many_pages"
    remedy = "Raise `max_pages` of the resource `reader`, or convert a range with --pages."


class TooManyBytesError(DocumentError):
    """A bigger file than the limit allows."""

    reason = "too_many_bytes"
    remedy = "Raise `max_bytes` of the resource `reader`, or split the file."


class DocumentTimeoutError(DocumentError):
    """The document used more time than its deadline; its worker was killed."""

    reason = "timed_out"
    remedy = "Raise the time limit (--timeout), or convert fewer pages with --pages."
    permanent = False


class DocumentCrashedError(DocumentError):
    """The worker process died while it worked on the document."""

    reason = "crashed"
    remedy = (
        "The file crashes the parser: mend it (`mutool clean FILE mended.pdf`, else `qpdf FILE mended.pdf`) "
        "and try again."
    )
    permanent = False


class OutOfMemoryError(DocumentError):
    """The document needs more memory than a worker may use."""

    reason = "out_of_memory"
    remedy = (
        "Raise the memory of workers (--memory, `memory_mb` of the resource `workers`) if the file is sound."
    )
    permanent = False


class SourceMissingError(DocumentError):
    """The file is no longer where the batch manifest says."""

    reason = "source_missing"
    remedy = "Put the file back, or start a batch from where it is now."
    permanent = False


class SourceChangedError(DocumentError):
    """The file at the manifest's address has other bytes than the ones that were batched."""

    reason = "source_changed"
    remedy = "Convert it again: a changed file is a new document."
    permanent = False


class SourceUnreadableError(DocumentError):
    """The file or folder is there and cannot be read: its permissions, its disk, or a server that refuses."""

    reason = "source_unreadable"
    remedy = "Give the user that runs docmill the right to read it, or take it out of the folder."
    permanent = False


class NotAFileError(DocumentError):
    """Something that has a file's name and holds no bytes to convert: a pipe, a socket, a device."""

    reason = "not_a_file"
    remedy = "Only files are converted: take it out of the folder."
    permanent = False


class InternalDocumentError(DocumentError):
    """An unexpected exception in docmill's own code; the message names its type."""

    reason = "internal"
    remedy = "This is a defect of docmill: report it with the file and the log."
    permanent = False


class BatchStoppedError(DocumentError):
    """Most other documents of its batch failed, so that the batch was stopped before this one was done."""

    reason = "batch_stopped"
    remedy = (
        "See why the others failed: docmill documents --failed. docmill retry --reason batch_stopped goes on "
        "without them; `max_failed_share` of the resource `checks` says when a batch stops."
    )
    permanent = False


class RunInterruptedError(DocumentError):
    """The run of its batch ended before the document did, for no fault of the document."""

    reason = "run_failed"
    remedy = (
        "See the run in Dagster's UI. nightly_backfill and docmill backfill run the batch again with the "
        "settings it was asked with; docmill retry FILE does it now."
    )
    permanent = False


class RunCancelledError(RunInterruptedError):
    """Somebody cancelled the run, or pressed Ctrl-C."""

    reason = "cancelled"
    remedy = (
        "nightly_backfill and docmill backfill run the batch again with the settings it was asked with; "
        "docmill retry FILE does it now."
    )


class ServerAwayError(RunInterruptedError):
    """A server that a stage needs did not answer for as long as the run waited."""

    reason = "server_unavailable"
    remedy = (
        "When the server is there again the sensor interrupted_runs goes on; docmill retry FILE does it now."
    )


class RunDiedError(RunInterruptedError):
    """The process of the run is gone, or was told to stop with its machine."""

    reason = "run_died"
    remedy = "The sensor interrupted_runs goes on with it; docmill retry FILE does it now."


class PageError(DocumentError):
    """One page failed; the rest of the document converts and the outcome is `partial`."""

    reason = "page_failed"
    remedy = "Look at the page in a viewer; repair the file if the page does not show there either."


class PageTooLargeError(PageError):
    """A page that would render to more pixels than the limit allows even at the lowest resolution."""

    reason = "page_too_large"
    remedy = "Raise `max_page_pixels` of the resource `reader`."


class NotRecognisedError(PageError):
    """A scanned page whose text could not be recognised; it converts without."""

    reason = "not_recognised"
    remedy = "Look at the page: OCR knows Latin, Chinese and Japanese script, and may be switched off."


class TextLostError(PageError):
    """Text that was read on the page is not in the document."""

    reason = "text_lost"
    remedy = "Compare the page with the document; this is a defect of docmill's, so please report the file."


class NotUnderstoodError(PageError):
    """A vision-language model gave no usable answer for a page or a picture; the classic path stands in."""

    reason = "not_understood"
    remedy = "The page is made by the classic path; look at it, and try another model or profile."


class AnswerTruncatedError(NotUnderstoodError):
    """The answer reached its limit of tokens before it was complete."""

    reason = "answer_truncated"
    remedy = "Raise `max_tokens` of the resource `understanding`, and the server's --max-model-len with it."


class AnswerLoopError(NotUnderstoodError):
    """The model repeats itself without end."""

    reason = "answer_loops"


class AnswerEmptyError(NotUnderstoodError):
    """An answer without content, for a page that shows something."""

    reason = "answer_empty"


class AnswerUnparsableError(NotUnderstoodError):
    """An answer that is not in the format asked for."""

    reason = "answer_unparsable"
    remedy = "Check that `profile` of the resource `understanding` is the one that the model was trained for."


class TagsStrippedError(AnswerUnparsableError):
    """Text without any tags: the model does not write them, or the server drops them."""

    reason = "tags_stripped"
    remedy = (
        "Check that the model writes DocTags, and that nothing between docmill and the server drops "
        "`skip_special_tokens: false`."
    )


class PromptRefusedError(NotUnderstoodError):
    """The server refuses the request: the image is not readable for it, or the prompt too long."""

    reason = "prompt_refused"
    remedy = "See the message; a prompt that is too long needs a higher --max-model-len or a lower `scale`."


class AnswerLateError(NotUnderstoodError):
    """No answer within the deadline, from a server that answers others."""

    reason = "answer_late"
    remedy = "Raise `deadline_s` of the resource `understanding`, or lower `concurrency`."
    permanent = False


class ServerFailedError(NotUnderstoodError):
    """The server fails on this page again and again, and is well otherwise."""

    reason = "server_failed"
    remedy = "See the server's log; run again to try the page once more."
    permanent = False


class ErrorBudgetError(NotUnderstoodError):
    """Too many other pages of the document failed: this one was not sent."""

    reason = "error_budget"
    remedy = "See why the other pages failed; raise `error_budget` of the resource `understanding`."


class BackendError(DocmillError):
    """A model backend is at fault, not a document."""


class BackendUnavailableError(BackendError):
    """The backend does not answer: the step is retried."""


class BackendConfigError(BackendError):
    """The backend is set up wrongly: a retry cannot help."""


class SettingsError(BackendConfigError):
    """The settings file, or a variable in its place, says what cannot be; the message names file and line."""


class MissingExtraError(BackendConfigError):
    """A setting needs packages that docmill was installed without."""


class NoRoomError(BackendUnavailableError):
    """A disk is full, or a limit on it is reached: there is room again when somebody has made some."""


class ModelDownloadError(BackendConfigError):
    """Model weights could not be fetched or failed their checksum."""


def _subclasses(cls: type[DocumentError]) -> dict[str, type[DocumentError]]:
    found = {cls.reason: cls}
    for child in cls.__subclasses__():
        found |= _subclasses(child)
    return found


def document_reasons() -> list[str]:
    """All reasons for which a document, or a page of it, may not be converted."""
    return sorted(_subclasses(DocumentError))


def document_error(reason: str, message: str, *, page: int | None = None) -> DocumentError:
    """Rebuild the error with that `reason`, as sent over a process boundary.

    Unknown reasons become the base class.
    """
    return _subclasses(DocumentError).get(reason, DocumentError)(message, page=page)
