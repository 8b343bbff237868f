"""The compared systems: each learns, is what its equation says, trains from its configuration and answers."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor
from typer.testing import CliRunner

from nmn.checkpoint import read_checkpoint, save_checkpoint
from nmn.cli import app
from nmn.config import config_file
from nmn.errors import ArgumentError, CheckpointError, ConfigError, ImageError
from nmn.layout import Kind
from nmn.models.baselines import MODELS, kind_of, load_baseline, save_baseline
from nmn.models.build import load_network
from nmn.models.dual_encoder import DualEncoder
from nmn.models.encoders import look
from nmn.models.film import FilmBlock
from nmn.models.hard_attention import ENTROPY, HardAttention, reinforce
from nmn.models.protocol import Answerer, Batch, System, answer_losses
from nmn.models.soft_attention import SoftAttention
from nmn.models.tokens import DENY, END, START, UNKNOWN, Words, words_of
from nmn.reasoner import SystemReasoner, load
from nmn.resources import CONFIGS
from nmn.training.run import load_settings
from nmn.training.settings import LoopSettings
from nmn.training.systems import losses_of, train_on
from tests.systems import ANSWERS, NUMBERS, TEXTS, WORDS, captioned, small, told

# what of a question each can tell apart that cannot tell all; answers are of chance
TELLS: dict[str, Callable[[Batch], Tensor]] = {
    "majority": lambda batch: torch.zeros(len(batch), 1),
    "question_only": lambda batch: batch.words,
    "image_only": lambda batch: batch.images.unsqueeze(1),
}
STEPS = {"hard_attention": 600, "captioner": 300, "coattention": 600}
RATES = {"coattention": 3e-3}
ANSWERERS = sorted(name for name, kind in MODELS.items() if kind.learns == "answers")


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *((name, {"deep": True}) for name in sorted(MODELS)),
        ("soft_attention", {"hops": 2}),
        ("captioner", {"lstm": False}),
    ],
)
def test_a_system_learns_32_examples_by_heart_as_far_as_it_can_tell_them_apart(
    name: str, how: dict[str, Any], tmp_path: Path
) -> None:
    system, batch = small(name, **{**how, **NUMBERS.get(name, {})}), told() if name in ANSWERERS else captioned()
    settings = LoopSettings(
        steps=STEPS.get(name, 150), batch=32, rate=RATES.get(name, 1e-2), warm_up=20, clip=5.0, threads=1, cosine=True
    )
    train_on(system.model, losses_of, batch, settings, tmp_path, lambda now: None)
    most = most_right(TELLS[name](batch), batch.targets) if name in TELLS else 1.0
    assert right(system.model, batch) == pytest.approx(most)
    assert name not in TELLS or 0.3 < most < 0.5


def most_right(known: Tensor, targets: Tensor) -> float:
    """Return the share of answers that are right where all of which the same is known get their commonest answer."""
    alike: dict[tuple[float, ...], list[int]] = {}
    for one, target in zip(known.tolist(), targets.tolist(), strict=True):
        alike.setdefault(tuple(one), []).append(target)
    return sum(max(map(ones.count, ones)) for ones in alike.values()) / len(targets)


def right(model: System, batch: Batch) -> float:
    """Return the share of answers that are right; of captions, of what the model's own losses say."""
    if isinstance(model, Answerer):
        return float((model(batch).logits.argmax(1) == batch.targets).float().mean())
    return float(losses_of(model, batch)[1])


@pytest.mark.parametrize("name", ANSWERERS)
def test_an_answer_does_not_hang_on_the_rest_of_the_batch(name: str) -> None:
    model, batch = small(name, **NUMBERS.get(name, {})).model.eval(), told()
    assert isinstance(model, Answerer)
    together = model(batch).logits
    alone = torch.cat([model(batch.take([place]).trimmed()).logits for place in range(len(batch))])
    assert together.shape == (len(batch), len(ANSWERS))
    assert torch.allclose(together, alone, atol=1e-4)


