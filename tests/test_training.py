"""Training runs: their log, resuming bit for bit, what is refused, several processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import nmn.training.run as running
from nmn.assembler.plan import plan
from nmn.checkpoint import BEST, NETWORK, PROPOSALS, STATE, read_checkpoint, save_checkpoint, state_digest
from nmn.errors import ArgumentError, CheckpointError, ConfigError, TrainingError
from nmn.layout import Kind, parse_layout
from nmn.models.build import load_network
from nmn.models.network import ModuleNetwork
from nmn.reasoner import Reasoner
from nmn.resources import WEIGHTS
from nmn.scene import SceneGraph
from nmn.training.attentions import attention_loss
from nmn.training.best import Best
from nmn.training.data import Memory, Questions
from nmn.training.loop import LOG, Progress, batch_of, fit, rate_at, spent
from nmn.training.naming import train_detector
from nmn.training.perception import PROPOSER, train_proposer
from nmn.training.run import CONFIG, load_settings, train
from nmn.training.settings import TrainSettings, warm_cosine
from nmn.training.systems import Shown
from nmn.vision.matching import match_objects
from nmn.vision.objects import ObjectVision
from nmn.vision.proposals import Proposer, channels_last
from synth_data.config import load_config
from tests.networks import cell_network, layouts, object_network, seen_objects

SETTINGS = TrainSettings(data="shapes", regions="cells", steps=23, batch=5, save_every=7, rate=1e-2, seed=3, threads=1)
QUESTIONS, IMAGES = 61, 17


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Give the number of threads, which a run sets, back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def questions(objects: bool = False) -> Questions:
    """Return random questions with random answers; of an image there are several."""
    asked = [layout for layout in layouts(8, 200) if layout.kind == "truth"][:QUESTIONS]
    generator = torch.Generator().manual_seed(1)
    seen = seen_objects(IMAGES) if objects else {
        "images": torch.randint(0, 256, (IMAGES, 3, 35, 35), generator=generator, dtype=torch.uint8)
    }  # fmt: skip
    return Questions(
        torch.arange(len(asked)) % IMAGES, seen, tuple(asked), torch.arange(len(asked)) % 2, ("",) * len(asked)
    )


def fitted(folder: Path, settings: TrainSettings = SETTINGS, network: ModuleNetwork | None = None) -> ModuleNetwork:
    network = network or cell_network(seed=5).model
    fit(network, questions(), settings, folder)
    return network


def logged(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


class Interruption(Exception):
    """Stands for a signal."""


def test_the_log_has_a_line_for_each_step(tmp_path: Path) -> None:
    fitted(tmp_path)
    lines = logged(tmp_path)
    assert [line["step"] for line in lines] == list(range(SETTINGS.steps))
    assert set(lines[0]) == {"step", "loss", "accuracy", "gradient", "rate", "time"}
    assert lines[-1]["loss"] < lines[0]["loss"]


def test_matrices_decay_and_no_others(tmp_path: Path) -> None:
    """A step with decay leaves a matrix smaller by rate * decay of what it was than a step without."""
    first = dict(cell_network(seed=5).model.named_parameters())
    told = [replace(SETTINGS, steps=1, rate=0.1, weight_decay=decay) for decay in (0.0, 0.5)]
    free, decayed = (dict(fitted(tmp_path / str(one.weight_decay), one).named_parameters()) for one in told)
    for name, part in first.items():
        lost = 0.1 * 0.5 * part if part.ndim > 1 else torch.zeros_like(part)
        assert torch.allclose(free[name] - decayed[name], lost, atol=1e-6)


def test_gradients_are_clipped_and_logged_as_they_were(tmp_path: Path) -> None:
    fitted(tmp_path / "free", replace(SETTINGS, steps=1))
    fitted(tmp_path / "clipped", replace(SETTINGS, steps=1, clip=1e-3))
    state, _ = read_checkpoint(tmp_path / "clipped" / STATE)
    moments = torch.cat([part.flatten() for name, part in state.items() if name.endswith(".exp_avg")])
    assert float(moments.norm()) == pytest.approx(0.1 * 1e-3, rel=1e-2)  # 1 - beta1 of the clipped gradient
    assert logged(tmp_path / "clipped")[0]["gradient"] == logged(tmp_path / "free")[0]["gradient"] > 1e-2


def test_the_time_of_what_was_trained_before_the_rest_is_a_run_s_own(tmp_path: Path) -> None:
    for part, seconds in (("", 1.0), ("proposals", 20.0), ("pretraining", 300.0), ("another run", 4000.0)):
        save_checkpoint(tmp_path / part / STATE, {}, {"seconds": seconds})
    assert spent(tmp_path) == 321


@pytest.mark.parametrize("after", [7, 14])
@pytest.mark.parametrize("objects", [False, True])
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path: Path, after: int, objects: bool) -> None:
    settings = replace(SETTINGS, cosine=True, warm_up=3, clip=1.0, weight_decay=0.01, turn=objects)
    asked = questions(objects)

    def fresh() -> ModuleNetwork:
        return (object_network if objects else cell_network)(seed=5).model

    def interrupt(now: Progress) -> None:
        if now.step > after:
            raise Interruption

    undisturbed, interrupted, resumed = fresh(), fresh(), fresh()
    fit(undisturbed, asked, settings, tmp_path / "undisturbed")
    with pytest.raises(Interruption):
        fit(interrupted, asked, settings, tmp_path / "interrupted", interrupt)
    assert read_checkpoint(tmp_path / "interrupted" / STATE)[1]["step"] == after
    fit(resumed, asked, settings, tmp_path / "interrupted")
    assert state_digest(resumed.state_dict()) == state_digest(undisturbed.state_dict())
    assert state_digest(resumed.state_dict()) != state_digest(fresh().state_dict())
    files = [read_checkpoint(tmp_path / name / STATE)[0] for name in ("undisturbed", "interrupted")]
    assert state_digest(files[0]) == state_digest(files[1])
    keys = ("step", "loss", "accuracy", "gradient", "rate")
    assert [[line[key] for key in keys] for line in logged(tmp_path / "interrupted")] == [
        [line[key] for key in keys] for line in logged(tmp_path / "undisturbed")
    ]


def test_a_finished_run_is_not_trained_further(tmp_path: Path) -> None:
    first = fitted(tmp_path)
    again = fitted(tmp_path)
    assert state_digest(first.state_dict()) == state_digest(again.state_dict())
    assert len(logged(tmp_path)) == SETTINGS.steps


def test_what_did_best_on_held_back_questions_is_kept(tmp_path: Path) -> None:
    """Looked at after 3, 6, 9 and 12 steps; the second look is the best, and the fourth as good."""
    settings, found, states = replace(SETTINGS, steps=12, looks=4), iter([0.2, 0.7, 0.5, 0.7]), []
    network = cell_network(seed=5).model

    def examine() -> float:
        assert not network.training
        states.append(state_digest(network.state_dict()))
        return next(found)

    fit(network, questions(), settings, tmp_path, best=Best(tmp_path, settings, examine))
    assert len(set(states)) == 4 and state_digest(network.state_dict()) == states[1]
    assert read_checkpoint(tmp_path / BEST)[1] == {"step": 6, "right": 0.7}
    assert Best(tmp_path, settings, examine).most == 0.7  # for a run that goes on
    assert read_checkpoint(tmp_path / STATE)[1]["step"] == 12


def test_a_state_of_other_settings_is_refused_by_their_names(tmp_path: Path) -> None:
    fitted(tmp_path)
    with pytest.raises(CheckpointError, match=r"of a run with other settings \(batch, rate\); give another folder"):
        fitted(tmp_path, replace(SETTINGS, rate=2e-2, batch=7))


def test_how_many_threads_and_saves_may_change(tmp_path: Path) -> None:
    fitted(tmp_path)
    lines = (tmp_path / LOG).read_text(encoding="utf-8")
    fitted(tmp_path, replace(SETTINGS, threads=2, save_every=5))
    assert (tmp_path / LOG).read_text(encoding="utf-8") == lines  # nothing was done again


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_state(tmp_path: Path) -> None:
    class Poisoned(torch.nn.Module):
        """A backbone whose features are no numbers from the eleventh batch on."""

        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner, self.calls = inner, 0

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            features: torch.Tensor = self.inner(images)
            return features * float("nan") if self.calls > 10 else features

    network = cell_network(seed=5).model
    network.vision.backbone = Poisoned(network.vision.backbone)  # type: ignore[arg-type]
    with pytest.raises(
        TrainingError, match=r"step 10: the loss is nan, its gradient nan; lower rate=0.01 or set clip=1"
    ):
        fitted(tmp_path, network=network)
    state, about = read_checkpoint(tmp_path / STATE)
    assert about["step"] == 7
    assert all(bool(torch.isfinite(part).all()) for part in state.values())
    assert [line["step"] for line in logged(tmp_path)] == list(range(10))


def test_every_image_is_seen_once_an_epoch_by_one_process() -> None:
    asked = questions()
    for processes in (1, 2):
        seen: list[int] = []
        for step in range(IMAGES // SETTINGS.batch):
            for rank in range(processes):
                batch = batch_of(asked, SETTINGS, step, rank, processes)
                seen += [int(image.sum()) for image in batch.seen["images"]]
                assert len(batch.layouts) >= len(batch.seen["images"])
        assert len(seen) == len(set(seen)) == IMAGES // SETTINGS.batch * SETTINGS.batch


def test_the_rate_warms_up_and_falls_to_a_hundredth() -> None:
    settings = replace(SETTINGS, warm_up=4, cosine=True, steps=104, rate=1.0)
    assert [rate_at(step, settings) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert rate_at(54, settings) == pytest.approx(0.01 + 0.99 / 2)
    assert rate_at(104, settings) == pytest.approx(0.01)
    assert rate_at(54, replace(settings, cosine=False)) == 1.0
    assert rate_at(54, replace(settings, steps=60, schedule=104)) == rate_at(54, settings)


@pytest.fixture
def shapes_like(tmp_path: Path) -> Path:
    """A folder with 40 questions and answers in the files of SHAPES."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    asked = [f"is a {color} shape {where} a {shape}" for color in ("red", "green", "blue")
             for where in ("above", "left of") for shape in ("circle", "square", "triangle")]  # fmt: skip
    asked += ["is a red shape blue", "is a circle green"]
    (folder / "train.large.query_str.txt").write_text("\n".join(asked * 2) + "\n")
    (folder / "train.large.output").write_text("true\n" * 18 + "false\n" * 2 + "false\n" * 18 + "false\n" * 2)
    return folder


