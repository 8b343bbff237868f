"""Classification of one shape an image: what is drawn, what each regime trains, files, and the commands."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor
from typer.testing import CliRunner

from nmn.checkpoint import NETWORK, save_checkpoint
from nmn.cli import app
from nmn.cli.train import Bars
from nmn.errors import CheckpointError, ConfigError
from nmn.models.classifier import ClassifierSettings, build_classifier, load_classifier
from nmn.training.classify import (
    REGIMES,
    ClassifySettings,
    class_names,
    features_of,
    fresh_classifier,
    labelled_images,
    load_classify_settings,
    one_object,
    share_right,
    train_classifier,
)

TINY = ("threads=1", "images=40", "held_back=20", "steps=4", "batch=8", "pixels=32", "widths=5,7", "strides=2,2")


def settings(*changes: str) -> ClassifySettings:
    return load_classify_settings(None, [*TINY, *changes])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny finished run."""
    folder = tmp_path_factory.mktemp("run")
    train_classifier(settings(), folder)
    return folder


def test_every_image_has_one_object_and_its_class() -> None:
    narrow = settings("classes=color", 'synth=["colors=red,blue", "shapes=circle", "textures=solid"]')
    data = labelled_images(narrow, 30, 0)
    assert class_names(one_object(narrow), narrow.classes) == ("red", "blue")
    redness = data.images[:, 0].float().amax((1, 2)) - data.images[:, 2].float().amax((1, 2))
    assert torch.equal(redness > 0, data.targets == 0) and 5 < int(data.targets.sum()) < 25


def test_classes_of_two_attributes_are_said_in_the_order_of_english() -> None:
    names = class_names(one_object(settings()), ("shape", "color"))
    assert len(names) == 12 * 13 and "red circle" in names


def test_images_are_a_function_of_the_seed() -> None:
    one, same, other = (labelled_images(settings(), 6, seed) for seed in (1, 1, 2))
    assert torch.equal(one.images, same.images) and not torch.equal(one.images, other.images)


def test_a_linear_regime_trains_the_linear_layer_alone(run: Path, tmp_path: Path) -> None:
    before = load_classifier(run)
    train_classifier(settings("regime=linear", f"weights={run}", "seed=5"), tmp_path)
    after = load_classifier(tmp_path)
    for name, part in before.model.backbone.state_dict().items():
        assert torch.equal(part, after.model.backbone.state_dict()[name]), name
    assert not torch.equal(before.model.head.state_dict()["1.weight"], after.model.head.state_dict()["1.weight"])


def test_fine_tuning_starts_from_the_weights_and_goes_on(run: Path, tmp_path: Path) -> None:
    tuned = settings("regime=finetune", f"weights={run}", "seed=5")
    learned = load_classifier(run).model.backbone.state_dict()
    start = fresh_classifier(tuned).model.backbone.state_dict()
    assert all(torch.equal(start[name], learned[name]) for name in learned)
    train_classifier(tuned, tmp_path)
    end = load_classifier(tmp_path).model.backbone.state_dict()
    assert any(not torch.equal(end[name], learned[name]) for name in learned)


def test_features_once_and_the_whole_network_agree(run: Path) -> None:
    model, data = load_classifier(run).model, labelled_images(settings(), 9, 3)
    with torch.inference_mode():
        assert torch.allclose(model.head(features_of(model, data.images)), model(data.images / 255), atol=1e-5)


def test_a_classifier_can_learn_its_images_by_heart(tmp_path: Path) -> None:
    colours = settings("classes=color", "steps=60", "images=24", "held_back=24", "rate=1e-2", "batch=24")
    train_classifier(colours, tmp_path)
    assert share_right(load_classifier(tmp_path).chances, labelled_images(colours, 24, colours.seed)) == 1


def test_the_share_of_right_classes_is_counted() -> None:
    data = labelled_images(settings(), 10, 0)
    first = torch.nn.functional.one_hot(data.targets, 12).float()
    wrong = first.roll(1, 1)
    rows = iter([first, wrong])

    def chances(images: Tensor) -> Tensor:
        return next(rows)

    assert (share_right(chances, data), share_right(chances, data)) == (1, 0)


