"""``nmn serve``: the explorer in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.errors import ConfigError
from nmn.exits import clear_errors


@clear_errors
def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen at; others than loopback let others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = 8000,
    runs: Annotated[Path | None, typer.Option(help="A folder with trained runs, to compare.")] = None,
    data: Annotated[Path | None, typer.Option(help="A generated dataset, or a folder of NLVR's, to browse.")] = None,
    examples: Annotated[int, typer.Option(min=1, max=20_000, help="How many of its examples.")] = 500,
    run: Annotated[str | None, typer.Option(help="The run that answers the dataset: world, runs/NAME.")] = None,
) -> None:
    """Serve the explorer: a page to ask about pictures and scenes and to see how answers come about."""
    try:
        from nmn.app.server import LOCAL, ServeSettings
        from nmn.app.server import serve as start
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "pydantic", "starlette", "uvicorn"):
            raise
        raise ConfigError('nmn serve needs FastAPI and uvicorn: pip install "nmn-reasoner[serve]"') from None
    if host not in LOCAL:
        typer.echo(f"careful: {host} lets others than this machine in, and there is no password", err=True)
    start(ServeSettings(host, port, runs, data, examples, run), typer.echo)
