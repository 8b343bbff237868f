"""Captioners: sentences by three ways of search, what captions are worth, statements judged."""

import json
import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor
from typer.testing import CliRunner

import nmn
from nmn.captioning import say
from nmn.cli import app
from nmn.evaluation.captions import caption_scores, caption_truths
from nmn.evaluation.cider import cider
from nmn.evaluation.statements import best_threshold, judged, margins
from nmn.lexicon import load_lexicon
from nmn.models.baselines import save_baseline
from nmn.models.captioner import Teller
from nmn.models.protocol import Batch
from nmn.models.search import UNSAID, Said, State, Step, beam, greedy, sampled
from nmn.models.tokens import END, MARKS
from tests.systems import TEXTS, WORDS, captioned, small

WORD_COUNT = 3
MAKERS = ["captioner", "attention_captioner"]


class Table:
    """A model of the next word that knows the last word alone; no sentence is longer than four words."""

    def __init__(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.scores = 2 * torch.randn(len(MARKS) + WORD_COUNT, len(MARKS) + WORD_COUNT, generator=generator)

    def step(self, state: State, words: Tensor) -> Step:
        """Return scores by the last word; after four words only END can follow."""
        (said,) = state
        scores = self.scores[words].clone()
        ends = torch.full_like(scores, -1e9)
        ends[:, END] = 0
        scores = torch.where(said.unsqueeze(1) >= 4, ends, scores)
        return Step(scores.log_softmax(1), (said + 1,), said.unsqueeze(1).float())

    def probability(self, sentence: tuple[int, ...]) -> float:
        """Return a sentence's log-probability, END among its words."""
        state: State = (torch.zeros(1),)
        total, last = 0.0, torch.tensor([2])
        for word in (*sentence, END):
            step = self.step(state, last)
            total += float(step.words[0, word])
            state, last = step.state, torch.tensor([word])
        return total


def every_sentence() -> list[tuple[int, ...]]:
    words = range(len(MARKS), len(MARKS) + WORD_COUNT)
    return [sentence for length in range(5) for sentence in product(words, repeat=length)]


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_the_likeliest_of_all_sentences(seed: int) -> None:
    table = Table(seed)
    best = max(every_sentence(), key=table.probability)
    found = beam(table, (torch.zeros(1),), width=3**4)
    assert found.words == best
    assert found.log_probability == pytest.approx(table.probability(best), abs=1e-4)
    assert [seen[0] for seen in found.attention] == [float(place) for place in range(len(best))]


def test_a_beam_is_never_worse_than_greedy_search_and_sometimes_better() -> None:
    better = 0
    for seed in range(12):
        table, start = Table(seed), (torch.zeros(1),)
        (plain,) = greedy(table, start)
        wide = beam(table, start, width=3)
        assert plain.log_probability == pytest.approx(table.probability(plain.words), abs=1e-4)
        assert wide.log_probability >= plain.log_probability - 1e-6
        better += wide.log_probability > plain.log_probability + 1e-3
    assert better


def test_sentences_are_drawn_as_often_as_they_are_likely() -> None:
    table, many = Table(3), 4_000
    drawn = sampled(table, (torch.zeros(many),), torch.Generator().manual_seed(0))
    (likely,) = greedy(table, (torch.zeros(1),))
    scores = table.step((torch.zeros(1),), torch.tensor([2])).words[0].clone()
    scores[list(UNSAID)] = -torch.inf
    first = sum(said.words[:1] == likely.words[:1] for said in drawn) / many
    assert first == pytest.approx(float(scores.softmax(0).max()), abs=0.03)
    cold = sampled(table, (torch.zeros(9),), torch.Generator().manual_seed(0), temperature=0.01)
    assert {said.words for said in cold} == {likely.words}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("lstm", [True, False])
def test_reading_a_text_word_by_word_gives_the_likelihood_of_reading_it_whole(name: str, lstm: bool) -> None:
    model, batch = small(name, lstm=lstm).model.eval(), captioned().take(range(7))
    assert isinstance(model, Teller)
    state, total = model.begin(batch), torch.zeros(len(batch))
    for place in range(batch.words.shape[1] - 1):
        step = model.step(state, batch.words[:, place])
        state, following = step.state, batch.words[:, place + 1]
        total = total + step.words.gather(1, following.unsqueeze(1)).squeeze(1) * (following > 0)
    assert torch.allclose(total, model(batch), atol=1e-4)


def test_every_word_of_an_attention_captioner_has_its_attention_over_the_cells() -> None:
    said = say(small("attention_captioner"), captioned().take(range(5)))
    assert len(said) == 5
    for one in said:
        assert len(one.attention) == len(one.words)
        assert all(len(seen) == 25 and sum(seen) == pytest.approx(1, abs=1e-4) for seen in one.attention)
    assert all(isinstance(one, Said) and not one.attention for one in say(small("captioner"), captioned().take([0])))


def test_cider_is_what_can_be_worked_out_by_hand() -> None:
    """Two images, "a b" and "a c"; "a" is in both and weighs nothing. Said of both: "a b". Of the words and of the
    pairs of words it is all of the first reference and nothing of the second; there are no longer n-grams.
    """
    assert cider(["a b", "a b"], [["a b"], ["a c"]]) == pytest.approx(10 * (0.5 + 0.5) / 4)
    assert cider(["a b", "a c"], [["a b"], ["a c"]]) == pytest.approx(10 * 2 / 4)
    assert cider(["a", ""], [["a b"], ["a c"]]) == 0
    with pytest.raises(ValueError, match="2 images with references need as many captions"):
        cider(["a"], [["a"], ["b"]])


def scene(*things: tuple[str, str]) -> nmn.SceneGraph:
    placed = [
        nmn.SceneObject({"color": color, "shape": shape}, (12 * place, 2, 12 * place + 10, 12))
        for place, (color, shape) in enumerate(things)
    ]
    return nmn.SceneGraph(tuple(placed), 64, 64)


def test_a_caption_is_true_of_its_scene_or_false_or_not_read() -> None:
    shown = scene(("red", "circle"), ("blue", "square"))
    said = [
        "there is a red circle",
        "a red circle is right of a blue square",
        "red red a",
        "how many circles are there",
    ]
    assert caption_truths(said, [shown] * 4, load_lexicon("world")) == [True, False, None, None]


def test_captions_that_people_would_write_score_highest_and_images_without_references_are_left_out() -> None:
    scenes = [scene(("red", "circle")), scene(("blue", "square")), scene()]
    texts: list[tuple[str, ...]] = [("There is exactly one red circle.",), ("There is exactly one blue square.",), ()]
    right = ["there is exactly one red circle", "there is exactly one blue square", "there is"]
    scores = caption_scores(right, texts, scenes, load_lexicon("world"))
    assert (scores.images, scores.true) == (2, 1)
    assert scores.bleu == pytest.approx(1) and scores.rouge == pytest.approx(1)
    turned = caption_scores([right[1], right[0], ""], texts, scenes, load_lexicon("world"))
    assert turned.cider < scores.cider and turned.bleu < 0.7 and turned.true == 0 and turned.read == 1


def test_bleu_and_rouge_are_what_can_be_worked_out_by_hand() -> None:
    """Of "there is a red circle" 4 of 5 words, 3 of 4 pairs, 2 of 3 triples and 1 of 2 fours are in one of two
    references: BLEU-4 is the fourth root of 4/5 * 3/4 * 2/3 * 1/2. ROUGE-L: 4 words in the order of the nearer
    reference, of 5 each. The shorter "is a red star" is all there but for its length, e^(1 - 5/4).
    """
    references, shown = [("There is a red star.", "We see a blue star.")], [scene(("red", "circle"))]
    scores = caption_scores(["there is a red circle"], references, shown, load_lexicon("world"))
    assert scores.bleu == pytest.approx(0.2**0.25) and scores.rouge == pytest.approx(0.8)
    short = caption_scores(["is a red star"], references, shown, load_lexicon("world"))
    assert short.bleu == pytest.approx(math.exp(-1 / 4)) and short.rouge == pytest.approx(2 * 0.8 / 1.8)


@pytest.mark.parametrize("name", [*MAKERS, "dual_encoder"])
def test_a_statement_is_weighed_against_its_contradiction(name: str) -> None:
    baseline, batch = small(name), captioned()
    texts, images = list(TEXTS), [3, 1, 4, 1, 5]
    baseline.model.eval()
    found = margins(baseline, texts, images, dict(batch.seen))
    denied = WORDS.encode_all([texts[2]], [True])
    whole = Batch(torch.tensor([0]), {"images": batch.seen["images"][4:5]}, denied, torch.tensor([-1]))
    asserted = replace(whole, words=WORDS.encode_all([texts[2]]))
    with torch.no_grad():
        fits = baseline.model(whole), baseline.model(asserted)
    assert float(found[2]) == pytest.approx(float(fits[1] - fits[0]), abs=1e-4)


def test_the_threshold_that_judges_most_right_is_taken() -> None:
    values = torch.tensor([3.0, -1.0, 2.0, 0.5, 5.0])
    truths = torch.tensor([True, False, False, True, True])
    threshold = best_threshold(values, truths)
    assert judged(values, truths, threshold).right == max(
        judged(values, truths, float(at)).right for at in torch.linspace(-2, 6, 81)
    )
    assert best_threshold(torch.tensor([0.0, 0, 0, 1, 1, 1]), torch.tensor([1, 0, 0, 0, 1, 1]).bool()) == 0.5
    assert best_threshold(values, torch.ones(5, dtype=torch.bool)) < -1
    assert best_threshold(values, torch.zeros(5, dtype=torch.bool)) > 5


def test_a_caption_and_where_it_looked_are_printed_and_drawn(tmp_path: Path) -> None:
    talker = small("attention_captioner")
    with torch.no_grad():
        talker.model.get_parameter("next.bias")[END] -= 3  # or a random model might say nothing
    save_baseline(tmp_path / "network.safetensors", talker, {})
    demo = Path(__file__).parent.parent / "nmn" / "scenes" / "demo.png"
    common = [str(demo), "--model", str(tmp_path)]
    result = CliRunner().invoke(app, ["caption", *common, "--json", "--picture", str(tmp_path / "a.png")])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert len(data["attention"]) == len(data["caption"].split()) and len(data["regions"]) == 25
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.height > 150
    refused = CliRunner().invoke(app, ["caption", *common, "--way", "loudly"])
    assert refused.exit_code == 2 and "one of the ways greedy, beam, sampled" in refused.stderr
    save_baseline(tmp_path / "network.safetensors", small("film"), {})
    assert "film says no captions" in CliRunner().invoke(app, ["caption", *common]).stderr
    shipped = CliRunner().invoke(app, ["caption", str(demo), "--model", "world"])
    assert shipped.exit_code == 2 and "a module network says no captions" in shipped.stderr
