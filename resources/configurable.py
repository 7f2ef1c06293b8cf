"""What users set in Dagster's launchpad or in `dagster.yaml`: every resource with its defaults and limits.

Each resource builds the plain objects that do the work (`DocumentStore`, engines, settings); those import no
Dagster, so that worker processes need not either.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from pydantic import Field

from pipeline.convert.errors import BackendConfigError
from pipeline.convert.options import FORMATS, AssemblyOptions
from pipeline.convert.page_range import check_page_range
from pipeline.convert.pdf import PdfLimits
from pipeline.convert.understanding.choosing import Choice, UnderstandingMode
from pipeline.convert.understanding.profiles import PROFILES, picture_profile
from resources.embedded import EmbeddedLayout, EmbeddedOcr, EmbeddedTables
from resources.listing import Listing
from resources.pricing import Price
from resources.recorded import CELLS, PREDICTIONS, RecordedLayout, RecordedTables, RecordedText
from resources.sources import SourceCache
from resources.store import DocumentStore, default_home, default_store
from resources.triton import TritonServer
from resources.triton_engines import (
    DETECTOR,
    RECOGNISER,
    TritonCdlaLayout,
    TritonDoclingOcr,
    TritonLayout,
    TritonOcr,
    TritonSlanetTables,
    TritonTables,
)
from resources.vllm.engine import VlmEngine
from resources.vllm.server import VlmServer
from resources.webhook import Webhook
from resources.weights import default_folder

__all__ = [
    "Alerts",
    "Assembly",
    "Checks",
    "Exports",
    "Inbox",
    "Layout",
    "Ocr",
    "Pricing",
    "Reader",
    "Store",
    "Tables",
    "Understanding",
    "Workers",
]


class Store(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where manifests, artifacts and documents live."""

    url: str = Field(
        default="",
        description="A folder or s3://bucket/prefix. Default: $DOCMILL_STORE, or $DOCMILL_HOME/store",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="fsspec options of the store, e.g. endpoint_url, key, secret"
    )
    source_options: dict[str, Any] = Field(
        default_factory=dict, description="fsspec options to read source files that are not local"
    )

    def open(self) -> DocumentStore:
        """The store itself."""
        return DocumentStore(self.url or default_store(), dict(self.options))

    def sources(self) -> SourceCache:
        """Reads source files; remote ones are kept below docmill's home."""
        return SourceCache(default_home() / "sources", dict(self.source_options))


class Inbox(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where new PDFs appear, and how they are gathered to batches."""

    url: str = Field(default="", description="A folder or s3://bucket/prefix. Default: $DOCMILL_INBOX")
    options: dict[str, Any] = Field(
        default_factory=dict, description="fsspec options of the inbox, e.g. endpoint_url, key, secret"
    )
    batch_documents: int = Field(default=64, ge=1, description="Documents of a batch")
    batch_mb: int = Field(default=2048, ge=1, description="Megabytes of a batch; one document may be bigger")
    batches_per_tick: int = Field(default=50, ge=1, description="Batches that one tick makes at most")
    keys_per_tick: int = Field(default=100_000, ge=1, description="Files that one tick lists at most")
    tick_seconds: float = Field(
        default=40.0,
        gt=0,
        description="A tick stops after so long; below DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS",
    )
    settle_seconds: float = Field(
        default=30.0, ge=0, description="A local file is taken when it has not changed for so long"
    )
    max_wait_seconds: float = Field(
        default=120.0,
        ge=0,
        description="A batch that does not fill is made when a document has waited so long",
    )
    full_sweep_hours: float = Field(
        default=24.0, gt=0, description="How often every file is looked up, whatever its time says"
    )

    @property
    def place(self) -> str:
        """Where it is; empty when there is none."""
        return self.url or os.environ.get("DOCMILL_INBOX", "")

    def listing(self) -> Listing:
        """What lists it."""
        return Listing(self.place, dict(self.options))


class Checks(dg.ConfigurableResource):  # type: ignore[type-arg]
    """When something is so wrong that a batch should not go on."""

    max_failed_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="More documents than this share not readable stop a batch; 1: never",
    )
    min_documents: int = Field(default=8, ge=1, description="Smaller batches are never stopped")


class Alerts(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Who is told that a run failed."""

    webhook: str = Field(
        default="", description="A Slack-compatible webhook. Default: $DOCMILL_ALERT_WEBHOOK; none: nobody"
    )
    timeout_s: float = Field(default=10.0, gt=0, description="Seconds for one request")

    @property
    def url(self) -> str:
        """Where alerts go; empty when nobody is told."""
        return self.webhook or os.environ.get("DOCMILL_ALERT_WEBHOOK", "")

    def open(self) -> Webhook:
        """The webhook itself; raises `BackendConfigError` for an address that is none."""
        return Webhook(self.url, self.timeout_s)


class _Recorded(dg.Config):
    """Shared by what is replayed from another run."""

    folder: str = Field(description="The folder of recordings; every worker must see it")

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.folder).expanduser().resolve()


