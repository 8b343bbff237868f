"""The best of a run: what got most held-back questions right of all that it was looked at (early stopping)."""

from collections.abc import Callable
from pathlib import Path

from torch import nn

from nmn.checkpoint import BEST, load_into, read_checkpoint, save_checkpoint
from nmn.training.settings import TrainSettings


class Best:
    """Looks at a network ``settings.looks`` times in a run, evenly, and keeps what did best in the run's folder.

    ``examine`` gives the share of held-back questions that the network, as it is then, gets right. Of equals the first
    is kept, so that a run which goes on after an interruption keeps what an undisturbed one does.
    """

    def __init__(self, folder: Path, settings: TrainSettings, examine: Callable[[], float]) -> None:
        self.path, self.steps, self.looks, self.examine = folder / BEST, settings.steps, settings.looks, examine
        self.most = float(read_checkpoint(self.path)[1]["right"]) if self.path.exists() else -1.0

    def look(self, network: nn.Module, step: int) -> None:
        """Examine the network after so many steps, if it is time to."""
        if step * self.looks // self.steps == (step - 1) * self.looks // self.steps:
            return
        training = network.training
        network.eval()
        right = self.examine()
        network.train(training)
        if right > self.most:
            self.most = right
            save_checkpoint(self.path, network.state_dict(), {"step": step, "right": right})

    def restore(self, network: nn.Module) -> None:
        """Give the network the weights that did best."""
        load_into(network, read_checkpoint(self.path)[0], self.path)