def shapes_settings(folder: Path) -> TrainSettings:
    path = Path(__file__).parent.parent / "configs" / "shapes.toml"
    return load_settings(path, [f"folder={folder}", "steps=12", "batch=8", "channels=11", "threads=1", "save_every=6"])


def test_a_run_writes_a_network_that_can_be_loaded(shapes_like: Path, tmp_path: Path) -> None:
    settings = shapes_settings(shapes_like)
    train(settings, tmp_path / "run")
    loaded = load_network(tmp_path / "run" / NETWORK)
    assert loaded.card["settings"]["steps"] == 12
    assert loaded.vocabulary.attributes == {
        "color": ("red", "green", "blue"), "shape": ("circle", "square", "triangle")
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"holds a run of other settings \(seed\)"):
        train(replace(settings, seed=4), tmp_path / "run")


def test_a_run_goes_on_where_it_stopped_and_a_finished_one_does_nothing(shapes_like: Path, tmp_path: Path) -> None:
    settings, seen = shapes_settings(shapes_like), list[int]()  # saved after 6 of 12 steps

    def interrupt(part: str, done: int, of: int, note: str = "") -> None:
        seen.append(done)
        if seen == [6, 12]:
            raise Interruption

    train(settings, tmp_path / "whole")
    with pytest.raises(Interruption):
        train(settings, tmp_path / "part", interrupt)
    assert not (tmp_path / "part" / NETWORK).exists()
    train(settings, tmp_path / "part", interrupt)
    assert seen == [6, 12, 12]
    networks = [read_checkpoint(tmp_path / name / NETWORK)[0] for name in ("whole", "part")]
    assert state_digest(networks[0]) == state_digest(networks[1])
    written = (tmp_path / "part" / NETWORK).stat().st_mtime_ns
    train(settings, tmp_path / "part", interrupt)
    assert seen == [6, 12, 12] and (tmp_path / "part" / NETWORK).stat().st_mtime_ns == written