class PdfTextConfig(dg.Config):
    """The PDF's own text, read by PDFium."""

    kind: Literal["pdfium"] = "pdfium"

    def engine(self) -> None:
        """There is none: the reader does it."""
        return


class RecordedTextConfig(_Recorded):
    """Text lines and words of another run, for comparisons."""

    kind: Literal["recorded"] = "recorded"
    file: str = Field(default=CELLS, description="The file's name; {stem} is the PDF's, without .pdf")

    def engine(self) -> RecordedText:
        """The engine; files are read when a document is."""
        return RecordedText(self.path, self.file)


class Reader(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How PDFs are opened."""

    password: str = Field(default="", description="Opens encrypted files. Use an environment variable.")
    pages: str = Field(default="", description="Pages to convert, e.g. 1-3,7,10-. Default: all")
    max_pages: int = Field(default=10_000, gt=0, description="Longer documents are quarantined")
    max_bytes: int = Field(default=1 << 30, gt=0, description="Bigger files are quarantined")
    max_page_pixels: int = Field(
        default=50_000_000, gt=0, description="Bigger pages are rendered at a lower resolution"
    )

    text: PdfTextConfig | RecordedTextConfig = Field(
        default=PdfTextConfig(), discriminator="kind", description="Where the text of pages comes from"
    )
    legacy_text: bool = Field(
        default=False,
        description="Spaces and quotation marks as docling before 2.131 wrote them",
    )

    def limits(self) -> PdfLimits:
        """The limits; raises `BackendConfigError` when the page range cannot be understood."""
        if self.pages:
            check_page_range(self.pages)
        return PdfLimits(
            max_bytes=self.max_bytes, max_pages=self.max_pages, max_page_pixels=self.max_page_pixels
        )


class Workers(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The killable processes in which documents are worked on."""

    count: int = Field(default=0, ge=0, description="Worker processes of a step. 0: one per CPU")
    memory_mb: int = Field(default=4096, ge=0, description="Private memory of one worker; 0: no limit")
    task_seconds: float = Field(
        default=120.0, gt=0, description="Time limit for up to 8 pages of a document in one stage"
    )
    document_seconds: float = Field(
        default=900.0, gt=0, description="Time limit for what is done on a document as a whole"
    )

    @property
    def processes(self) -> int:
        """The number of workers, `count` or as many as CPUs this process may use."""
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return self.count or usable or 1


class _Models(dg.Config):
    """Shared by the embedded backends."""

    models: str = Field(default="", description="Folder of the weights. Default: $DOCMILL_HOME/models")
    runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto", description="auto takes OpenVINO when it is installed"
    )
    threads: int = Field(default=1, ge=1, description="Threads of one worker; processes scale better")

    @property
    def folder(self) -> Path:
        """The folder of the weights."""
        return Path(self.models) if self.models else default_folder()


