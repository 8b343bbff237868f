"""How a command ends: its exit codes, and errors as one message on stderr."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import current_thread, main_thread
from typing import ParamSpec

import typer

from nmn.errors import NmnError, QuestionError

FAULTY, BAD_INPUT = 1, 2
INTERRUPTED, TERMINATED = (128 + ending for ending in (signal.SIGINT, signal.SIGTERM))  # as shells report them
Parameters = ParamSpec("Parameters")


def clear_errors(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn this package's errors into one message on stderr and exit code 2, Ctrl-C into code 130, SIGTERM into 143."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            with _termination_as_interruption() as terminated:
                command(*args, **kwargs)
        except NmnError as error:
            typer.echo(f"error: {error}", err=True)
            if isinstance(error, QuestionError) and error.suggestion:
                typer.echo(f"try: {error.suggestion}", err=True)
            raise typer.Exit(BAD_INPUT) from None
        except BrokenPipeError:
            raise  # whoever reads has seen enough, as ``head`` has; typer ends the command
        except OSError as error:  # such as a full disk under what is printed
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt as interruption:
            typer.echo(str(interruption) or "interrupted", err=True)
            raise typer.Exit(TERMINATED if terminated else INTERRUPTED) from None

    return run


@contextmanager
def _termination_as_interruption() -> Iterator[list[int]]:
    """Let SIGTERM, which schedulers send, stop a command as Ctrl-C does; what is yielded says whether one came."""
    came: list[int] = []
    if current_thread() is not main_thread():
        yield came
        return

    def interrupt(number: int, frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