def test_the_question_alone_does_not_see_and_the_image_alone_does_not_read() -> None:
    batch = told()
    other = replace(batch, seen={"images": 255 - batch.seen["images"]})
    unread = replace(batch, words=batch.words.flip(0))
    for name, changed in (("question_only", other), ("image_only", unread)):
        model = small(name).model.eval()
        assert torch.equal(model(batch).logits, model(changed).logits)
    assert not torch.allclose(small("cnn_rnn").model(batch).logits, small("cnn_rnn").model(other).logits)


def test_cnn_and_rnn_are_added_up_unless_deep() -> None:
    """Of two images and two questions, the difference that the question makes is the same for both images."""
    batch, model = told().take([0, 1]), small("cnn_rnn").model.eval()
    pairs = [[0, 0], [0, 1], [1, 0], [1, 1]]
    asked = replace(batch, images=torch.tensor([i for i, _ in pairs]), words=batch.words[[q for _, q in pairs]])
    made = model(replace(asked, targets=torch.zeros(4, dtype=torch.long))).logits
    assert torch.allclose(made[0] - made[1], made[2] - made[3], atol=1e-5)


@pytest.mark.parametrize("hops", [1, 2])
def test_soft_attention_is_a_distribution_over_the_cells_for_each_hop(hops: int) -> None:
    prediction = small("soft_attention", hops=hops).model(told())
    assert prediction.attention.shape == (32, hops, 25)
    assert torch.allclose(prediction.attention.sum(2), torch.ones(32, hops))
    assert prediction.regions.boxes.shape == (11, 25, 4)


def test_two_hops_of_soft_attention_are_what_the_equation_says() -> None:
    model, batch = small("soft_attention", hops=2).model.eval(), told()
    assert isinstance(model, SoftAttention)
    made = model(batch)
    cells = model.cells(look(model.vision, batch).features)[batch.images]
    state = model.reader(batch.words)
    for hop in range(2):
        keys, query = model.keys[hop](cells), model.queries[hop](state)
        weights = model.scores[hop](torch.tanh(keys + query.unsqueeze(1))).squeeze(2).softmax(1)
        assert torch.allclose(made.attention[:, hop], weights, atol=1e-6)
        state = state + (weights.unsqueeze(2) * cells).sum(1)
    assert torch.allclose(made.logits, model.head(state), atol=1e-5)


def test_a_block_of_film_is_what_the_equation_says() -> None:
    """One channel on one cell, by hand: x' = relu(2 * 3) = 6; (1 + 0.5) * (6 * 4 - 20) / 2 - 1 = 2."""
    block = FilmBlock(1).eval()
    block.mix.weight.data = torch.tensor([2.0, 0, 0]).view(1, 3, 1, 1)
    block.mix.bias = torch.nn.Parameter(torch.zeros(1))
    block.conv.weight.data = torch.zeros(1, 1, 3, 3)
    block.conv.weight.data[0, 0, 1, 1] = 4.0
    block.norm.running_mean, block.norm.running_var = torch.tensor([20.0]), torch.tensor([4.0])
    gamma, beta = torch.tensor([[0.5]]), torch.tensor([[-1.0]])
    made = block(torch.tensor([[[[3.0]]]]), torch.zeros(1, 2, 1, 1), gamma, beta)
    assert made.item() == pytest.approx(6 + 2, abs=1e-3)


def test_the_estimated_gradient_is_that_of_the_expected_reward() -> None:
    """On a grid of 2 x 3 cells the expectation is a sum; the estimate is right with a baseline and without, and the
    baseline takes its variance down.
    """
    torch.manual_seed(0)
    scores, rewards = torch.randn(6, requires_grad=True), torch.randn(6) - 3
    expected = -(scores.softmax(0) * rewards).sum()
    (exact,) = torch.autograd.grad(expected, scores)
    policy = scores.softmax(0).detach()
    spread = {}
    for baseline in (0.0, float((policy * rewards).sum())):
        every = []
        for cell in range(6):
            drawn = torch.tensor([cell])
            loss = reinforce(scores.log_softmax(0)[None], drawn, rewards[drawn], torch.tensor([baseline]))
            every.append(torch.autograd.grad(loss.sum(), scores)[0])
        estimates = torch.stack(every)
        mean = (policy.unsqueeze(1) * estimates).sum(0)
        assert torch.allclose(mean, exact, atol=1e-6)
        spread[baseline] = float((policy.unsqueeze(1) * (estimates - mean).square()).sum())
    assert min(spread, key=spread.__getitem__) != 0.0


