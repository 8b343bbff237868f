"""Gold attentions as a teacher: what every call of a batch should attend, from the exact execution on its scenes.

This is supervision beyond answers, as expert layouts and attentions are elsewhere (Hu et al. 2017, section 3.4); a run
that uses it says so in its settings, ``attentions``.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from nmn.assembler.execute import Run, execute
from nmn.layout import Kind
from nmn.lexicon import Lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph
from nmn.training.data import Questions, TaughtQuestions
from nmn.training.loss import log_truth
from nmn.vision.matching import Matcher


def teacher(lexicon: Lexicon, weight: float, match: Matcher) -> Callable[[Run, Questions], Tensor]:
    """Return what adds ``weight`` times the loss of attentions to that of a batch's answers."""

    def teach(run: Run, batch: Questions) -> Tensor:
        assert isinstance(batch, TaughtQuestions)
        by_image = dict(zip(batch.images.tolist(), batch.scenes, strict=True))
        scenes = [by_image[image] for image in range(len(run.regions.mask))]
        return weight * attention_loss(run, scenes, lexicon, match)

    return teach


def attention_loss(run: Run, scenes: Sequence[SceneGraph], lexicon: Lexicon, match: Matcher) -> Tensor:
    """Return the mean cross-entropy of every call's attention to every region against the exact call's.

    ``scenes``: of the run's images; ``match`` says which object each region is. A region that is none should not be
    attended.
    """
    exact = execute(run.plan, exact_library(lexicon), encode(scenes, lexicon))
    ours, theirs = run.values[Kind.ATTENTION].float(), exact.values[Kind.ATTENTION]
    images = np.empty(len(ours), np.int64)
    for step in run.plan.steps:
        if step.kind is Kind.ATTENTION:
            images[step.rows] = run.plan.images[step.start : step.stop]
    things = match(run.regions, scenes)[images]
    wanted = ((theirs.gather(1, things.clamp(min=0)) > 0.5) & (things >= 0)).to(ours.device)
    there = run.regions.mask[torch.from_numpy(images).to(ours.device)]
    losses = -log_truth(torch.where(wanted, ours, 1 - ours)) * there
    return losses.sum() / there.sum().clamp(min=1)  # there may be no region at all