def test_the_time_of_a_run_counts_that_before_an_interruption(shapes_like: Path, tmp_path: Path) -> None:
    settings = shapes_settings(shapes_like)
    train(settings, tmp_path)
    (tmp_path / NETWORK).unlink()
    state, meta = read_checkpoint(tmp_path / STATE)
    assert 0 < meta["seconds"] < 600
    save_checkpoint(tmp_path / STATE, state, {**meta, "seconds": 1000.0})
    assert 1000 < train(settings, tmp_path).seconds < 1600


def test_a_run_from_before_a_setting_was_there_goes_on(shapes_like: Path, tmp_path: Path) -> None:
    settings, whole, part = shapes_settings(shapes_like), tmp_path / "whole", tmp_path / "part"
    train(settings, whole)
    part.mkdir()
    known = json.loads((whole / CONFIG).read_text())
    del known["schedule"]
    (part / CONFIG).write_text(json.dumps(known))
    state, meta = read_checkpoint(whole / STATE)
    del meta["settings"]["schedule"]
    save_checkpoint(part / STATE, state, meta)
    train(settings, part)
    networks = [read_checkpoint(folder / NETWORK)[0] for folder in (whole, part)]
    assert state_digest(networks[0]) == state_digest(networks[1])
    with pytest.raises(ConfigError, match=r"holds a run of other settings \(schedule\)"):
        train(replace(settings, schedule=99), part)