class EmbeddedLayoutConfig(_Models):
    """The embedded layout detector, fused with text geometry."""

    kind: Literal["embedded"] = "embedded"

    @property
    def nested(self) -> bool:
        """See `Assembly.hierarchy`."""
        return True

    def engine(self) -> EmbeddedLayout:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedLayout(self.folder, self.runtime, self.threads)


class EmbeddedTablesConfig(_Models):
    """The embedded table model, with ruling geometry."""

    kind: Literal["embedded"] = "embedded"

    def engine(self) -> EmbeddedTables:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedTables(self.folder, self.runtime, self.threads)


class EmbeddedOcrConfig(_Models):
    """PP-OCRv6 in the worker."""

    kind: Literal["embedded"] = "embedded"

    def engine(self) -> EmbeddedOcr:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedOcr(self.folder, self.runtime, self.threads)


class _Triton(dg.Config):
    """Shared by the backends on a Triton server."""

    url: str = Field(default="localhost:8001", description="host:port of the server's gRPC service")
    model_version: str = Field(
        default="", description="Version to ask for; results are kept by it. Default: the server's choice"
    )
    deadline_s: float = Field(
        default=60.0, gt=0, description="Seconds for one request, its wait in the server's queue included"
    )
    retries: int = Field(
        default=10, ge=0, description="Further attempts while the server is unavailable, overloaded or late"
    )
    patience_s: float = Field(
        default=45.0, gt=0, description="Seconds after which a silent server is given up and the step fails"
    )
    in_flight: int = Field(default=8, ge=1, description="Requests of one worker under way at once")
    shared_memory: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Inputs through system shared memory. auto: with a server at a loopback address that "
        "takes it",
    )
    recover: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Load a model anew when its process on the server has died. auto: at loopback addresses",
    )

    def server(self) -> TritonServer:
        """Where the server is; raises `BackendConfigError` for a malformed address."""
        return TritonServer(
            url=self.url,
            deadline_s=self.deadline_s,
            retries=self.retries,
            patience_s=self.patience_s,
            in_flight=self.in_flight,
            shared_memory=self.shared_memory,
            recover=self.recover,
        )


class TritonLayoutConfig(_Triton):
    """A layout model on a Triton server."""

    kind: Literal["triton"] = "triton"
    contract: Literal["heron", "cdla"] = Field(
        default="heron", description="heron: docling's model; cdla: the small one that docmill embeds"
    )
    model: str = Field(
        default="",
        description="The model's name on the server. Default: docling-project--docling-layout-heron, or "
        "layout_cdla",
    )

    @property
    def nested(self) -> bool:
        """See `Assembly.hierarchy`."""
        return self.contract == "cdla"

    def engine(self) -> TritonLayout | TritonCdlaLayout:
        """The engine; the server is asked when a step has work for it."""
        if self.contract == "cdla":
            return TritonCdlaLayout(self.server(), self.model or "layout_cdla", self.model_version)
        model = self.model or "docling-project--docling-layout-heron"
        return TritonLayout(self.server(), model, self.model_version)


class TritonTablesConfig(_Triton):
    """A table model on a Triton server."""

    kind: Literal["triton"] = "triton"
    contract: Literal["tableformer", "slanet"] = Field(
        default="tableformer", description="tableformer: docling's; slanet: the small one that docmill embeds"
    )
    model: str = Field(
        default="", description="The model's name on the server. Default: tableformer, or slanet_plus"
    )

    def engine(self) -> TritonTables | TritonSlanetTables:
        """The engine; the server is asked when a step has work for it."""
        if self.contract == "slanet":
            return TritonSlanetTables(self.server(), self.model or "slanet_plus", self.model_version)
        return TritonTables(self.server(), self.model or "tableformer", self.model_version)


