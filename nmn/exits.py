"""How a command ends: its exit codes, and errors as one message on stderr."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from nmn.errors import NmnError, QuestionError

FAULTY, BAD_INPUT = 1, 2
INTERRUPTED = 130  # as shells report a command that Ctrl-C ended
Parameters = ParamSpec("Parameters")


def clear_errors(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn this package's errors into one message on stderr and exit code 2, and an interruption into code 130."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
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
            raise typer.Exit(INTERRUPTED) from None

    return run
