"""The files of a comparison's folder: what a finished run left in its log and state, and results as JSON."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from nmn.atomic import write_file
from nmn.checkpoint import PRETRAINING, STATE, read_checkpoint
from nmn.compare.courses import course_of
from nmn.config import read_object
from nmn.errors import ConfigError, listed
from nmn.training.loop import LOG

PLAN, RESULTS, RESULT = "compare.json", "results.json", "result.json"
NAME = re.compile(r"[\w-]+")  # of a system, which is also its folder's
GAP_SECONDS = 1e-3  # between lines of a log that were not written together


def learned_parameters(folder: Path) -> int:
    """Return how many parameters a run moved: not a frozen backbone's, nor those that nothing reaches."""
    state, _ = read_checkpoint(folder / STATE)
    return sum(part.numel() for name, part in state.items() if name.endswith(".exp_avg"))


def loop_seconds(folder: Path) -> float:
    """Return the seconds of training steps: the median step's, times their number; also of a run that was interrupted.

    The log is written some steps at once, so that a gap between two lines is the time of the steps that follow it.
    """
    total = 0.0
    for path in (folder / LOG, folder / PRETRAINING / LOG):
        if path.exists():
            times = [json.loads(line)["time"] for line in path.read_text(encoding="utf-8").splitlines()]
            later = [place for place in range(1, len(times)) if times[place] - times[place - 1] > GAP_SECONDS]
            before, after = [0, *later][: len(later)], [*later, len(times)][1:]
            steps = [
                (times[at] - times[first]) / (last - at) for first, at, last in zip(before, later, after, strict=True)
            ]
            total += median(steps) * len(times) if steps else 0.0
    return total


def write_results(folder: Path, failed: Mapping[str, str]) -> dict[str, Any]:
    """Write all results as one file and return them."""
    about = read_json(folder / PLAN)
    tuning = {path.stem: read_json(path) for path in sorted((folder / "tuning").glob("*.json"))}
    runs = [read_json(path) for path in sorted((folder / "runs").glob(f"*/*/{RESULT}"))]
    results = {**about, "tuning": tuning, "runs": runs, "failed": dict(failed)}
    write_json(folder / RESULTS, results)
    return results


def place_of(run: Mapping[str, Any]) -> str:
    """Return the folder of a run under ``runs``, by its system, course, images and seed.

    >>> place_of({"system": "film", "course": "world", "images": 500, "seed": 0})
    'film/world-500-0'
    """
    return f"{run['system']}/{run['course']}-{run['images']}-{run['seed']}"


def unpack_results(folder: Path) -> None:
    """Write the plan, the tuning and the runs that a results.json holds as files, where the folder has no plan yet.

    So a comparison goes on where its networks are not. Raises ConfigError where the file is none of a comparison.
    """
    path = folder / RESULTS
    if (folder / PLAN).exists() or not path.exists():
        return
    results = read_json(path)
    try:
        plan = {name: dict(results[name]) for name in ("settings", "systems")}
        tuning = {name: dict(tuned) for name, tuned in results["tuning"].items()}
        runs = [{**run, "images": int(run["images"]), "seed": int(run["seed"])} for run in results["runs"]]
        if strange := {*tuning, *(run["system"] for run in runs)} - {*plan["systems"]}:
            raise ValueError(f"of {listed(sorted(strange))}, which it does not compare")
        for name in plan["systems"]:
            if not NAME.fullmatch(name):
                raise ValueError(f"a system called {name!r}")
        for run in runs:
            course_of(run["course"])
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        raise ConfigError(f"{not_results(path, error)}; give another --out") from None
    for name, tuned in tuning.items():
        write_json(folder / "tuning" / f"{name}.json", tuned)
    for run in runs:
        write_json(folder / "runs" / place_of(run) / RESULT, run)
    write_json(folder / PLAN, plan)  # last: with it the folder is complete


def not_results(path: Path, error: Exception) -> ConfigError:
    """Return an error that says what is wrong with a file that should hold the results of a comparison.

    >>> print(not_results(Path("results.json"), KeyError("settings")))
    results.json: not the results of a comparison: it lacks "settings"
    """
    wrong = f'it lacks "{error.args[0]}"' if isinstance(error, KeyError) else f"{type(error).__name__} {error}"
    return ConfigError(f"{path}: not the results of a comparison: {wrong}")


def read_json(path: Path) -> dict[str, Any]:
    """Read a file of a comparison; raise ConfigError where it is damaged or not there."""
    return read_object(path, "a file of a comparison")


def write_json(path: Path, data: Any) -> None:
    """Write a file of a comparison as JSON; raise ConfigError where it cannot be."""
    write_file(path, json.dumps(data, indent=1), ConfigError, folder=True)
