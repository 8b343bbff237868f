"""The results of a comparison as tables: mean and spread over seeds of what each system answers right."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean
from typing import Any

from nmn.compare.courses import COURSES, NLVR, SEEN, STANDARD
from nmn.evaluation.spread import MISSING, Spread

Results = Mapping[str, Any]
Run = Mapping[str, Any]
SPLITS_COURSE, STYLES_COURSE = "held", "world"
Tallies = Mapping[str, Sequence[float]]  # by family: how many are right, of how many
BLIND = "question_only"  # what language alone gives away
NOTES = (
    "Mean and standard deviation over seeds, of percentages right. Systems over cells see through one frozen backbone,"
    " which learned from scenes what each cell shows; of modules_objects, proposals saw boxes and masks. All else is"
    " learned from questions and answers, or from captions; module networks are given the layout of each question, as"
    " the grammar reads it."
)


def runs_of(results: Results, system: str, course: str, images: int | None = None) -> list[Run]:
    """Return the runs of a system on a course with all images, or so many, by seed."""
    wanted = results["settings"]["images"] if images is None else images
    ones = [run for run in results["runs"] if (run["system"], run["course"], run["images"]) == (system, course, wanted)]
    return sorted(ones, key=lambda run: int(run["seed"]))


def share(tallies: Tallies) -> float:
    """Return the percentage right over all families.

    >>> share({"count": [1, 4], "query": [2, 2]})
    50.0
    """
    right, of = (sum(tally[place] for tally in tallies.values()) for place in (0, 1))
    return 100.0 * right / of if of else math.nan


def figure(runs: Iterable[Run], test: str) -> Spread:
    """Return the percentage right in a test."""
    return Spread(tuple(share(run["tests"][test]) for run in runs if test in run["tests"]))


def gap(runs: Iterable[Run], course: str, test: str) -> Spread:
    """Return by how much the percentage right in a test is above that in the one beside it."""
    about = COURSES[course].tests[test]
    told = [run["tests"] for run in runs if {test, about.beside} <= run["tests"].keys()]
    return Spread(tuple(share(one[test]) - share(alike(one[test], one[about.beside], about.alike)) for one in told))


def alike(tallies: Tallies, beside: Tallies, families: Mapping[str, str]) -> Tallies:
    """Return what stands beside a test: another's tallies or, by family, as many of those of the families alike.

    >>> alike({"count_same": [1, 4], "query_same": [2, 2]}, {"count": [3, 6], "query": [5, 5]},
    ...       {"count_same": "count", "query_same": "query"})
    {'count_same': [2.0, 4], 'query_same': [2.0, 2]}
    """
    if not families:
        return beside
    return {name: [of * beside[families[name]][0] / beside[families[name]][1], of] for name, (_, of) in tallies.items()}


def by_family(runs: Sequence[Run], test: str) -> dict[str, Spread]:
    """Return the percentage right in each family of a test."""
    families = sorted({family for run in runs for family in run["tests"].get(test, {})})
    return {
        family: Spread(tuple(share({family: run["tests"][test][family]}) for run in runs if test in run["tests"]))
        for family in families
    }


def ranked(results: Results, course: str = STYLES_COURSE, test: str = STANDARD) -> list[str]:
    """Return the systems that were asked a test's questions, the best at them last; by default the default world's."""
    figures = {name: figure(runs_of(results, name, course), test) for name in results["systems"]}
    figures = {name: one for name, one in figures.items() if one.values}
    return sorted(figures, key=lambda name: figures[name].mean)


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table.

    >>> print(grid(("system", "right"), [("film", "50.0")]))
    | system | right |
    |---|---|
    | film | 50.0 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return (
        "\n".join("| " + " | ".join(line) + " |" for line in lines).replace("| --- ", "|---").replace("--- |", "---|")
    )


def markdown(results: Results) -> str:
    """Return all tables; raise KeyError, TypeError, ValueError, ArithmeticError or AttributeError for other data."""
    parts = [
        f"{_setting(results)}\n\n{NOTES}", *(part for part in (
            _main(results), _splits(results), _styles(results), _nlvr(results), _families(results),
            _statements(results), _captions(results), _curves(results), _tuning(results), _failures(results),
        ) if part),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _setting(results: Results) -> str:
    settings = results["settings"]
    dates = sorted({run["date"] for run in results["runs"]}) or [time.strftime("%Y-%m-%d")]
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return (
        f"{settings['images']:,} images with up to {settings['each']} questions each, {settings['steps']:,} steps of"
        f" {settings['batch']} images; seeds: {settings['seeds']}; tests of {settings['questions']:,} questions;"
        f" {when}."
    )


def _main(results: Results) -> str:
    rows = []
    for name in reversed(ranked(results)):
        runs = runs_of(results, name, STYLES_COURSE)
        truths = Spread(tuple(100 * run["statements"][0] / run["statements"][1] for run in runs))
        rows.append((
            name, str(figure(runs, STANDARD)), _above(results, name, BLIND), str(truths), best_look(runs),
            f"{runs[0]['parameters']:,}", f"{mean(run['seconds'] for run in runs):.0f}",
            f"{mean(run['a_second'] for run in runs):,.0f}",
        ))  # fmt: skip
    head = (
        "system", "default world", f"above {BLIND}", "statements", "best look", "parameters", "training s",
        "questions/s",
    )  # fmt: skip
    return "### The default world\n\n" + grid(head, rows) if rows else ""


def best_look(runs: Sequence[Run]) -> str:
    """Return the percentage of held-back questions right in the look at which runs were at their best, and its step.

    >>> best_look([{"best": {"step": 2000, "held_back": 0.5}}, {"best": {"step": 1000, "held_back": 0.52}}])
    '51.0 ± 1.4 at 1,000 to 2,000'
    """
    told = [run["best"] for run in runs if "best" in run]
    if not told or len(told) < len(runs):  # some are of before it was noted
        return MISSING
    steps = sorted({one["step"] for one in told})
    when = f"{steps[0]:,}" + (f" to {steps[-1]:,}" if len(steps) > 1 else "")
    return f"{Spread(tuple(100 * one['held_back'] for one in told))} at {when}"


def _above(results: Results, system: str, other: str) -> str:
    """Return by how much a system is above another on the default world, seed by seed."""
    told = [{run["seed"]: share(run["tests"][STANDARD]) for run in runs_of(results, name, STYLES_COURSE)}
            for name in (system, other)]  # fmt: skip
    pairs = [(told[0][seed], told[1][seed]) for seed in told[0] if seed in told[1]]
    return MISSING if system == other else str(Spread(tuple(one - two for one, two in pairs)))


def _splits(results: Results) -> str:
    tests = COURSES[SPLITS_COURSE].tests
    rows = []
    for name in reversed(ranked(results, SPLITS_COURSE, SEEN)):
        runs = runs_of(results, name, SPLITS_COURSE)
        rows.append((name, *(str(figure(runs, test)) for test in tests)))
    if not rows:
        return ""
    gaps = [
        (name, *(str(gap(runs_of(results, name, SPLITS_COURSE), SPLITS_COURSE, test)) for test, one in tests.items()
                 if one.beside))
        for name in (row[0] for row in rows)
    ]  # fmt: skip
    beside = [f"{test} - {one.beside}" for test, one in tests.items() if one.beside]
    return (
        "### Generalisation splits, all held out at once\n\n" + grid(("system", *tests), rows)
        + "\n\nAgainst the test that has the same questions without what was held out; closure's families against seen"
        " ones with answers of the same kinds:\n\n"
        + grid(("system", *beside), gaps)
    )  # fmt: skip


def _styles(results: Results) -> str:
    styles = [name for name, test in COURSES[STYLES_COURSE].tests.items() if test.beside]
    rows = [
        (name, *(str(gap(runs_of(results, name, STYLES_COURSE), STYLES_COURSE, style)) for style in styles))
        for name in reversed(ranked(results))
    ]
    head = (
        "### The same questions, the pictures drawn in another style: against the default (outline and textured:"
        " against solid shapes, nothing asked about textures)\n\n"
    )
    return head + grid(("system", *styles), rows) if rows else ""


def _nlvr(results: Results) -> str:
    rows = [(name, str(figure(runs_of(results, name, NLVR), "dev"))) for name in reversed(ranked(results, NLVR, "dev"))]
    if not rows:
        return "### NLVR\n\nLeft out: no run was given its files (`nlvr=DIR`, the folder that holds dev and train1000)."
    about = (
        f"Learned from {results['settings']['images']:,} generated images and from train1000, judged on dev, an image a"
        " statement. Words that were never read are read as unknown ones; a module network says yes where it has no"
        " module. Systems that learn from captions, or see objects, are not trained here."
    )
    return f"### NLVR\n\n{about}\n\n" + grid(("system", "dev"), rows)


def _families(results: Results) -> str:
    told = {name: by_family(runs_of(results, name, STYLES_COURSE), STANDARD) for name in reversed(ranked(results))}
    families = sorted({family for one in told.values() for family in one})
    rows = [(family, *(str(one.get(family, Spread(()))) for one in told.values())) for family in families]
    return "### By family, on the default world\n\n" + grid(("family", *told), rows) if rows else ""


def _statements(results: Results) -> str:
    rows = []
    for name in results["systems"]:
        runs = [run for run in runs_of(results, name, STYLES_COURSE) if "judged" in run]
        if runs:
            told = Spread(tuple(100 * run["judged"]["right"] / run["judged"]["of"] for run in runs))
            rows.append((name, str(told), f"{runs[0]['parameters']:,}", f"{mean(run['seconds'] for run in runs):.0f}"))
    if not rows:
        return ""
    about = (
        "Captions of the default world's scenes, half of them false of their image: each is weighed against its"
        " contradiction, above a threshold from held-back ones. These learn from captions, not from questions; the"
        ' column "statements" above has the same captions, asked of the others as questions.'
    )
    return f"### Judges of statements\n\n{about}\n\n" + grid(("system", "statements", "parameters", "training s"), rows)


def _captions(results: Results) -> str:
    measures = ("bleu", "rouge", "cider", "read", "true")
    rows = []
    for name in results["systems"]:
        runs = [run["captions"] for run in runs_of(results, name, STYLES_COURSE) if "captions" in run]
        if runs:
            rows.append((name, *(f"{mean(run[key] for run in runs):.3f}" for key in measures)))
    if not rows:
        return ""
    head = ("system", "BLEU-4", "ROUGE-L", "CIDEr", "read by the grammar", "true of the scene")
    return "### Captions of the default world, greedy\n\n" + grid(head, rows)


def curve(results: Results, system: str) -> list[tuple[int, float]]:
    """Return how right a system of the first seed is by the number of questions that it learned from, about."""
    settings = results["settings"]
    points = []
    for images in sorted({*settings["curve"], settings["images"]}):
        for run in runs_of(results, system, STYLES_COURSE, images)[:1]:
            if STANDARD in run["tests"] and run["seed"] == 0:
                points.append((images * settings["each"], share(run["tests"][STANDARD])))
    return points


def _curves(results: Results) -> str:
    told = {name: dict(curve(results, name)) for name in reversed(ranked(results))}
    sizes = sorted({size for one in told.values() for size in one})
    if len(sizes) < 2:
        return ""
    rows = [(name, *(f"{one[size]:.1f}" if size in one else MISSING for size in sizes)) for name, one in told.items()]
    return "### By the number of questions learned from, at most; first seed\n\n" + grid(
        ("system", *(f"{size:,}" for size in sizes)), rows
    )


def _tuning(results: Results) -> str:
    settings = results["settings"]
    rates = [repr(rate) for rate in settings["rates"]]
    rows = [
        (name, *(f"{100 * one['held_back'][rate]:.1f}" for rate in rates), repr(one["rate"]))
        for name, one in sorted(results["tuning"].items())
    ]
    about = (
        f"The same for every system: the first {settings['tuning_steps']} steps of a run at each of {len(rates)} rates,"
        f" with the first seed; the one that gets most questions about {settings['held_back']} held-back images right"
        " (of systems that learn from captions: words foreseen, or images found) is used in all runs. Nothing else is"
        " tuned."
    )
    return f"### Tuning\n\n{about}\n\n" + grid(("system", *rates, "chosen"), rows)


def _failures(results: Results) -> str:
    lines = [f"- {name}: {why}" for name, why in results.get("failed", {}).items()]
    return "### Failed\n\n" + "\n".join(lines) if lines else ""