def proposals(folder: Path, watch: Callable[[Progress], None]) -> nn.Module:
    settings = TrainSettings(
        proposal_scenes=32, proposal_steps=6, proposal_batch=2, proposal_channels=8, proposal_soft=0.5, save_every=2
    )
    torch.manual_seed(0)
    proposer = channels_last(Proposer(settings.proposal_channels))
    train_proposer(proposer, settings, load_config("world"), folder, watch)
    return proposer


def detector(folder: Path, watch: Callable[[Progress], None]) -> nn.Module:
    settings = TrainSettings(data="nlvr", images=2, steps=6, batch=2, channels=8, save_every=2, rate=1e-3)
    return train_detector(settings, load_config("nlvr"), folder, watch)


@pytest.mark.parametrize("trained", [proposals, detector])
def test_perception_goes_on_bit_for_bit(
    trained: Callable[[Path, Callable[[Progress], None]], nn.Module], tmp_path: Path
) -> None:
    def stop(now: Progress) -> None:
        if now.step == 4:
            raise KeyboardInterrupt

    whole = trained(tmp_path / "whole", lambda now: None)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "part", stop)
    assert read_checkpoint(tmp_path / "part" / STATE)[1]["step"] == 2
    assert state_digest(trained(tmp_path / "part", lambda now: None).state_dict()) == state_digest(whole.state_dict())


def test_proposals_go_on_from_trained_ones(tmp_path: Path) -> None:
    settings = TrainSettings(
        proposal_start="world", proposal_channels=64, proposal_scenes=32, proposal_steps=1, proposal_batch=2,
        proposal_rate=1e-6, images=4, each=2, held_back=4, steps=1, batch=2, threads=1, synth=("pixels=128",),
    )  # fmt: skip
    train(settings, tmp_path)
    state, shipped = read_checkpoint(tmp_path / PROPOSALS)[0], read_checkpoint(WEIGHTS / "world.safetensors")[0]
    for name, part in state.items():
        if "running" not in name and "num_batches" not in name:
            torch.testing.assert_close(part, shipped[PROPOSER + name], rtol=0, atol=1e-5)
    with pytest.raises(ConfigError, match="proposal_start: proposals= uses trained ones as they are"):
        train(replace(settings, proposals="world"), tmp_path / "both")


def test_gold_attentions_are_learned_beside_the_answers(shapes_like: Path, tmp_path: Path) -> None:
    settings = replace(shapes_settings(shapes_like), attentions=1.0, rate=0.02)
    train(settings, tmp_path / "taught")
    train(replace(settings, attentions=0.0), tmp_path / "answers")
    first, *_, last = [entry["loss"] for entry in logged(tmp_path / "taught")]
    assert last < first - 0.1
    assert first > logged(tmp_path / "answers")[0]["loss"] + 0.1  # the same answers, and attentions beside