class TritonOcrConfig(_Triton):
    """OCR on a Triton server."""

    kind: Literal["triton"] = "triton"
    contract: Literal["ppocr", "docling"] = Field(
        default="ppocr",
        description="ppocr: the two networks that docmill embeds, served; docling: one model under the "
        "contract of docling's remote OCR engine",
    )
    model: str = Field(default="ocr", description="docling: the model's name on the server")
    language: str = Field(default="english", description="docling: the language named to the model")
    detector: str = Field(default=DETECTOR, description="ppocr: the name of the detecting model")
    recogniser: str = Field(default=RECOGNISER, description="ppocr: the name of the recognising model")
    models: str = Field(
        default="",
        description="ppocr: folder of the embedded weights, for the alphabet. Default: $DOCMILL_HOME/models",
    )

    def engine(self) -> TritonOcr | TritonDoclingOcr:
        """The engine; the server is asked when a step has work for it."""
        if self.contract == "docling":
            return TritonDoclingOcr(self.server(), self.model, self.language, self.model_version)
        folder = Path(self.models) if self.models else default_folder()
        return TritonOcr(self.server(), folder, self.detector, self.recogniser, self.model_version)


class RecordedLayoutConfig(_Recorded):
    """Detections of another run."""

    kind: Literal["recorded"] = "recorded"
    file: str = Field(default=PREDICTIONS, description="The file's name; {stem} is the PDF's, without .pdf")

    @property
    def nested(self) -> bool:
        """See `Assembly.hierarchy`."""
        return False

    def engine(self) -> RecordedLayout:
        """The engine; files are read when a document is."""
        return RecordedLayout(self.path, self.file)


class RecordedTablesConfig(_Recorded):
    """Table structures of another run."""

    kind: Literal["recorded"] = "recorded"
    file: str = Field(default=PREDICTIONS, description="The file's name; {stem} is the PDF's, without .pdf")
    match: Literal["recorded", "words"] = Field(
        default="recorded", description="words: match the page's words to the recorded tags and boxes"
    )

    def engine(self) -> RecordedTables:
        """The engine; files are read when a document is."""
        return RecordedTables(self.path, self.file, match=self.match)


class OcrOffConfig(dg.Config):
    """No OCR: scanned pages convert without text, and the outcome says so."""

    kind: Literal["off"] = "off"

    def engine(self) -> None:
        """There is none."""
        return