def test_hard_attention_draws_cells_as_often_as_its_policy_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 4,000 draws, no cell's share is further from its chance than four standard deviations of such a share."""
    many, drawn = 4_000, []
    system, batch = small("hard_attention").model, told().take([3] * many)
    assert isinstance(system, HardAttention)
    plain = system._logits

    def noted(cells: Tensor, question: Tensor, batch: Batch, chosen: Tensor) -> Tensor:
        drawn.append(chosen)
        return plain(cells, question, batch, chosen)

    with torch.no_grad():
        system.score.weight *= 30  # or all cells are nearly as likely
        policy = system(batch).attention[0, 0]
        monkeypatch.setattr(system, "_logits", noted)
        system.losses(batch)
    assert policy.max() > 0.1 and 8 / many < policy.min() < 0.01  # none so rare that its share is no bell curve
    shares = torch.bincount(drawn[0], minlength=25) / many
    assert bool(((shares - policy).abs() <= 4 * (policy * (1 - policy) / many).sqrt()).all())


def test_hard_attention_learns_its_baseline_and_is_asked_by_its_likeliest_cell() -> None:
    system, batch = small("hard_attention").model, told()
    assert isinstance(system, HardAttention)
    loss = system.losses(batch).loss.mean()
    loss.backward()  # type: ignore[no-untyped-call]
    assert all(part.grad is not None for part in system.baseline.parameters())
    chosen = system(batch).attention[:, 0].argmax(1)
    cells, question = system.cells(look(system.vision, batch).features), system.reader(batch.words)
    assert torch.equal(system(batch).logits, system._logits(cells, question, batch, chosen))


def test_hard_attention_is_rewarded_for_looking_around() -> None:
    """Where every answer is as likely from any cell, and foreseen, entropy is all that a policy learns from."""
    system, batch = small("hard_attention").model, told()
    assert isinstance(system, HardAttention)
    for head, said in ((system.head, 0.0), (system.baseline, -math.log(len(ANSWERS)))):
        torch.nn.init.zeros_(head[-1].weight)  # type: ignore[arg-type]
        torch.nn.init.constant_(head[-1].bias, said)  # type: ignore[arg-type]
    policy = system(batch).attention[:, 0]
    entropy = -(policy * policy.log()).sum(1)
    assert torch.allclose(system.losses(batch).loss, math.log(len(ANSWERS)) - ENTROPY * entropy, atol=1e-5)
    assert ENTROPY * entropy.min() > 0.01


def test_an_unknown_answer_costs_nothing_and_is_never_right() -> None:
    losses = answer_losses(torch.tensor([[9.0, 0.0], [9.0, 0.0]]), torch.tensor([-1, 0]))
    assert float(losses.loss[0]) == 0 and losses.right.tolist() == [False, True]


