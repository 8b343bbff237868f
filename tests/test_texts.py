"""Captions as statements: what is told of a scene is true of it, and what is denied false, by exact execution."""

import nmn
from nmn.training.texts import captions_told
from tests.worlds import examples, settings

SHARD = 13  # scenes that tell what is false of each other
MADE = examples(settings(size=2 * SHARD + 3, shard_size=SHARD, captions=3, families=("existence",), seed=5))
SCENES = {example.number: example.scene for example in MADE}


def true_of(text: str, number: int) -> bool:
    value = nmn.ask_scene(SCENES[number], text).value
    assert isinstance(value, bool)
    return value


def test_a_caption_is_true_of_its_scene_and_a_denied_one_false() -> None:
    told = captions_told(MADE, SHARD)
    assert told.denied.count(False) > 70 and told.denied.count(True) > 70
    for text, image, denied in zip(told.texts, told.images, told.denied, strict=True):
        assert true_of(text, image) is not denied, (text, image)


def test_a_caption_is_denied_of_the_scene_after_its_own_in_their_shard_as_it_may_be_true_of_others() -> None:
    told = captions_told(MADE, SHARD)
    own = [(text, example.number) for example in MADE for text in example.captions]
    rows = list(zip(told.texts, told.images, told.denied, strict=True))
    assert sorted((text, image) for text, image, denied in rows if not denied) == sorted(own)
    after = [(text, number + 1 if number + 1 in SCENES and (number + 1) % SHARD else number // SHARD * SHARD)
             for text, number in own]  # fmt: skip
    assert sorted((text, image) for text, image, denied in rows if denied) == sorted(after)
    assert any(true_of(text, number - 1) for text, number in own if number)


def test_of_a_scene_alone_in_its_shard_nothing_is_denied() -> None:
    """There was no scene that its captions were checked against."""
    told = captions_told(MADE[: SHARD + 1], SHARD)
    of_last = [denied for image, denied in zip(told.images, told.denied, strict=True) if image == SHARD]
    assert of_last == [False] * len(MADE[SHARD].captions) != []
