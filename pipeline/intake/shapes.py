"""What pages are thought to take before any was converted so, by how they are converted.

docs/cost.md says where each figure is measured, and which are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from docmill.pipeline.intake.rates import Prior

__all__ = [
    "BYTES_A_PAGE",
    "PAGE_BYTES",
    "REQUESTS_A_DOCUMENT",
    "Seconds",
    "ServerSeconds",
    "Setup",
    "Shape",
    "shape_of",
]

#: CPU seconds of a page: text, rendering, docling's stages, exports, Dagster; layout; tables; as measured.
_REST, _LAYOUT, _TABLES = 0.059, 0.09, 0.009
#: ... of a page without text, by OCR.
_OCR = 2.3
#: What a worker does and waits for a page whose model is on a server; measured and assumed.
_SERVED_CPU, _SERVED_WAIT = 0.01, 0.03
#: Share of pages about which a served layout model is asked; assumed for `auto`. The CPU to find out.
_LAYOUT_ASKED = {"always": 1.0, "auto": 0.3, "never": 0.0}
_RULES = 0.01
#: Device seconds of a page on a server that has counted nothing: heron in batches on a GPU; tables and a page
#: by OCR are assumed.
_GPU_LAYOUT, _GPU_TABLES, _GPU_OCR = 0.007, 0.003, 0.1
#: Tables of a page, where the server has counted what one takes; assumed.
_TABLES_A_PAGE = 0.3
#: A page that a vision-language model reads: CPU measured, device and wait assumed.
_VLM_CPU, _VLM_WAIT, _VLM_GPU = 0.014, 1.5, 0.25
#: A server gives several answers at once: one takes a share of what it has counted, all to a sixteenth.
_AT_ONCE = 0.5
#: How far servers' figures may be wrong, as logarithms: their own, those of answers, and those of another
#: machine. A CPU takes thirty times what a GPU does.
_COUNTED_DOUBT, _ANSWERED_DOUBT, _ASSUMED_DOUBT = 0.8, 1.0, 2.0
#: Share of pages that the mode asks about; assumed for all but `all`.
_ASKED = {"off": 0.0, "fallback": 0.1, "doubts": 0.3, "pictures": 0.3, "all": 1.0}
#: Bytes that the store keeps of a page, and requests of a document; measured.
BYTES_A_PAGE, REQUESTS_A_DOCUMENT = 56_000.0, 56.0
#: Bytes of a page of a PDF, half of them smaller; assumed.
PAGE_BYTES = 60_000.0


@dataclass(frozen=True)
class ServerSeconds:
    """Seconds that servers have counted for a page's layout, a table, a page by OCR, an answer.

    None where there is no server, or where it has done nothing yet.
    """

    layout: float | None = None
    tables: float | None = None
    ocr: float | None = None
    answer: float | None = None


@dataclass(frozen=True)
class Setup:
    """Where the work is done: which models are `served`, what is read besides, what servers have counted.

    `layout_asked` is about which pages a served layout model is asked.
    """

    layout_served: bool = False
    layout_asked: Literal["always", "auto", "never"] = "always"
    tables_served: bool = False
    ocr: bool = True
    ocr_served: bool = False
    all_scans: bool = False
    understanding: str = "off"
    counted: ServerSeconds = field(default_factory=ServerSeconds)

    @property
    def served(self) -> bool:
        """Whether a server's device does any of it."""
        layout = self.layout_served and self.layout_asked != "never"
        return layout or self.tables_served or (self.ocr and self.ocr_served) or self.asks

    @property
    def asks(self) -> bool:
        """Whether a vision-language model is asked."""
        return self.understanding != "off"


@dataclass(frozen=True)
class Seconds:
    """Seconds of each page, and further ones of a page without text; how far that may be wrong."""

    page: float
    scan: float
    prior: Prior


@dataclass(frozen=True)
class Shape:
    """What is thought of workers' wall and CPU time and of devices."""

    worker: Seconds
    cpu: Seconds
    gpu: Seconds


def shape_of(setup: Setup) -> Shape:
    """The shape of a conversion."""
    asked = _ASKED[setup.understanding]
    sent = setup.layout_served * _LAYOUT_ASKED[setup.layout_asked]
    rules = 0.0 if setup.layout_asked == "always" else _RULES
    served = sent + setup.tables_served
    cpu = (
        _REST
        + (sent * _SERVED_CPU + rules if setup.layout_served else _LAYOUT)
        + (_SERVED_CPU if setup.tables_served else _TABLES)
        + asked * _VLM_CPU
    )
    scan = (_SERVED_CPU if setup.ocr_served else _OCR) if setup.ocr else 0.0
    counted = setup.counted
    scan_served = setup.ocr and setup.ocr_served
    known = [
        # which share of the pages is asked about nobody knows, but for all
        *([counted.layout if setup.layout_asked == "always" else None] if sent else []),
        *([counted.tables] if setup.tables_served else []),
        *([counted.ocr] if scan_served else []),
        *([counted.answer if setup.understanding == "all" else None] if setup.asks else []),
    ]
    layout = sent * (counted.layout or _GPU_LAYOUT)
    tables = setup.tables_served * (counted.tables * _TABLES_A_PAGE if counted.tables else _GPU_TABLES)
    ocr = scan_served * (counted.ocr or _GPU_OCR)
    answer = asked * (counted.answer * _AT_ONCE if counted.answer else _VLM_GPU)
    waits = _SERVED_WAIT * served + layout + tables + asked * (counted.answer or _VLM_WAIT)
    counts = _ANSWERED_DOUBT if setup.asks else _COUNTED_DOUBT
    doubt = counts if all(known) else _ASSUMED_DOUBT
    return Shape(
        Seconds(
            cpu + waits,
            scan + ocr + scan_served * _SERVED_WAIT,
            Prior(1.1 if all(known) else 1.4, mood=0.4),
        ),
        # clients of servers take more of the processor where documents are small
        Seconds(cpu, scan, Prior(1.0, mood=0.4) if setup.served else Prior(0.5)),
        Seconds(layout + tables + answer, ocr, Prior(doubt)),
    )
