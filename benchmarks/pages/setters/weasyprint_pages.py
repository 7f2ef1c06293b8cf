"""Runs in the setters' environment: sets HTML files with WeasyPrint.

Lines of standard input name a file and the PDF to make, with a tab between them; a line of standard output says
"ok" or what went wrong.
"""

from __future__ import annotations

import sys

from weasyprint import HTML


def main() -> None:
    """Until standard input ends."""
    for line in sys.stdin:
        page, pdf = line.rstrip("\n").split("\t")
        try:
            HTML(filename=page).write_pdf(pdf, pdf_tags=True)
            print("ok", flush=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next file is another
            print(" ".join(repr(error).split()), flush=True)


if __name__ == "__main__":
    main()