class Layout(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What finds the layout regions."""

    backend: EmbeddedLayoutConfig | TritonLayoutConfig | RecordedLayoutConfig = Field(
        default=EmbeddedLayoutConfig(), discriminator="kind"
    )


class Tables(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What finds the structure of tables."""

    backend: EmbeddedTablesConfig | TritonTablesConfig | RecordedTablesConfig = Field(
        default=EmbeddedTablesConfig(), discriminator="kind"
    )


class Ocr(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What reads pages without a text layer."""

    backend: EmbeddedOcrConfig | TritonOcrConfig | OcrOffConfig = Field(
        default=EmbeddedOcrConfig(), discriminator="kind"
    )


class Understanding(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The vision-language model's part; off by default. Works with any OpenAI-compatible server."""

    mode: UnderstandingMode = Field(
        default="off",
        description="fallback: pages that the classic path does badly; all: every page; pictures: a "
        "description of each picture",
    )
    url: str = Field(default="http://localhost:8000", description="Address of the server")
    model: str = Field(
        default="ibm-granite/granite-docling-258M", description="The model's name on the server"
    )
    model_version: str = Field(default="", description="Raise it when other weights have the same name")
    api_key: str = Field(default="", description="Sent to the server. Use an environment variable.")
    profile: Literal["granite-docling", "markdown"] = Field(
        default="granite-docling",
        description="How pages are asked for: granite-docling answers in DocTags, markdown suits any model "
        "that follows instructions",
    )
    prompt: str = Field(default="", description="Asks for a page. Default: the profile's own")
    picture_prompt: str = Field(default="", description="Asks for a picture's description")
    max_tokens: int = Field(default=0, ge=0, description="Tokens of one page's answer. 0: the profile's own")
    scale: float = Field(default=2.0, gt=0, le=8, description="Pixels per point of page images; 1 is 72 dpi")
    min_confidence: float = Field(
        default=0.5, ge=0, le=1, description="fallback: pages whose layout is less sure are asked about"
    )
    scanned: bool = Field(default=True, description="fallback: scanned pages are asked about")
    min_picture: float = Field(
        default=0.01, ge=0, le=1, description="pictures: smaller ones, as a share of the page, are not"
    )
    concurrency: int = Field(default=16, ge=1, description="Requests in flight, over all workers of a step")
    deadline_s: float = Field(default=120.0, gt=0, description="Seconds for one request")
    patience_s: float = Field(
        default=180.0, ge=0, description="Seconds that a server which is away or overloaded is waited for"
    )
    retries: int = Field(default=3, ge=0, description="Further attempts at a page that the server fails on")
    stream: bool = Field(
        default=False, description="Answers piece by piece: those that repeat themselves are cut off early"
    )
    error_budget: int = Field(
        default=8, ge=1, description="Pages of a document that may fail before the others are not sent"
    )

    def engine(self) -> VlmEngine | None:
        """What asks; None when the mode is off. Raises `BackendConfigError` for a malformed address."""
        if self.mode == "off":
            return None
        own = PROFILES[self.profile]
        page = replace(
            own,
            prompt=self.prompt or own.prompt,
            max_tokens=self.max_tokens or own.max_tokens,
            scale=self.scale,
        )
        server = VlmServer(
            url=self.url,
            model=self.model,
            api_key=self.api_key,
            deadline_s=self.deadline_s,
            patience_s=self.patience_s,
            retries=self.retries,
            stream=self.stream,
        )
        return VlmEngine(
            server=server,
            page=page,
            picture=picture_profile(self.picture_prompt),
            choice=Choice(self.mode, self.min_confidence, self.scanned, self.min_picture),
            model_version=self.model_version,
            concurrency=self.concurrency,
            error_budget=self.error_budget,
        )


class Pricing(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What the servers' devices cost; without a price no cost is shown."""

    per_gpu_hour: float | None = Field(default=None, ge=0, description="Price of an hour of one GPU")
    currency: str = Field(default="USD", description="What the price is in")

    def price(self) -> Price | None:
        """The price; None when none is set."""
        return None if self.per_gpu_hour is None else Price(self.per_gpu_hour, self.currency)


class Assembly(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How documents are put together."""

    hierarchy: bool | None = Field(
        default=None,
        description="Nest lists and infer heading levels; false: flat, as docling does. "
        "Default: with docmill's small layout model only, so that docling's gives docling's documents",
    )
    pictures: bool = Field(default=False, description="Crop pictures into the document at 144 dpi")

    def options(self, nested: bool) -> AssemblyOptions:
        """The options; `nested` is what the layout backend makes of documents unless told otherwise."""
        hierarchy = nested if self.hierarchy is None else self.hierarchy
        return AssemblyOptions(hierarchy=hierarchy, pictures=self.pictures)


class Exports(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What documents are written as, and where to."""

    formats: list[str] = Field(default=["md", "html", "json"], description=f"Any of {', '.join(FORMATS)}")
    out: str = Field(default="", description="A folder or prefix that gets a copy under the file's own name")
    index: bool = Field(
        default=True,
        description="Also write below `out` what was made, as Parquet: _docmill/index/BATCH.parquet",
    )
    keep_quarantined: bool = Field(
        default=False,
        description="Copy files that cannot be converted into the store, so that they can be tried again "
        "when they are gone from where they were",
    )

    def checked_formats(self) -> list[str]:
        """The formats, each once; raises `BackendConfigError` for an unknown one."""
        unknown = sorted(set(self.formats) - set(FORMATS))
        if unknown:
            known = ", ".join(FORMATS)
            raise BackendConfigError(f"unknown format {', '.join(unknown)}; choose from {known}")
        return sorted(set(self.formats))
