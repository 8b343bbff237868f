"""Captions as statements: what is told of a scene is true of it, and what is denied false, by exact execution."""

import nmn
from nmn.training.texts import captions_told
from tests.worlds import examples, settings

SHARD = 7  # scenes that tell what is false of each other
MADE = examples(settings(size=3 * SHARD + 2, shard_size=SHARD, captions=2, families=("existence",), seed=5))


def test_a_caption_is_true_of_its_scene_and_a_denied_one_false() -> None:
    scenes = {example.number: example.scene for example in MADE}
    told = captions_told(MADE, SHARD)
    assert told.denied.count(False) > 30 and told.denied.count(True) > 30
    for text, image, denied in zip(told.texts, told.images, told.denied, strict=True):
        assert nmn.ask_scene(scenes[image], text).value is not denied, (text, image)


def test_every_caption_is_told_once_and_denied_once_of_another_scene_of_its_shard() -> None:
    told = captions_told(MADE, SHARD)
    rows = list(zip(told.texts, told.images, told.denied, strict=True))
    own = sorted((text, example.number) for example in MADE for text in example.captions)
    assert sorted((text, image) for text, image, denied in rows if not denied) == own
    places = {text: [number for said, number in own if said == text] for text, _ in own}
    refuted = [(text, image) for text, image, denied in rows if denied]
    assert sorted(text for text, _ in refuted) == [text for text, _ in own]
    for text, image in refuted:
        assert any(number != image and number // SHARD == image // SHARD for number in places[text])


def test_a_scene_alone_in_its_shard_is_told_of_and_nothing_is_denied() -> None:
    """Its captions may be true of every other scene: there was none that they were checked against."""
    told = captions_told(MADE[: SHARD + 1], SHARD)
    of_last = [denied for image, denied in zip(told.images, told.denied, strict=True) if image == SHARD]
    assert of_last == [False] * len(MADE[SHARD].captions)
