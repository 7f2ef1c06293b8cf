"""Files joined to others, and PDFs within something else."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import Draft, one_page
from benchmarks.hostile.samples import any_sample, rewritten, sample

__all__ = ["CASES"]

_ONE, _TWO = "financial_statement.pdf", "form.pdf"


def _zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("statement.pdf"), sample(_ONE))
    return target.getvalue()


def _updates(count: int) -> bytes:
    """A file that was saved so often, each time with another page and the page tree anew."""
    draft = Draft()
    draft.page()
    pdf = draft.save()
    for number in range(count):
        changed = len(pdf)
        pdf += b"2 0 obj\n<< /Type /Pages /Count 1 /Kids [4 0 R] /Saved %d >>\nendobj\n" % number
        table = len(pdf)
        previous = pdf.rindex(b"startxref\n")
        before = int(pdf[previous + 10 : previous + 30].split(b"\n")[0])
        pdf += b"xref\n2 1\n%010d 00000 n \ntrailer\n<< /Size 5 /Root 1 0 R /Prev %d >>\n" % (changed, before)
        pdf += b"startxref\n%d\n%%%%EOF\n" % table
    return pdf


def _halves(rng: Random) -> bytes:
    one, two = any_sample(rng), any_sample(rng)
    return one[: len(one) // 2] + two[len(two) // 2 :]


def _interleaved(rng: Random) -> bytes:
    one, two = any_sample(rng), any_sample(rng)
    size = rng.choice((512, 4096, 65_536))
    return b"".join(
        one[at : at + size] + two[at : at + size] for at in range(0, max(len(one), len(two)), size)
    )


CASES: tuple[Case, ...] = (
    *cases(
        "joined",
        {
            "two-files": lambda _: sample(_ONE) + sample(_TWO),
            "a-file-and-itself": lambda _: sample(_ONE) * 2,
            "a-file-fifty-times": lambda _: sample(_ONE) * 50,
            "a-file-and-half-of-one": lambda _: sample(_ONE) + sample(_TWO)[: len(sample(_TWO)) // 2],
            "half-a-file-and-one": lambda _: sample(_TWO)[: len(sample(_TWO)) // 2] + sample(_ONE),
            "noise-of-100-before": lambda rng: rng.randbytes(100) + sample(_ONE),
            "noise-of-2000-before": lambda rng: rng.randbytes(2000) + sample(_ONE),
            "noise-after": lambda rng: sample(_ONE) + rng.randbytes(20_000),
            "byte-order-mark-before": lambda _: b"\xef\xbb\xbf" + sample(_ONE),
            "blank-lines-before": lambda _: b"\r\n\r\n  " + sample(_ONE),
            "macintosh-header-before": lambda _: bytes(128) + sample(_ONE),
            "answer-of-a-server": lambda _: (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + sample(_ONE)
            ),
            "printer-job": lambda _: (
                b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PDF\r\n"
                + sample(_ONE)
                + b"\x1b%-12345X@PJL EOJ\r\n"
            ),
            "in-a-form-upload": lambda _: (
                b"--xyz\r\nContent-Disposition: form-data; name=file\r\n\r\n"
                + sample(_ONE)
                + b"\r\n--xyz--\r\n"
            ),
            "in-a-zip": lambda _: _zipped(),
            "in-gzip": lambda _: gzip.compress(sample(_ONE), mtime=0),
            "in-base64": lambda _: base64.encodebytes(sample(_ONE)),
            "in-html": lambda _: b"<html><pre>" + one_page() + b"</pre></html>",
            "saved-100-times": lambda _: _updates(100),
            "saved-2000-times": lambda _: _updates(2000),
            "object-streams-then-tables": lambda _: (
                rewritten(_ONE, object_streams=True) + rewritten(_ONE)[:2000]
            ),
        },
    ),
    *cases("joined", {"halves": _halves, "interleaved": _interleaved}, repeats=True),
)