@pytest.mark.parametrize(("model", "asked"), [("modules", "share_right"), ("question_only", "share_right_of")])
def test_held_back_images_are_asked_as_many_questions(
    model: str, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    def noted(system: object, given: Questions | Shown, *rest: int) -> float:
        held.append(len(given.examples if isinstance(given, Shown) else given))
        return 0.0

    monkeypatch.setattr(running, asked, noted)
    settings = TrainSettings(model=model, regions="cells", images=8, each=4, held_back=16, steps=1, batch=2, threads=1)
    train(replace(settings, synth=("pixels=128",)), tmp_path)
    assert 2 * 16 < held[0] <= 4 * 16


def test_values_that_no_object_has_are_not_learned_and_answers_are_numbered_by_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Questions] = []
    monkeypatch.setattr(running, "fit", lambda model, questions, *rest: fitted.append(questions))
    told = ('colors=["white", "magenta"]', 'families=["query"]', "pixels=128")
    train(
        TrainSettings(regions="cells", images=16, each=2, held_back=4, steps=1, batch=2, threads=1, synth=told),
        tmp_path,
    )
    network, (questions,) = load_network(tmp_path / NETWORK), fitted
    assert network.vocabulary.attributes["color"] == ("white", "magenta")
    colors = [
        target
        for layout, target in zip(questions.layouts, questions.targets.tolist(), strict=True)
        if layout.argument == "color"
    ]
    assert set(colors) == {0, 1}
    with pytest.raises(ArgumentError, match='"red"'):
        Reasoner(network, "cpu").ask(torch.zeros(3, 128, 128, dtype=torch.uint8), "is there a red square?")


def test_runs_of_one_memory_look_for_objects_once_and_learn_what_they_would_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = TrainSettings(proposals="world", images=4, each=2, held_back=4, steps=2, batch=2, threads=1)
    settings = replace(settings, proposal_channels=64, synth=("pixels=128",))
    looked: list[int] = []
    prepare = ObjectVision.prepare

    def counted(vision: ObjectVision, images: torch.Tensor) -> dict[str, torch.Tensor]:
        looked.append(len(images))
        return prepare(vision, images)

    monkeypatch.setattr(ObjectVision, "prepare", counted)
    memory = Memory()
    for name in ("one", "two"):
        train(settings, tmp_path / name, memory=memory)
    assert sum(looked) == 8  # four to learn from and four held back
    train(replace(settings, seed=1), tmp_path / "other", memory=memory)
    assert sum(looked) == 16
    train(settings, tmp_path / "alone")
    networks = [read_checkpoint(tmp_path / name / NETWORK)[0] for name in ("two", "alone")]
    assert state_digest(networks[0]) == state_digest(networks[1])


SCRIPT = """
import sys
from pathlib import Path
from tests.test_training import shapes_settings
from nmn.training.run import train

def stop_after(part, done, whole, note):
    assert part != "training" or done <= int(sys.argv[3]), "stopped here"

train(shapes_settings(Path(sys.argv[1])), Path(sys.argv[2]), stop_after)
"""
TOLERANCE = 1e-5  # gradients are added up in another order


def test_two_processes_give_the_loss_curve_of_one_and_go_on_where_they_stopped(
    shapes_like: Path, tmp_path: Path
) -> None:
    """Each batch has as many questions for either process, so that the mean of their losses is that of the batch."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]

    def two(name: str, stop: int) -> subprocess.CompletedProcess[str]:
        command = [*torchrun, str(script), str(shapes_like), str(tmp_path / name), str(stop)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    whole, stopped = two("two", 12), two("stopped", 6)
    assert whole.returncode == 0, whole.stderr[-3000:]
    assert stopped.returncode != 0 and "stopped here" in stopped.stderr
    assert not (tmp_path / "stopped" / NETWORK).exists()
    went_on = two("stopped", 12)
    assert went_on.returncode == 0, went_on.stderr[-3000:]
    train(shapes_settings(shapes_like), tmp_path / "one")
    one, both, resumed = ([line["loss"] for line in logged(tmp_path / name)] for name in ("one", "two", "stopped"))
    assert both == pytest.approx(one, abs=TOLERANCE)
    assert len(set(one)) == len(both) == 12
    assert resumed == both
    weights = [read_checkpoint(tmp_path / name / NETWORK)[0] for name in ("one", "two", "stopped")]
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=1e-4) for name in weights[0])
    assert state_digest(weights[1]) == state_digest(weights[2])


UNEQUAL = [
    "images=12", "held_back=4", "each=3", "steps=4", "batch=4", "bf16=false", "threads=1", "turn=false",
    "regions=cells", "patch_px=16", "channels=8", "synth=[\"pixels=64\"]",
]  # fmt: skip


def test_two_processes_count_each_question_once(tmp_path: Path) -> None:
    """Images have different numbers of questions, so that one process has more of them than the other."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    for name, start in (("one", [sys.executable]), ("two", torchrun)):
        command = [*start, "-m", "nmn", "train", "world", "--out", str(tmp_path / name), *UNEQUAL]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-3000:]
    one, two = (logged(tmp_path / name) for name in ("one", "two"))
    for what in ("loss", "accuracy", "gradient"):
        assert [line[what] for line in two] == pytest.approx([line[what] for line in one], rel=TOLERANCE, abs=TOLERANCE)