def test_texts_are_numbered_from_start_or_deny_to_end() -> None:
    words = words_of(["There is a red circle.", "there is a circle", "unheard-of"])
    assert words.words == ("a", "circle", "is", "there")
    numbers = words.encode("there is a zebra?")
    assert numbers[0] == START and numbers[-1] == END and numbers[-2] == UNKNOWN
    assert words.encode("there is", denied=True)[0] == DENY
    assert words.decode(numbers) == "there is a" and words.unknown("a zebra") == ["zebra"]
    assert words.encode_all(["a", "there is a"]).tolist()[0][-2:] == [0, 0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of soft attention with two hops, from its configuration, that was too short to learn much."""
    folder = tmp_path_factory.mktemp("runs") / "soft"
    quick = ["images=60", "held_back=20", "each=2", "steps=4", "hidden=17", 'synth=["families=existence,query"]']
    result = CliRunner().invoke(app, ["train", "soft_attention_2", *quick, "--out", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    assert 0 <= json.loads(result.stdout)["held_back"] <= 1
    return folder


def test_a_trained_system_answers_with_its_attention_as_trace(trained: Path) -> None:
    reasoner = load(trained, "cpu")
    assert isinstance(reasoner, SystemReasoner)
    image = torch.zeros(3, 64, 64, dtype=torch.uint8)
    answer = reasoner.ask(image, "is there a red thing?")
    first, second, root = answer.trace.calls
    assert (first.kind, second.operands, root.operands) == (Kind.ATTENTION, (0,), (1,))
    assert max(first.raw) == 1 and len(first.raw) == 4 * 4  # cells of 16 pixels
    assert answer.view is not None and answer.view.heat(first.raw).shape == (64, 64)
    assert answer.layout is None and answer.to_json()["layout"] is None
    assert str(answer) == reasoner.texts([image], ["is there a red thing?"])[0]
    with pytest.raises(ArgumentError, match='unknown word "zebra"'):
        reasoner.ask(image, "is there a zebra?")
    assert reasoner.texts([image], ["is there a zebra?"])[0] in reasoner.network.answers


@pytest.mark.parametrize("cached", [False, True])
def test_a_picture_that_is_too_narrow_for_a_cell_is_refused(cached: bool, tmp_path: Path) -> None:
    reasoner = SystemReasoner(small("film", frozen=cached), "cpu", tmp_path if cached else None)
    assert str(reasoner.ask(torch.zeros(3, 40, 200, dtype=torch.uint8), "is it red")) in ANSWERS
    with pytest.raises(ImageError, match="brought to 20 x 1 pixels, the picture is too narrow for one cell"):
        reasoner.ask(torch.zeros(3, 10, 200, dtype=torch.uint8), "is it red")
    Image.new("RGB", (200, 10)).save(tmp_path / "narrow.png")
    with pytest.raises(ImageError, match=f"^{tmp_path / 'narrow.png'}: brought to 20 x 1 pixels"):
        reasoner.ask(tmp_path / "narrow.png", "is it red")


def test_a_system_is_asked_as_many_questions_as_images() -> None:
    with pytest.raises(ValueError, match="as many images as questions are needed, got 1 and 2"):
        SystemReasoner(small("film"), "cpu").ask_many([torch.zeros(3, 20, 20, dtype=torch.uint8)], ["is it red"] * 2)
    with pytest.raises(ValueError, match="questions: expected a list, one for each, got str"):
        SystemReasoner(small("film"), "cpu").ask_many([torch.zeros(3, 20, 20, dtype=torch.uint8)], "is it red")


def test_features_of_a_system_with_a_frozen_backbone_are_kept(tmp_path: Path) -> None:
    image = torch.full((3, 20, 20), 99, dtype=torch.uint8)
    said = [str(SystemReasoner(small("film", frozen=True), "cpu", tmp_path).ask(image, "is it red")) for _ in range(2)]
    assert said[0] == said[1] and any(path.is_file() for path in tmp_path.rglob("*"))
    with pytest.raises(ConfigError, match="of a backbone that is trained cannot be kept"):
        SystemReasoner(small("question_only"), "cpu", tmp_path)


def test_nmn_ask_shows_what_a_system_attended(trained: Path, tmp_path: Path) -> None:
    demo = Path(__file__).parent.parent / "nmn" / "scenes" / "demo.png"
    arguments = ["ask", str(demo), "is there a red thing?", "--model", str(trained), "--trace", str(tmp_path / "a.png")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "answer = " in result.stdout and "attend = " in result.stdout
    assert (tmp_path / "a.png").stat().st_size > 5_000


def test_a_system_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    built, batch = small("film"), told()
    built.model.eval()
    save_baseline(tmp_path / "film.safetensors", built, {"seconds": 3})
    with pytest.raises(CheckpointError, match="holds a system without modules"):
        load_network(tmp_path / "film.safetensors")
    loaded = load_baseline(tmp_path / "film.safetensors")
    assert torch.equal(loaded.model(batch).logits, built.model(batch).logits)
    assert (loaded.answers, loaded.words, loaded.card) == (ANSWERS, WORDS, {"seconds": 3})
    with pytest.raises(CheckpointError, match="holds a module network"):
        load_baseline(Path(__file__).parent.parent / "nmn" / "weights" / "world.safetensors")


@pytest.mark.parametrize("path", sorted((CONFIGS / "compare").glob("*.toml")), ids=lambda path: path.stem)
def test_every_system_that_ships_has_a_configuration_of_its_name(path: Path) -> None:
    settings = load_settings(config_file(path.stem))
    assert settings.name == path.stem
    assert settings.model == "modules" or kind_of(settings.model)


def test_what_is_no_system_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r'no "flim"; there are modules, .*; did you mean "film"'):
        kind_of("flim")
    with pytest.raises(ConfigError, match="learns from captions and answers no questions"):
        SystemReasoner(replace(small("dual_encoder"), answers=()))


def test_a_dual_encoder_tells_denied_texts_from_others_and_keeps_vectors_of_length_1() -> None:
    model = small("dual_encoder").model
    assert isinstance(model, DualEncoder)
    vectors = model.embed_texts(TEXTS)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(len(TEXTS)))
    assert not torch.allclose(vectors, model.embed_texts(TEXTS, denied=True))
    assert model.embed_images(told().seen["images"]).shape == (11, 29)
    assert Words(()).encode("") == [START, END]


def test_a_text_is_told_from_those_of_other_images_and_an_image_from_other_images() -> None:
    """Of three images with one, two and three texts: each text among the images, and for its own image among it and the
    texts of the others.
    """
    model, batch = small("dual_encoder").model, captioned().take(range(6))
    assert isinstance(model, DualEncoder)
    own = [0, 1, 1, 2, 2, 2]
    batch = replace(batch, images=torch.tensor(own), seen={"images": batch.seen["images"][:3]})
    with torch.no_grad():
        fits = (model.scale * model.image_vectors(batch) @ model.texts(batch.words).T).double().exp().tolist()
        found = model.losses(batch)
    for text, image in enumerate(own):
        of_text = fits[image][text] / sum(row[text] for row in fits)
        others = sum(fits[image][other] for other in range(6) if own[other] != image)
        of_image = fits[image][text] / (fits[image][text] + others)
        assert float(found.loss[text]) == pytest.approx(-(math.log(of_text) + math.log(of_image)) / 2, abs=1e-4)
        assert bool(found.right[text]) == (fits[image][text] == max(row[text] for row in fits))


def test_words_read_once_are_not_told_apart() -> None:
    words = words_of(["is a red star there", "is a star there"])
    assert words.words == ("a", "is", "star", "there")
    assert words.unknown("a red heart") == ["red", "heart"]


@pytest.mark.parametrize("missing", ["words", "answers"])
def test_a_system_without_its_words_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    save_baseline(tmp_path / "a.safetensors", small("film"), {})
    state, about = read_checkpoint(tmp_path / "a.safetensors")
    del about[missing]
    save_checkpoint(tmp_path / "b.safetensors", state, about)
    with pytest.raises(CheckpointError, match=f"b.safetensors: no system: its metadata lacks '{missing}'"):
        load_baseline(tmp_path / "b.safetensors")


def test_images_without_texts_are_not_drawn() -> None:
    batch = told()
    some = batch.take([place for place, image in enumerate(batch.images.tolist()) if image != 1])
    few = replace(batch, images=batch.images[batch.images != 1], words=some.words, targets=some.targets)
    assert len(few.seen["images"]) == len(few.of_images) + 1
    assert all(len(few.about([place])) for place in range(len(few.of_images)))
