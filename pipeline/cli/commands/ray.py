"""`docmill ray`: a Ray Serve server on this machine. What the commands do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["ray_app"]

ray_app = typer.Typer(
    rich_markup_mode="markdown",
    no_args_is_help=True,
    help="A Ray Serve server on this machine with Triton's models, for trials and comparison.",
)

_Repository = Annotated[
    Path | None,
    typer.Option(
        "--repository", metavar="DIR", help="The model repository. Default: $DOCMILL_HOME/triton/models."
    ),
]


@ray_app.command()
def setup(
    repository: _Repository = None,
    python: Annotated[
        Path | None,
        typer.Option(help="The Python, 3.11 to 3.13, to make the server's environment with. Makes it anew."),
    ] = None,
) -> None:
    """Make the server's environment in $DOCMILL_HOME/ray: about 0.5 GB of packages, which come through pip
    with its own index, proxy and certificate settings. Fills the model repository as `docmill triton setup`
    does.
    """
    from docmill.pipeline.cli.servers.ray_setup import set_up

    raise typer.Exit(set_up(repository, python))


@ray_app.command()
def serve(
    repository: _Repository = None,
    models: Annotated[
        str, typer.Option(help="Models to load, e.g. layout_cdla,slanet_plus. Default: all with weights.")
    ] = "",
    http_port: Annotated[int, typer.Option(min=0, help="Port of the HTTP service; 0: any.")] = 8000,
    grpc_port: Annotated[int, typer.Option(min=0, help="Port of the gRPC service; 0: any.")] = 8001,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of one replica of an ONNX model; 0: one a core.")
    ] = 0,
    start_limit: Annotated[float, typer.Option(min=1, help="Seconds until every model is ready.")] = 300.0,
    exit_limit: Annotated[int, typer.Option(min=0, help="Seconds for requests in flight at the end.")] = 15,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show all that the server says.")] = False,
) -> None:
    """Serve a model repository until Ctrl-C. Does what `setup` does first, where that is missing.

    **Example**

        docmill ray serve --models layout_cdla,slanet_plus
        docmill convert inbox/ --layout triton:cdla --tables triton:slanet
    """
    from docmill.pipeline.cli.servers.ray_setup import RayOptions, serve_models

    options = RayOptions(
        repository=repository,
        models=tuple(name.strip() for name in models.split(",") if name.strip()),
        http_port=http_port,
        grpc_port=grpc_port,
        host=host,
        threads=threads,
        start_limit=start_limit,
        exit_limit=exit_limit,
        verbose=verbose,
    )
    raise typer.Exit(serve_models(options))