def test_a_rate_that_has_fallen_does_not_rise_again() -> None:
    rates = [warm_cosine(step, 50, 5) for step in range(5, 100)]
    assert rates == sorted(rates, reverse=True) and rates[-1] == pytest.approx(0.01)


@pytest.mark.parametrize(("regions", "synth", "message"), [
    ("cells", ("width=64", "height=32"), "cells are those of square pictures; got 64 x 32"),
    ("objects", ("width=64", "height=32"), "proposals are trained on square pictures"),
    ("objects", ("pixels=66",), "a multiple of 4 pixels; got width 64, height 64, pixels 66"),
])  # fmt: skip
def test_pictures_that_do_not_fit_are_refused(
    regions: str, synth: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    settings = TrainSettings(regions=regions, synth=synth, images=4, steps=1, proposal_scenes=32, proposal_steps=1)
    with pytest.raises(ConfigError, match=message):
        train(settings, tmp_path)


@pytest.mark.parametrize(("told", "message"), [
    ({"synth": ("families=refer",)}, "those of refer point at objects"),
    ({"name": "../mine"}, "name: expected letters, digits, _, - and dots, no path"),
    ({"synth": ("seed=7",)}, "seed=7: is not set here; give seed="),
    ({"synth": ("preset=nlvr",)}, "give preset="),
    ({"data": "nlvr", "preset": "varied"}, "pictures of their scenes' size, 64"),
    ({"folder": "."}, 'give preset="nlvr"'),
    ({"patch_px": 128, "synth": ("pixels=64",)}, "64 pixels a side are too few for a cell"),
    ({"frozen": True}, "frozen: of other backbones; patch is trained"),
    ({"weights": "no/such/file"}, "weights: of other backbones; patch is trained"),
])  # fmt: skip
def test_settings_that_make_no_data_are_refused(told: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        train(TrainSettings(**{"regions": "cells", "images": 4, "steps": 1, **told}), tmp_path)


def test_a_network_of_another_run_is_not_taken_for_a_finished_one(tmp_path: Path) -> None:
    (tmp_path / NETWORK).write_bytes((WEIGHTS / "world.safetensors").read_bytes())
    with pytest.raises(ConfigError, match="holds a network without the settings of its run"):
        train(TrainSettings(regions="cells", images=4, steps=1), tmp_path)


def test_attentions_of_images_without_regions_cost_nothing() -> None:
    network = object_network(seed=1)
    seen = {name: part.clone() for name, part in seen_objects(2).items()}
    seen["mask"] &= False
    asked = [parse_layout("exists(find[red])")] * 2
    scenes = [SceneGraph((), 64, 64)] * 2
    loss = attention_loss(network.model(seen, plan(asked)), scenes, network.lexicon, match_objects)
    assert loss == 0


def test_a_network_in_16_bits_still_counts_in_32(tmp_path: Path) -> None:
    settings = TrainSettings(
        regions="cells", images=4, each=2, held_back=4, steps=1, batch=2, bf16=True, synth=("pixels=128",), threads=1
    )
    for name, bf16 in (("short", True), ("whole", False)):
        train(replace(settings, bf16=bf16), tmp_path / name)
    (short,), (whole,) = (logged(tmp_path / name) for name in ("short", "whole"))
    assert short["loss"] != whole["loss"] and short["loss"] == pytest.approx(whole["loss"], rel=0.02)
    network = load_network(tmp_path / "short" / NETWORK)
    seen = network.model.prepare(torch.zeros(1, 3, 128, 128, dtype=torch.uint8))
    with torch.autocast("cpu", torch.bfloat16):
        finished = network.model(seen, plan([parse_layout("count(scene)")]))
    assert finished.values[Kind.NUMBER].dtype == torch.float32
    assert finished.values[Kind.NUMBER].sum().item() == pytest.approx(1, abs=1e-5)


def test_threads_are_as_many_as_the_environment_says_unless_the_settings_do() -> None:
    code = (
        "import torch; from nmn.training.run import use_threads; from nmn.training.settings import LoopSettings;"
        "told = [(use_threads(LoopSettings(threads=n)), torch.get_num_threads())[1] for n in (0, 2, 0)]; print(told)"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1, 2, 1]"
