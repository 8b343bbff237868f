"""The server: loopback by default, quiet, and gone cleanly when it is asked to stop."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from nmn.app.api import build_app
from nmn.app.datasets import browse
from nmn.app.limits import LOCAL_HOSTS, Limits
from nmn.app.runs import Runs
from nmn.errors import ConfigError

CONNECTIONS = 200
LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ServeSettings:
    """How to serve: where, the folder of runs, the dataset to browse, how many of its examples, by which run."""

    host: str = "127.0.0.1"
    port: int = 8000
    runs: Path | None = None
    data: Path | None = None
    examples: int = 500
    run: str | None = None


def serve(settings: ServeSettings, tell: Callable[[str], None]) -> None:
    """Serve until interrupted, and tell where; raise ConfigError or DataError for what cannot be served."""
    import uvicorn

    torch.set_num_threads(1)  # several requests at once, one core each
    runs = Runs(settings.runs)
    if settings.run is not None:
        runs.get(settings.run)
    browsed = None if settings.data is None else browse(settings.data, settings.run, settings.examples)
    hosts = LOCAL_HOSTS if settings.host in LOCAL else None
    app = build_app(runs, browsed, Limits(), hosts)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    config = uvicorn.Config(
        app, settings.host, settings.port, log_level="warning", access_log=False, server_header=False,
        limit_concurrency=CONNECTIONS, timeout_keep_alive=15, timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    named = f"[{settings.host}]" if ":" in settings.host else settings.host
    tell(f"http://{named}:{settings.port}/  (Ctrl-C stops it)")
    try:
        server.run()
    except SystemExit:
        raise ConfigError(
            f"{settings.host}:{settings.port}: cannot listen there: the port may be taken, or the host is none of this"
            " machine; give another --port or --host"
        ) from None
    except KeyboardInterrupt:
        return
