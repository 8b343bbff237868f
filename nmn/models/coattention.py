"""A two-stream co-attention transformer (ViLBERT, Lu et al. 2019), as LXMERT (Tan and Bansal 2019) has it.

Words and cells each go through layers of their own, then through layers in which each stream attends to the other.
Pretraining is on captions: words and cells are masked and foretold, and whether a caption is of the image is told from
the pair. The answers' head is put on afterwards, and everything is tuned.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmn.errors import ConfigError
from nmn.models.encoders import PLACES, Cells, answer_head, look
from nmn.models.protocol import Answerer, Batch, Losses, Prediction
from nmn.models.tokens import DENY, END, LONGEST, MASK, PAD, START
from nmn.vision.cells import CellVision
from nmn.vision.torchvision_loading import load_torchvision

MASKED = 0.15  # of words and of cells


class Coattention(Answerer):
    """``logits = MLP(pooled)``, pooled what both streams made of the first word."""

    def __init__(
        self,
        vision: CellVision,
        channels: int,
        words: int,
        hidden: int,
        answers: int,
        layers: int,
        heads: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(vision)
        self.streams = _lxmert(channels + PLACES, words, hidden, layers, heads, dropout)
        self.word_head, self.cell_head = nn.Linear(hidden, words), nn.Linear(hidden, channels)
        self.alignment = answer_head(hidden, hidden, 1)
        self.head = answer_head(hidden, hidden, answers)

    def forward(self, batch: Batch) -> Prediction:
        """Return logits of the answers."""
        return Prediction(self.head(self._pooled(batch, batch.words)))

    def fits(self, batch: Batch) -> Float[Tensor, " examples"]:
        """Return the logit that each text is of its image; of a denied text, that it is not."""
        denied = batch.words[:, 0] == DENY
        logits = self.alignment(self._pooled(batch, _asserted(batch.words))).squeeze(1).float()
        return torch.where(denied, -logits, logits)

    def pretraining(self, batch: Batch) -> Losses:
        """Return the losses of masked words and cells of captions that are of their image, and of the alignment.

        A denied caption is false of its image, and is read here without the mark that says so. ``right``: whether the
        alignment is.
        """
        cells = look(self.vision, batch)
        aligned, words = batch.words[:, 0] != DENY, _asserted(batch.words)
        hidden_words = (torch.rand(words.shape, device=words.device) < MASKED) & (words > END)
        chance = torch.rand(len(words), cells.features.shape[1], device=words.device)
        hidden_cells = chance < MASKED  # of every pair, or what is masked would tell which are aligned
        shown = batch.of_each(cells.features)
        shown = torch.cat([shown[..., :-PLACES] * ~hidden_cells.unsqueeze(2), shown[..., -PLACES:]], 2)
        found = self.streams(
            input_ids=words.masked_fill(hidden_words, MASK), attention_mask=(words != PAD).long(), visual_feats=shown,
            visual_pos=batch.of_each(_boxes(cells)),
        )  # fmt: skip
        foretold = hidden_words & aligned.unsqueeze(1)
        of_words = nn.functional.cross_entropy(
            self.word_head(found.language_output).float().transpose(1, 2), words, reduction="none"
        )
        seen = cells.features[..., :-PLACES].detach().float()
        wanted = batch.of_each(nn.functional.layer_norm(seen, seen.shape[-1:]))
        of_cells = nn.functional.smooth_l1_loss(
            self.cell_head(found.vision_output).float(), wanted, reduction="none"
        ).mean(2)
        logits = self.alignment(found.pooled_output).squeeze(1).float()
        of_pairs = nn.functional.binary_cross_entropy_with_logits(logits, aligned.float(), reduction="none")
        loss = _mean_of(of_words, foretold) + _mean_of(of_cells, hidden_cells & aligned.unsqueeze(1)) + of_pairs
        return Losses(loss, (logits > 0) == aligned)

    def _pooled(self, batch: Batch, words: Tensor) -> Float[Tensor, "examples hidden"]:
        """Return what ``streams`` has for each pair: the cells' own layers run once an image, and the last layer that
        the streams share for the words alone, since nothing comes after what it makes of the cells. With dropout all
        texts of an image share what is dropped of its cells.
        """
        cells = look(self.vision, batch)
        layers = self.streams.encoder
        read = self.streams.embeddings(words, torch.zeros_like(words))
        padding = (words == PAD)[:, None, None].to(read) * torch.finfo(read.dtype).min
        for layer in layers.layer:
            (read,) = layer(read, padding)
        seen = layers.visn_fc(cells.features, _boxes(cells))
        for layer in layers.r_layers:
            (seen,) = layer(seen)
        seen = batch.of_each(seen)
        *earlier, last = layers.x_layers
        for layer in earlier:
            read, seen = layer(read, padding, seen, None)
        (read,) = last.visual_attention(read, seen)
        (read,) = last.lang_self_att(read, padding)
        pooled: Tensor = self.streams.pooler(last.lang_output(last.lang_inter(read), read))
        return pooled


def _boxes(cells: Cells) -> Float[Tensor, "images cells 4"]:
    """Return corners, 0 to 1 across an image and down."""
    boxes: Tensor = cells.regions.boxes / cells.regions.panels.boxes[:, :1, 2:].repeat(1, 1, 2)
    return boxes.to(cells.features)


def _asserted(words: Tensor) -> Tensor:
    return words.masked_fill(words == DENY, START)


def _mean_of(losses: Tensor, chosen: Tensor) -> Tensor:
    """Return the mean of the chosen losses of each row, 0 where none is."""
    return (losses * chosen).sum(1) / chosen.sum(1).clamp(min=1)


def _lxmert(features: int, words: int, hidden: int, layers: int, heads: int, dropout: float) -> Any:
    """Return transformers' two streams with random weights; raise ConfigError where transformers is not there."""
    if hidden % heads:
        raise ConfigError(f"hidden: {hidden} units cannot be shared by {heads} heads of attention")
    load_torchvision()
    try:
        from transformers import LxmertConfig, LxmertModel
    except ImportError:
        raise ConfigError("model: coattention needs transformers: pip install 'nmn-reasoner[vl]'") from None
    config = LxmertConfig(
        vocab_size=words, hidden_size=hidden, num_attention_heads=heads, intermediate_size=2 * hidden, l_layers=layers,
        r_layers=layers, x_layers=layers, visual_feat_dim=features, visual_pos_dim=4,
        max_position_embeddings=LONGEST + 2, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
        initializer_range=hidden**-0.5,  # its own, 0.02, is meant for 768 units: fewer start too faint to learn
    )  # fmt: skip
    return LxmertModel(config)
