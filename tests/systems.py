"""Small compared systems, and questions about small images that they can learn by heart; sizes are primes."""

import json
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from nmn.models.baselines import Baseline, build_baseline
from nmn.models.build import NetworkSettings
from nmn.models.protocol import Batch
from nmn.models.tokens import DENY, END, Words
from nmn.vision.torchvision_loading import load_torchvision

SIZES = NetworkSettings(
    regions="cells", backbone="small", widths=(7, 11), strides=(2, 2), pixels=20, channels=13,
    embed=5, hidden=29, blocks=2,
)  # fmt: skip
WORDS = Words(("is", "it", "red", "blue", "round", "what", "where"))
ANSWERS = ("yes", "no", "3", "red", "blue")
TEXTS = ("is it red", "is it round", "what is it", "where is it", "is it blue")
IMAGES, EXAMPLES = 11, 32
# of some, beside SIZES
NUMBERS: dict[str, dict[str, int]] = {"coattention": {"hidden": 32, "layers": 1, "heads": 2}}


def small(model: str, seed: int = 0, **numbers: object) -> Baseline:
    """Return a system with random weights over the 5 x 5 cells of images of 20 pixels."""
    torch.manual_seed(seed)
    return build_baseline(replace(SIZES, model=model, **numbers), WORDS, ANSWERS)  # type: ignore[arg-type]


def pictures(count: int, generator: torch.Generator) -> Tensor:
    """Return images of 5 x 5 squares, each of a colour of chance."""
    squares = torch.randint(0, 256, (count, 3, 5, 5), generator=generator, dtype=torch.uint8)
    return squares.repeat_interleave(4, 2).repeat_interleave(4, 3)


def told(seed: int = 0, examples: int = EXAMPLES) -> Batch:
    """Return texts about random images, each with an answer of chance, equal ones with equal answers."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.arange(examples) % IMAGES
    texts = [TEXTS[(place // IMAGES + place) % len(TEXTS)] for place in range(examples)]
    targets = torch.randint(0, len(ANSWERS), (examples,), generator=generator)
    return Batch(images, {"images": pictures(IMAGES, generator)}, WORDS.encode_all(texts), targets)


def captioned(seed: int = 0) -> Batch:
    """Return a text of three words about each of as many random images, of chance; no two are equal."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(WORDS.words) ** 3, generator=generator)[:EXAMPLES].tolist()
    digits = [(place // 49, place // 7 % 7, place % 7) for place in order]
    texts = [" ".join(WORDS.words[digit] for digit in three) for three in digits]
    none = torch.full((EXAMPLES,), -1)
    return Batch(torch.arange(EXAMPLES), {"images": pictures(EXAMPLES, generator)}, WORDS.encode_all(texts), none)


def contradicted() -> Batch:
    """Return every caption twice: of its own image, and denied of the image after it."""
    batch = captioned().take(range(16))
    denied = batch.words.clone()
    denied[:, 0] = DENY
    return Batch(
        torch.cat([batch.images, (batch.images + 1) % 16]), batch.seen, torch.cat([batch.words, denied]),
        batch.targets.repeat(2),
    )  # fmt: skip


def speaking_captioner(seed: int = 0) -> Baseline:
    """Return a captioner with attention and random weights that says something."""
    system = small("attention_captioner", seed)
    with torch.no_grad():
        system.model.state_dict()["next.bias"][END] -= 9
    return system


def save_small_clip(folder: Path) -> None:
    """Save CLIP in a folder as transformers does, with random weights and a vocabulary of letters."""
    load_torchvision()
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

    letters = [chr(97 + place) for place in range(26)]
    tokens = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**sizes, "vocab_size": len(tokens), "max_position_embeddings": 60, "bos_token_id": 52, "eos_token_id": 53}
    vision = {**sizes, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)).save_pretrained(folder)
    CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
