"""What captions are worth: like those that people would write, and true of the image.

Truth needs no reference: a caption is parsed by the grammar and run exactly on the scene that the image shows.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nmn.errors import DataError, QuestionError
from nmn.evaluation.cider import cider
from nmn.language import read
from nmn.layout import Kind, Layout
from nmn.lexicon import Lexicon
from nmn.models.tokens import split
from nmn.reasoner import run_many
from nmn.scene import SceneGraph
from nmn.vision.torchvision_loading import load_torchvision


@dataclass(frozen=True)
class CaptionScores:
    """BLEU over all captions, n-grams up to 4 of all references together; the F of ROUGE's longest common subsequence
    with the best reference; CIDEr, the mean over references; and the shares of captions that the grammar reads, and
    that are true.
    """

    images: int
    bleu: float
    rouge: float
    cider: float
    read: float
    true: float

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON data."""
        return asdict(self)


def caption_scores(
    captions: Sequence[str], references: Sequence[Sequence[str]], scenes: Sequence[SceneGraph], lexicon: Lexicon
) -> CaptionScores:
    """Return what captions of images are worth, beside references and by the scenes; images without references are
    left out.
    """
    load_torchvision()
    from torchmetrics.functional.text import bleu_score, rouge_score

    kept = [place for place, texts in enumerate(references) if texts]
    if not kept:
        raise DataError("captions are scored beside references, and none of the images has any")
    said = [captions[place] for place in kept]
    plain = [[" ".join(split(text)) for text in references[place]] for place in kept]
    truths = caption_truths(said, [scenes[place] for place in kept], lexicon)
    rouge = rouge_score(said, plain, accumulate="best", rouge_keys="rougeL")
    return CaptionScores(
        len(kept), float(bleu_score(said, plain)), float(rouge["rougeL_fmeasure"]), cider(said, plain),
        sum(truth is not None for truth in truths) / len(kept), sum(truth is True for truth in truths) / len(kept),
    )  # fmt: skip


def caption_truths(captions: Sequence[str], scenes: Sequence[SceneGraph], lexicon: Lexicon) -> list[bool | None]:
    """Return whether each caption is true of its scene; None for one that is no statement that the grammar reads."""
    layouts: dict[str, Layout | None] = {text: _layout(text, lexicon) for text in dict.fromkeys(captions)}
    known = [(place, layout) for place, text in enumerate(captions) if (layout := layouts[text]) is not None]
    truths: list[bool | None] = [None] * len(captions)
    if known:
        found = run_many([layout for _, layout in known], [scenes[place] for place, _ in known], lexicon)
        for (place, _), value in zip(known, found, strict=True):
            truths[place] = bool(value)
    return truths


def _layout(text: str, lexicon: Lexicon) -> Layout | None:
    try:
        layout = read(text, "world", lexicon=lexicon).layout
    except QuestionError:
        return None
    return layout if layout.kind is Kind.TRUTH else None
