"""Co-attention's pretraining: what it hides and foretells, what it learns, and that it goes on where it stopped."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nmn.checkpoint import NETWORK, PRETRAINED, STATE, read_checkpoint, state_digest
from nmn.models.baselines import load_baseline
from nmn.models.coattention import Coattention, _boxes
from nmn.models.encoders import PLACES, look
from nmn.models.tokens import DENY, END, MASK, PAD, START
from nmn.training.data import Memory
from nmn.training.run import finished, train
from nmn.training.settings import LoopSettings, TrainSettings
from nmn.training.systems import pretraining_of, train_on
from tests.systems import NUMBERS, captioned, contradicted, small

PRETRAINING = TrainSettings(
    model="coattention", regions="cells", images=24, held_back=4, each=2, batch=5, captions=1, threads=1, hidden=16,
    heads=2, layers=1, dropout=0.1, rate=1e-2, clip=1.0, steps=4, pretraining_steps=6, save_every=2,
    synth=("families=existence,query",),
)  # fmt: skip


class Interruption(Exception):
    """Stands for a signal."""


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with pretraining that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    train(PRETRAINING, folder, memory=Memory())
    return folder


def digest(file: Path) -> str:
    return state_digest(load_baseline(file).model.state_dict())


def coattention() -> Coattention:
    model = small("coattention", **NUMBERS["coattention"]).model
    assert isinstance(model, Coattention)
    return model


def test_the_streams_start_with_weights_of_their_width() -> None:
    """Weights of 0.02, transformers' own for 768 units, are so faint at 32 that attention never begins to learn."""
    model = coattention()
    linear = [part.weight for part in model.streams.modules() if isinstance(part, torch.nn.Linear)]
    weights = [one for one in linear if one.shape[1] == 32]
    assert weights and all(0.6 < float(one.detach().std()) * 32**0.5 < 1.5 for one in weights)


@pytest.mark.parametrize("layers", [1, 3])
def test_a_pair_is_what_the_whole_model_makes_of_it(layers: int) -> None:
    """Images are gone through once for all their texts, and what nobody reads is left out: nothing else is."""
    model = small("coattention", **{**NUMBERS["coattention"], "layers": layers}).model
    assert isinstance(model, Coattention)
    batch = contradicted()
    words = batch.words.clone()
    words[::2, 3:] = PAD
    pooled = model._pooled(batch, words)
    cells = look(model.vision, batch)
    whole = model.streams(
        input_ids=words, attention_mask=(words != PAD).long(), visual_feats=cells.features[batch.images],
        visual_pos=_boxes(cells)[batch.images],
    )  # fmt: skip
    assert pooled.std() > 0.1
    torch.testing.assert_close(pooled, whole.pooled_output, atol=1e-5, rtol=0)
    weights = model.streams.encoder.r_layers[0].attention.self.query.weight
    gradients = [torch.autograd.grad(one[:, 0].sum(), weights)[0] for one in (pooled, whole.pooled_output)]
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-3)


def test_pretraining_hides_15_in_100_of_words_and_of_cells_but_no_marks_and_no_places() -> None:
    """Within four standard deviations of the share that so many draws hide."""
    system, batch = coattention(), captioned().take([*range(32)] * 30)
    given: dict[str, Tensor] = {}
    system.streams.register_forward_pre_hook(lambda module, args, told: given.update(told), with_kwargs=True)
    with torch.no_grad():
        system.pretraining(batch)
        shown = look(system.vision, batch).features[batch.images]
    hidden_words = given["input_ids"] != batch.words
    assert bool((given["input_ids"][hidden_words] == MASK).all()) and bool((batch.words[hidden_words] > END).all())
    hidden_cells = (given["visual_feats"] != shown).any(2)
    assert bool((given["visual_feats"][hidden_cells][:, :-PLACES] == 0).all())
    assert torch.equal(given["visual_feats"][..., -PLACES:], shown[..., -PLACES:])
    for hidden, many in ((hidden_words, int((batch.words > END).sum())), (hidden_cells, hidden_cells.numel())):
        assert abs(int(hidden.sum()) / many - 0.15) < 4 * (0.15 * 0.85 / many) ** 0.5


def test_nothing_is_foretold_of_a_caption_that_is_not_of_its_image() -> None:
    for places, foretold in ((range(16), True), (range(16, 32), False)):
        system = coattention()
        system.pretraining(contradicted().take(places)).loss.sum().backward()  # type: ignore[no-untyped-call]
        for head in (system.word_head, system.cell_head):
            assert head.weight.grad is not None and bool(head.weight.grad.any()) == foretold


def test_pretraining_learns_which_captions_are_of_their_image(tmp_path: Path) -> None:
    system, batch = coattention(), contradicted()
    settings = LoopSettings(steps=700, batch=32, rate=6e-3, warm_up=30, clip=1.0, threads=1, cosine=True)
    train_on(system, pretraining_of, batch, settings, tmp_path, lambda now: None)
    with torch.no_grad():
        assert float(system.pretraining(batch).right.float().mean()) > 0.9
        logits = system.fits(batch)
    told = replace(batch, words=batch.words.masked_fill(batch.words == DENY, START))
    assert (logits[:16] > 0).float().mean() > 0.9 and (logits[16:] > 0).float().mean() > 0.9
    assert torch.allclose(system.fits(told)[16:], -logits[16:], atol=1e-5)


def test_a_system_is_kept_as_it_was_after_pretraining(whole_run: Path) -> None:
    kept, (state, _) = load_baseline(whole_run / PRETRAINED), read_checkpoint(whole_run / "pretraining" / STATE)
    assert all(torch.equal(part, state[f"network.{name}"]) for name, part in kept.model.state_dict().items())
    assert digest(whole_run / PRETRAINED) != digest(whole_run / NETWORK)
    assert kept.card["settings"]["steps"] == PRETRAINING.pretraining_steps


@pytest.mark.parametrize(
    ("after", "again"),
    [([2, 4], [4, 6, 2, 4]), ([2, 4, 6, 2, 4], [4])],  # saved at 2 of 6 steps of pretraining, or at 2 of 4 of training
)
def test_a_system_that_is_interrupted_goes_on_bit_for_bit(
    whole_run: Path, after: list[int], again: list[int], tmp_path: Path
) -> None:
    seen: list[int] = []

    def interrupt(part: str, done: int, of: int, note: str = "") -> None:
        if part == "training":
            seen.append(done)
            if seen == after:
                raise Interruption

    with pytest.raises(Interruption):
        train(PRETRAINING, tmp_path, interrupt, Memory())
    assert not (tmp_path / NETWORK).exists() and (tmp_path / PRETRAINED).exists() == (len(after) > 3)
    train(PRETRAINING, tmp_path, interrupt, Memory())
    assert seen == after + again
    for name in (PRETRAINED, NETWORK):
        assert digest(tmp_path / name) == digest(whole_run / name)


def test_a_finished_run_does_nothing(whole_run: Path) -> None:
    def watch(part: str, done: int, of: int, note: str = "") -> None:
        pytest.fail(f"{part} is worked on")

    before = digest(whole_run / NETWORK)
    outcome = train(PRETRAINING, whole_run, watch, Memory())
    assert outcome == finished(whole_run) and digest(whole_run / NETWORK) == before