@pytest.mark.parametrize("backbone", ["alexnet", "resnet18"])
def test_stacks_are_built_by_name(backbone: str) -> None:
    classifier = build_classifier(ClassifierSettings(backbone), ("a", "b"))
    assert classifier.chances(torch.rand(3, 3, 64, 64)).sum(1).tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("regime=frozen",), "regime: expected one of scratch, linear, finetune; got 'frozen'"),
        (("regime=linear",), "regime linear: give weights=, such as package, a file, or the folder of another run"),
        (("weights=package",), "regime scratch: it has no weights; for those, give regime=linear"),
        (("classes=colour",), "classes: expected some of color, shape, size, texture; got 'colour'"),
        (("classes=",), "classes: expected some of"),
        (("preset=pairs",), '"pairs" has panels or a size of its own'),
        (("preset=shapes", "synth="), '"shapes" has panels or a size of its own'),
        (("images=1",), "images: expected 2 to 1e+08"),
        (("batch=1",), "batch: expected 2 to 65536"),
        (("pixels=9",), "pixels: expected 30 to 512"),
        (("step=4",), 'unknown setting "step"; did you mean "steps"'),
    ],
)
def test_what_cannot_be_trained_is_said(changes: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        one_object(settings(*changes))
    assert message in str(caught.value)


def test_weights_of_another_backbone_are_refused(run: Path) -> None:
    with pytest.raises(CheckpointError, match="is it of the same settings"):
        fresh_classifier(settings("regime=linear", f"weights={run}", "widths=5,11"))


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    settings = ClassifySettings(synth=("shapes=circle", "textures=solid", "width=32", "height=32"), images=4, steps=1)
    with pytest.raises(ConfigError, match="classes: there is one alone, circle; give shape more values"):
        train_classifier(settings, tmp_path)


def test_what_is_no_classifier_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / NETWORK, {"weight": torch.zeros(2)}, {})
    with pytest.raises(CheckpointError, match="no classifier: its metadata lacks 'classifier'"):
        load_classifier(tmp_path)
    with pytest.raises(CheckpointError, match="not of a classifier, so there is no backbone to take"):
        fresh_classifier(settings("regime=linear", f"weights={tmp_path}"))


def command(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["classify", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_an_interrupted_run_goes_on_to_the_same_weights(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = Bars.__call__

    def interrupted(self: Bars, part: str, done: int, of: int, note: str = "") -> None:
        noted(self, part, done, of, note)
        if done == 4:
            raise KeyboardInterrupt

    arguments = ("train", "--out", tmp_path, *TINY, "save_every=2")
    with monkeypatch.context() as patch:
        patch.setattr(Bars, "__call__", interrupted)
        assert "stopped at training 4 of 4; the same command goes on" in command(*arguments, code=130)
    assert not (tmp_path / NETWORK).exists()
    assert "held-back images: " in command(*arguments)
    states = [load_classifier(folder).model.state_dict() for folder in (run, tmp_path)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_finished_run_is_told_again_without_training(run: Path) -> None:
    data = json.loads(command("train", "--out", run, *TINY, "--json"))
    assert data["held_back"] == load_classifier(run).card["held_back"] and data["parts"] == {}
    assert "holds a run of other settings (seed)" in command("train", "--out", run, *TINY, "seed=1", code=2)


def test_an_image_of_any_size_is_classified(run: Path, tmp_path: Path) -> None:
    Image.new("RGB", (90, 50), (200, 0, 0)).save(tmp_path / "red.png")
    data = json.loads(command("image", tmp_path / "red.png", "--model", run, "--top", 20, "--json"))
    assert len(data["classes"]) == 12 and sum(one["chance"] for one in data["classes"]) == pytest.approx(1)
    lines = command("image", tmp_path / "red.png", "--model", run, "--top", 2).splitlines()
    assert [line.split()[0] for line in lines] == [one["class"] for one in data["classes"][:2]]
    assert "no such file or folder" in command("image", tmp_path / "red.png", "--model", "gone", code=2)


def test_a_regime_brings_its_rate() -> None:
    assert ClassifySettings().rate == REGIMES["scratch"] > 0
    assert ClassifySettings(rate=0.5).rate == 0.5
